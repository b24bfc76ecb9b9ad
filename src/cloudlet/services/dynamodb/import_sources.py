"""The objects of an import: their bytes, uncompressed, as lines, and the records in those.

Knows nothing of tables. What cannot become an item is told, not raised: the rest of its object is lost.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from cloudlet.services.dynamodb.attribute_json import Malformed
from cloudlet.services.dynamodb.import_formats import reader_of
from cloudlet.services.dynamodb.imports import GZIP, ZSTD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cloudlet.services.dynamodb.imports import Import
    from cloudlet.services.dynamodb.values import Item

_GZIP_WINDOW: Final = 31
_LONGEST_LINE_BYTES: Final = 16 << 20


class Record(Struct, frozen=True):
    """One item of an object, or why the rest of the object is none."""

    item: Item | None
    error: str = ""


class SourceObject:
    """One object of an import while it is read."""

    def __init__(self, import_: Import, pieces: AsyncIterator[bytes]) -> None:
        self._read = reader_of(import_)
        self._unpacker = _unpacker(import_.compression)
        self._pieces = pieces
        self.read_bytes = 0
        """How many bytes, uncompressed, were read until now."""

    async def records(self) -> AsyncIterator[Record]:
        """The records in their order; one with an error is the last."""
        try:
            async for line in self._lines():
                self.read_bytes += len(line)
                if line.strip():
                    for item in self._read(line.decode().rstrip("\r\n")):
                        yield Record(item)
        except (Malformed, UnicodeDecodeError) as error:
            yield Record(None, str(error))

    async def _lines(self) -> AsyncIterator[bytes]:
        rest = b""
        async for piece in self._pieces:
            *lines, rest = (rest + self._unpacker.decompress(piece)).split(b"\n")
            if len(rest) > _LONGEST_LINE_BYTES:
                raise Malformed("A line is longer than any item can be")
            for line in lines:
                yield line + b"\n"
        self._unpacker.finish()
        if rest:
            yield rest


class _Unpacker(Protocol):
    """Takes the compression off, piece by piece."""

    def decompress(self, data: bytes) -> bytes:
        """What a piece becomes. Raises Malformed."""

    def finish(self) -> None:
        """Raises Malformed where the object has ended too early."""


def _unpacker(compression: str) -> _Unpacker:
    if compression == GZIP:
        return _Gzip()
    return _Zstandard() if compression == ZSTD else _Plain()


class _Plain:
    """No compression."""

    def decompress(self, data: bytes) -> bytes:
        """The piece as it is."""
        return data

    def finish(self) -> None:
        """It may end anywhere."""


class _Gzip:
    """GZIP, also of several members."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._is_inside = False

    def decompress(self, data: bytes) -> bytes:
        """What a piece becomes. Raises Malformed."""
        unpacked = bytearray()
        try:
            while data:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP_WINDOW)
                unpacked += self._member.decompress(data)
                data = self._member.unused_data
        except zlib.error as error:
            raise Malformed(f"The object is not compressed by GZIP: {error}") from error
        self._is_inside = not self._member.eof
        return bytes(unpacked)

    def finish(self) -> None:
        """Raises Malformed in the middle of a member."""
        if self._is_inside:
            raise Malformed("The object is cut off: its GZIP stream has no end")


class _Zstandard:
    """ZSTD, also of several frames."""

    def __init__(self) -> None:
        import zstandard  # noqa: PLC0415  start time: few imports need it

        self._failure = zstandard.ZstdError
        self._frames = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True)

    def decompress(self, data: bytes) -> bytes:
        """What a piece becomes. Raises Malformed."""
        try:
            return self._frames.decompress(data)
        except self._failure as error:
            raise Malformed(f"The object is not compressed by ZSTD: {error}") from error

    def finish(self) -> None:
        """Its frames tell by themselves where they end."""
