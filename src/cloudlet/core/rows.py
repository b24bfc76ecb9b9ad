"""Rows: frozen structs kept under tuple keys. What a service's state.py is written with.

Encoding is MessagePack by msgspec, so a field may be added with a default and old rows still read.
"""

from __future__ import annotations

import asyncio
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from cloudlet.core.store import LAST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.store import Key, KeyPart

T = TypeVar("T")

_EVERYTHING = 1 << 62
_SCAN_PAGE: Final = 500


class Rows(Generic[T]):
    """The rows of one kind: everything below one prefix is a `T`."""

    def __init__(self, prefix: Key, kind: type[T]) -> None:
        self.prefix = prefix
        self._kind = kind
        self._encoder = msgspec.msgpack.Encoder()

    @cached_property
    def _decoder(self) -> msgspec.msgpack.Decoder[T]:
        # Made when first needed: that of a large row takes milliseconds, and a start needs few of them.
        return msgspec.msgpack.Decoder(self._kind)

    def find(self, call: Call, *key: KeyPart) -> T | None:
        """The row under a key, or None."""
        value = call.transaction.get(self.prefix + key)
        return None if value is None else self._decoder.decode(value)

    def decode(self, value: bytes) -> T:
        """A row from its bytes, for queries that this class has no method for."""
        return self._decoder.decode(value)

    def save(self, call: Call, row: T, *key: KeyPart) -> None:
        """Writes a row."""
        call.transaction.put(self.prefix + key, self._encoder.encode(row))

    def delete(self, call: Call, *key: KeyPart) -> None:
        """Removes a row."""
        call.transaction.delete(self.prefix + key)

    def delete_below(self, call: Call, *key: KeyPart) -> None:
        """Removes every row whose key begins with `key`."""
        call.transaction.delete_range(self.prefix + key, (*self.prefix, *key, LAST))

    def below(
        self,
        call: Call,
        *key: KeyPart,
        after: Key | None = None,
        limit: int = _EVERYTHING,
        reverse: bool = False,
    ) -> Iterator[T]:
        """The rows whose key begins with `key`, in order; only those beyond `key + after` if given."""
        return (row for _, row in self.items_below(call, *key, after=after, limit=limit, reverse=reverse))

    def items_below(
        self,
        call: Call,
        *key: KeyPart,
        after: Key | None = None,
        limit: int = _EVERYTHING,
        reverse: bool = False,
    ) -> Iterator[tuple[Key, T]]:
        """As below(), with the part of each row's key that follows the prefix."""
        start, end = self.prefix + key, (*self.prefix, *key, LAST)
        if after is not None and reverse:
            end = self.prefix + key + after
        elif after is not None:
            start = (*self.prefix, *key, *after, LAST)
        skip = len(self.prefix)
        for found, value in call.transaction.range(start, end, limit=limit, reverse=reverse):
            yield found[skip:], self._decoder.decode(value)

    async def scan(self, call: Call) -> AsyncIterator[tuple[Key, T]]:
        """All rows in order, read in short transactions with room for others on the loop between them."""
        after: Key | None = None
        while True:
            page = await call.transact(partial(self._page, after=after), read_only=True)
            for item in page:
                yield item
            if len(page) < _SCAN_PAGE:
                return
            after = page[-1][0]
            await asyncio.sleep(0)

    def _page(self, call: Call, after: Key | None) -> list[tuple[Key, T]]:
        return list(self.items_below(call, after=after, limit=_SCAN_PAGE))
