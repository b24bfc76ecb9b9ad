"""One transaction on an embedded engine: its writes stay in a dict until it ends, and reads look there first.

Not the place for commits or syncs; a transaction that is dropped has changed nothing.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Protocol

from cloudlet.store.keys import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloudlet.core.store import Key
    from cloudlet.store.group import Group, GroupSync
    from cloudlet.store.keys import KeyEncoder


class Rows(Protocol):
    """The rows of an engine, by encoded keys."""

    def find(self, key: bytes) -> bytes | None:
        """A row's value."""

    def scan(self, start: bytes, end: bytes, reverse: bool) -> Iterator[tuple[bytes, bytes]]:
        """The rows with start <= key < end, in order or backwards, fetched as they are asked for."""


class BufferedTransaction:
    """Reads an engine's rows through the transaction's own writes."""

    __slots__ = ("_keys", "_rows", "_unsynced", "actions", "erased", "saw", "writes")

    def __init__(self, rows: Rows, keys: KeyEncoder, unsynced: GroupSync | None = None) -> None:
        self._rows = rows
        self._keys = keys
        self._unsynced = unsynced
        self.writes: dict[bytes, bytes | None] = {}
        self.erased: list[tuple[bytes, bytes]] = []
        self.actions: list[Callable[[], None]] = []
        self.saw: Group | None = None

    def get(self, key: Key) -> bytes | None:
        """The value of a key, or None."""
        encoded = self._keys.encode(key)
        if self.writes and encoded in self.writes:
            return self.writes[encoded]
        if self.erased and self._is_erased(encoded):
            return None
        if self._unsynced is not None:
            self.saw = self._unsynced.newest_of(self.saw, encoded)
        return self._rows.find(encoded)

    def put(self, key: Key, value: bytes) -> None:
        """Writes a value."""
        self.writes[self._keys.encode(key)] = value

    def delete(self, key: Key) -> None:
        """Removes a key; a key that is not there is no error."""
        self.writes[self._keys.encode(key)] = None

    def range(
        self, start: Key, end: Key, *, limit: int, reverse: bool = False
    ) -> Iterator[tuple[Key, bytes]]:
        """At most `limit` rows with start <= key < end, as they are at the time of the call."""
        first, last = self._keys.encode(start), self._keys.encode(end)
        if first >= last or limit <= 0:
            return iter(())
        if self._unsynced is not None:
            self.saw = self._unsynced.newest_within(self.saw, first, last)
        rows = self._rows.scan(first, last, reverse)
        if self.writes or self.erased:
            rows = self._merged(rows, first, last, reverse)
        return iter(_decoded(start, end, self._keys, islice(rows, limit)))

    def delete_range(self, start: Key, end: Key) -> None:
        """Removes every key with start <= key < end."""
        first, last = self._keys.encode(start), self._keys.encode(end)
        if first < last:
            self.writes = {key: value for key, value in self.writes.items() if not first <= key < last}
            self.erased.append((first, last))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Runs `action` once the transaction is on disk."""
        self.actions.append(action)

    def _is_erased(self, key: bytes) -> bool:
        return any(first <= key < last for first, last in self.erased)

    def _merged(
        self, rows: Iterator[tuple[bytes, bytes]], first: bytes, last: bytes, reverse: bool
    ) -> Iterator[tuple[bytes, bytes]]:
        own = sorted((key for key in self.writes if first <= key < last), reverse=not reverse)
        for key, value in rows:
            while own and (own[-1] > key if reverse else own[-1] < key):
                yield from self._own(own.pop())
            if own and own[-1] == key:
                yield from self._own(own.pop())
            elif not (self.erased and self._is_erased(key)):
                yield key, value
        while own:
            yield from self._own(own.pop())

    def _own(self, key: bytes) -> Iterator[tuple[bytes, bytes]]:
        value = self.writes[key]
        if value is not None:
            yield key, value


class ReadOnlyTransaction(BufferedTransaction):
    """A transaction that may not write."""

    __slots__ = ()

    def put(self, key: Key, value: bytes) -> None:
        """Refuses."""
        raise TypeError(f"A read-only transaction cannot put {key!r}.")

    def delete(self, key: Key) -> None:
        """Refuses."""
        raise TypeError(f"A read-only transaction cannot delete {key!r}.")

    def delete_range(self, start: Key, end: Key) -> None:
        """Refuses."""
        raise TypeError(f"A read-only transaction cannot delete from {start!r}.")


def _decoded(
    start: Key, end: Key, keys: KeyEncoder, rows: Iterator[tuple[bytes, bytes]]
) -> list[tuple[Key, bytes]]:
    # Every key between two keys with a common head has that head too, so it is decoded from there on.
    common = 0
    for one, other in zip(start, end, strict=False):
        if one is not other and (type(one) is not type(other) or one != other):
            break
        common += 1
    head = start[:common]
    at = len(keys.encode(head))
    return [((*head, *decode(key, at)), value) for key, value in rows]
