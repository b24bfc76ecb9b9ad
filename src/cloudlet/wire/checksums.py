"""Checksums of request bodies: Content-MD5 and x-amz-checksum-*, compared while the body passes by.

Nothing here stores a checksum or decides which one an operation requires.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import crcmod
import google_crc32c

from cloudlet.core.errors import ServiceError
from cloudlet.core.http import RequestEntityTooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from cloudlet.core.http import Body, HttpRequest

CHECKSUM_HEADER: Final = "x-amz-checksum-"


class BadDigest(ServiceError):
    """Raised when a body is not what the checksum sent with it says."""


class InvalidDigest(ServiceError):
    """Raised for a Content-MD5 that is no MD5."""


class InvalidRequest(ServiceError):
    """Raised for S3 requests that make no sense, for instance two checksums of one body."""


class Hasher(Protocol):
    """A checksum in the making."""

    def update(self, data: bytes, /) -> None:
        """Adds the next bytes."""

    def digest(self) -> bytes:
        """The checksum of all bytes so far."""


class Crc:
    """A cyclic redundancy check as a Hasher; its digest is big-endian, as AWS writes it."""

    __slots__ = ("_extend", "_size_bytes", "_value")

    def __init__(self, extend: Callable[[bytes, int], int], size_bytes: int) -> None:
        self._extend = extend
        self._size_bytes = size_bytes
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Adds the next bytes."""
        self._value = self._extend(data, self._value)

    def digest(self) -> bytes:
        """The checksum of all bytes so far."""
        return self._value.to_bytes(self._size_bytes, "big")


_crc64nvme: Final = crcmod.mkCrcFun(0x1AD93D23594C93659, initCrc=0, rev=True, xorOut=0xFFFFFFFFFFFFFFFF)


def _extend_crc32c(data: bytes, value: int) -> int:
    return int(google_crc32c.extend(value, data))


ALGORITHMS: Final[Mapping[str, Callable[[], Hasher]]] = {
    "crc32": lambda: Crc(zlib.crc32, 4),
    "crc32c": lambda: Crc(_extend_crc32c, 4),
    "crc64nvme": lambda: Crc(_crc64nvme, 8),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}
"""By the name in lower case, as it ends the x-amz-checksum- header."""


class Check(Protocol):
    """Something that sees a body pass by and objects at its end."""

    def update(self, data: bytes) -> None:
        """Sees the next bytes."""

    def finish(self) -> None:
        """Raises a ServiceError if the body was not what was announced."""


class Checksum:
    """An announced x-amz-checksum-* of a body."""

    def __init__(self, algorithm: str, value: str = "") -> None:
        self.algorithm = algorithm
        self.value = value
        self._hasher = ALGORITHMS[algorithm]()

    def update(self, data: bytes) -> None:
        """Sees the next bytes."""
        self._hasher.update(data)

    def finish(self) -> None:
        """Raises BadDigest if the checksum is another."""
        if base64.b64encode(self._hasher.digest()).decode() != self.value:
            name = self.algorithm.upper()
            raise BadDigest(f"The {name} you specified did not match the calculated checksum.")


class ContentMd5:
    """An announced Content-MD5 of a body."""

    def __init__(self, value: str) -> None:
        expected = _decoded(value)
        if expected is None or len(expected) != 16:
            raise InvalidDigest("The Content-MD5 you specified was invalid.", **{"Content-MD5": value})
        self._expected = expected
        self._hasher = hashlib.md5(usedforsecurity=False)

    def update(self, data: bytes) -> None:
        """Sees the next bytes."""
        self._hasher.update(data)

    def finish(self) -> None:
        """Raises BadDigest if the body has another MD5."""
        if self._hasher.digest() != self._expected:
            raise BadDigest(
                "The Content-MD5 you specified did not match what we received.",
                ExpectedDigest=self._expected.hex(),
                CalculatedDigest=base64.b64encode(self._hasher.digest()).decode(),
            )


def header_checks(request: HttpRequest) -> list[Check]:
    """The checks that a request's headers ask for. Raises InvalidDigest and InvalidRequest."""
    checks: list[Check] = []
    md5 = request.header("content-md5")
    if md5 is not None:
        checks.append(ContentMd5(md5))
    announced = [name for name in ALGORITHMS if request.header(CHECKSUM_HEADER + name) is not None]
    if len(announced) > 1:
        raise InvalidRequest(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    for algorithm in announced:
        value = request.header(CHECKSUM_HEADER + algorithm) or ""
        if not is_checksum(algorithm, value):
            raise InvalidRequest(f"Value for {CHECKSUM_HEADER}{algorithm} header is invalid.")
        checks.append(Checksum(algorithm, value))
    return checks


def is_checksum(algorithm: str, value: str) -> bool:
    """Whether a text is Base64 of as many bytes as the algorithm gives."""
    decoded = _decoded(value)
    return decoded is not None and len(decoded) == len(ALGORITHMS[algorithm]().digest())


def _decoded(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class CheckedBody:
    """A body whose checks speak when its end has been read; its reader must not commit before."""

    source: Body
    checks: Sequence[Check]

    @property
    def length(self) -> int | None:
        """The announced size in bytes."""
        return self.source.length

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises RequestEntityTooLarge beyond `limit_bytes`."""
        return await read_all(self.stream(), limit_bytes)

    async def stream(self) -> AsyncIterator[bytes]:
        """The body piece by piece; the checks speak after the last one."""
        async for piece in self.source.stream():
            for check in self.checks:
                check.update(piece)
            yield piece
        for check in self.checks:
            check.finish()


async def read_all(pieces: AsyncIterator[bytes], limit_bytes: int) -> bytes:
    """All pieces joined. Raises RequestEntityTooLarge beyond `limit_bytes`."""
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > limit_bytes:
            raise RequestEntityTooLarge(limit_bytes)
    return bytes(body)
