"""Rows in memory: for tests, and for a cloud that shall forget everything.

Nothing is ever on disk, so nothing waits. Sorted by a plain list: a new key among n moves up to n pointers.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from cloudlet.store.errors import StoreClosed
from cloudlet.store.keys import KeyEncoder
from cloudlet.store.transaction import BufferedTransaction, ReadOnlyTransaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloudlet.core.store import Transaction

T = TypeVar("T")


class MemoryStore:
    """cloudlet.core.store.Store in memory."""

    def __init__(self) -> None:
        self._rows = SortedRows()
        self._keys = KeyEncoder()
        self._is_closed = False

    async def transact(self, work: Callable[[Transaction], T], *, read_only: bool = False) -> T:
        """Runs `work` as one transaction and returns its result."""
        if self._is_closed:
            raise StoreClosed("The store is closed.")
        kind = ReadOnlyTransaction if read_only else BufferedTransaction
        transaction = kind(self._rows, self._keys)
        result = work(transaction)
        self._rows.write(transaction.erased, transaction.writes)
        for action in transaction.actions:
            action()
        return result

    async def close(self) -> None:
        """Further calls fail."""
        self._is_closed = True


class SortedRows:
    """A dict with its keys in order."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._order: list[bytes] = []

    def find(self, key: bytes) -> bytes | None:
        """A row's value."""
        return self._values.get(key)

    def scan(self, start: bytes, end: bytes, reverse: bool) -> Iterator[tuple[bytes, bytes]]:
        """The rows with start <= key < end, in order or backwards."""
        first, last = bisect_left(self._order, start), bisect_left(self._order, end)
        places = range(last - 1, first - 1, -1) if reverse else range(first, last)
        for place in places:
            key = self._order[place]
            yield key, self._values[key]

    def write(self, erased: list[tuple[bytes, bytes]], writes: dict[bytes, bytes | None]) -> None:
        """Removes the ranges, then writes the rows."""
        for start, end in erased:
            first, last = bisect_left(self._order, start), bisect_left(self._order, end)
            for key in islice(self._order, first, last):
                del self._values[key]
            del self._order[first:last]
        for key, value in writes.items():
            if value is None:
                self._delete(key)
            else:
                if key not in self._values:
                    insort(self._order, key)
                self._values[key] = value

    def _delete(self, key: bytes) -> None:
        if self._values.pop(key, None) is not None:
            del self._order[bisect_left(self._order, key)]
