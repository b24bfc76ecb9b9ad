"""Bytes on their way in and out: a body becomes rows or a blob, a version becomes a body again.

Never holds more of a body in memory than a row may hold; commits nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.checksums import ALGORITHMS, encoded
from cloudlet.core.errors import ServiceError
from cloudlet.core.http import Body, BytesBody, FileBody
from cloudlet.services.s3 import state
from cloudlet.services.s3.ciphers import NONCE_BYTES, Seal, opened, passed
from cloudlet.services.s3.errors import EntityTooLarge
from cloudlet.services.s3.model import INLINE_BYTES, LARGEST_BODY_BYTES, Bucket, ObjectVersion, Piece

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.http import ResponseBody
    from cloudlet.core.store import Blobs

_WRITE_BYTES: Final = 512 * 1024


class Received(Struct, frozen=True):
    """A body that has been read to its end."""

    size: int
    etag: str
    checksums: dict[str, str]
    """By algorithm, in base64."""
    inline: bytes | None
    """The bytes, where they are few."""
    pieces: tuple[Piece, ...]


@asynccontextmanager
async def received(
    call: Call,
    body: Body | bytes | None,
    algorithms: Sequence[str],
    *,
    inline: bool = True,
    key: bytes | None = None,
) -> AsyncIterator[Received]:
    """Reads a body to its end, encrypted if there is a key; its blob goes again if what follows is refused.

    Only if it is refused: after any other failure nobody knows whether the row that names it was committed.
    """
    seal = None if key is None else Seal(key, call.ids.random.randbytes(NONCE_BYTES))
    taken = await _receive(call.cloud.blobs, _stream(body), algorithms, inline, seal)
    if seal is not None:
        # AWS says nothing of what it is then; only that it is not the content's MD5.
        taken = replace(taken, etag=call.ids.hexadecimal(len(taken.etag)))
    try:
        yield taken
    except ServiceError:
        for piece in taken.pieces:
            await call.cloud.blobs.delete(piece.blob_id)
        raise


async def _receive(
    blobs: Blobs,
    stream: AsyncIterator[bytes],
    algorithms: Sequence[str],
    inline: bool,
    seal: Seal | None,
) -> Received:
    digests = _Digests(algorithms)
    passing = digests.watch(stream)
    head = await _head(passing) if inline else b""
    if inline and len(head) <= INLINE_BYTES:
        return digests.received(head if seal is None else seal.small(head), ())
    joined = _joined(head, passing)
    if seal is None:
        return digests.received(None, (Piece(*await blobs.write(joined)),))
    blob_id, size = await blobs.write(seal.stream(joined))
    return digests.received(None, (Piece(blob_id, size, seal.nonce),))


class _Digests:
    """Everything that is computed of a body while it passes."""

    def __init__(self, algorithms: Sequence[str]) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._hashers = {name: ALGORITHMS[name]() for name in algorithms}
        self._size = 0

    async def watch(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same pieces, counted and hashed."""
        async for piece in stream:
            self._size += len(piece)
            if self._size > LARGEST_BODY_BYTES:
                raise EntityTooLarge(self._size, LARGEST_BODY_BYTES)
            self._md5.update(piece)
            for hasher in self._hashers.values():
                hasher.update(piece)
            yield piece

    def received(self, inline: bytes | None, pieces: tuple[Piece, ...]) -> Received:
        """What has passed."""
        values = {name: encoded(hasher) for name, hasher in self._hashers.items()}
        return Received(self._size, self._md5.hexdigest(), values, inline, pieces)


def _stream(body: Body | bytes | None) -> AsyncIterator[bytes]:
    if body is None or isinstance(body, bytes):
        return BytesBody(body or b"").stream()
    return body.stream()


async def _head(stream: AsyncIterator[bytes]) -> bytes:
    """The whole body if it is small, else its beginning."""
    head = bytearray()
    async for piece in stream:
        head += piece
        if len(head) > INLINE_BYTES:
            break
    return bytes(head)


async def _joined(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The head and the rest in larger pieces: each one costs the writer a change of threads."""
    gathered = bytearray(head)
    async for piece in rest:
        gathered += piece
        if len(gathered) >= _WRITE_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def body_of(
    call: Call, of: Bucket, version: ObjectVersion, offset: int, count: int, key: bytes | None
) -> ResponseBody:
    """Some bytes of a version: from a row, from a file, or from several files one after the other.

    A file is for the server to send; other services get bytes or an iterator of bytes, and so does
    everybody of what is encrypted with a key.
    """
    if not version.pieces:
        return small_body(call, of, version, key)[offset : offset + count]
    if count == 0:
        return b""
    runs = runs_of(version.pieces, offset, count)
    if len(runs) == 1 and call.http is not None and key is None:
        run = runs[0]
        return FileBody(call.cloud.blobs.path(run.blob_id), run.offset, run.count)
    return stream_runs(call.cloud.blobs, runs, key)


def small_body(call: Call, of: Bucket, version: ObjectVersion, key: bytes | None) -> bytes:
    """The bytes of a version that has no blobs."""
    stored = state.content(call, of, version)
    return opened(key, stored) if key is not None and stored else stored


class Run(Struct, frozen=True):
    """Some bytes of one blob."""

    blob_id: str
    offset: int
    count: int
    nonce: bytes = b""


def runs_of(pieces: Sequence[Piece], offset: int, count: int) -> list[Run]:
    """Which bytes of which blobs a part of an object is."""
    runs = []
    for piece in pieces:
        if count <= 0:
            break
        if offset < piece.size:
            taken = min(count, piece.size - offset)
            runs.append(Run(piece.blob_id, offset, taken, piece.nonce))
            offset, count = 0, count - taken
        else:
            offset -= piece.size
    return runs


async def stream_runs(blobs: Blobs, runs: Sequence[Run], key: bytes | None) -> AsyncIterator[bytes]:
    """The bytes of some runs, one after the other, decrypted if there is a key."""
    for run in runs:
        stored = blobs.read(run.blob_id, run.offset, run.count)
        async for piece in stored if key is None else passed(key, run.nonce, stored, run.offset):
            yield piece


class StoredBody:
    """Bytes of a version as a body to be received again: what copying reads."""

    def __init__(self, blobs: Blobs, inline: bytes, runs: Sequence[Run], key: bytes | None) -> None:
        """`inline` is in the clear; `key` is what the runs are encrypted with."""
        self._blobs = blobs
        self._inline = inline
        self._runs = runs
        self._key = key

    @property
    def length(self) -> int | None:
        """The size in bytes."""
        return len(self._inline) + sum(run.count for run in self._runs)

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body."""
        return b"".join([piece async for piece in self.stream()])

    async def stream(self) -> AsyncIterator[bytes]:
        """The body piece by piece."""
        if self._inline:
            yield self._inline
        async for piece in stream_runs(self._blobs, self._runs, self._key):
            yield piece
