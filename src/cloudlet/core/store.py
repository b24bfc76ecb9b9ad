"""The ordered key-value store that all state lives in, as protocols. Engines are in cloudlet.store.

A key is a tuple; keys are ordered part by part: bytes, then text (by its UTF-8 bytes), then integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
    from pathlib import Path

T = TypeVar("T")


class Last:
    """The type of LAST."""

    def __repr__(self) -> str:
        return "LAST"


LAST: Final = Last()
"""A key part that sorts after every other one: `range(prefix, (*prefix, LAST))` is all below `prefix`."""

KeyPart: TypeAlias = "str | bytes | int | Last"
Key: TypeAlias = tuple[KeyPart, ...]


class Transaction(Protocol):
    """Reads and writes that happen together or not at all. A read sees the transaction's own writes."""

    def get(self, key: Key) -> bytes | None:
        """The value of a key, or None."""

    def put(self, key: Key, value: bytes) -> None:
        """Writes a value."""

    def delete(self, key: Key) -> None:
        """Removes a key; a key that is not there is no error."""

    def range(
        self, start: Key, end: Key, *, limit: int, reverse: bool = False
    ) -> Iterator[tuple[Key, bytes]]:
        """At most `limit` rows with start <= key < end, in order; from the end backwards if `reverse`.

        They are as they were at the call, whatever is put or deleted while they are looked at.
        """

    def delete_range(self, start: Key, end: Key) -> None:
        """Removes every key with start <= key < end."""

    def after_commit(self, action: Callable[[], None]) -> None:
        """Runs `action` once the transaction is on disk. For wake-ups and other hints, never for state."""


class Store(Protocol):
    """An engine."""

    async def transact(self, work: Callable[[Transaction], T], *, read_only: bool = False) -> T:
        """Runs `work` as one transaction and returns its result once all it saw and wrote is on disk.

        `work` may be run again after a conflict, so it must have no other effect. An exception it raises
        undoes it and is raised here. With `read_only` a write in `work` is a TypeError.
        """

    async def close(self) -> None:
        """Syncs and closes; further calls fail."""


class BlobNotFound(Exception):
    """Raised for a blob that is not there (any more)."""


class Blobs(Protocol):
    """Bodies too large for a row. The blob is written first; the row that names it commits it."""

    async def write(self, chunks: AsyncIterable[bytes]) -> tuple[str, int]:
        """Writes a new blob, on disk when this returns; its id and its size in bytes."""

    def read(self, blob_id: str, offset: int = 0, count: int | None = None) -> AsyncIterator[bytes]:
        """A blob's bytes piece by piece. Raises BlobNotFound."""

    def path(self, blob_id: str) -> Path:
        """The file that holds a blob, for reading only. Raises BlobNotFound."""

    async def delete(self, blob_id: str) -> None:
        """Removes a blob; one that is not there is no error."""

    async def sweep(self, in_use: Callable[[str], bool], older_than_seconds: float) -> int:
        """Removes the blobs that no row names and that are older than the grace; how many.

        `in_use` is asked on another thread.
        """
