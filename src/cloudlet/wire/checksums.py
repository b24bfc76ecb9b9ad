"""Checksums of request bodies: Content-MD5 and x-amz-checksum-*, compared while the body passes by.

Nothing here stores a checksum or decides which one an operation requires.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from cloudlet.checksums import ALGORITHMS, encoded
from cloudlet.core.errors import ServiceError
from cloudlet.core.http import RequestEntityTooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from cloudlet.core.http import Body, HttpRequest

CHECKSUM_HEADERS: Final[Mapping[str, str]] = {f"x-amz-checksum-{name.lower()}": name for name in ALGORITHMS}
"""The algorithms by the header that carries their checksum."""


class BadDigest(ServiceError):
    """Raised when a body is not what the checksum sent with it says."""


class InvalidDigest(ServiceError):
    """Raised for a Content-MD5 that is no MD5."""


class InvalidRequest(ServiceError):
    """Raised for S3 requests that make no sense, for instance two checksums of one body."""


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
        if encoded(self._hasher) != self.value:
            raise BadDigest(f"The {self.algorithm} you specified did not match the calculated checksum.")


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
                CalculatedDigest=encoded(self._hasher),
            )


def header_checks(request: HttpRequest) -> list[Check]:
    """The checks that a request's headers ask for. Raises InvalidDigest and InvalidRequest."""
    checks: list[Check] = []
    md5 = request.header("content-md5")
    if md5 is not None:
        checks.append(ContentMd5(md5))
    announced = {name: value for name in CHECKSUM_HEADERS if (value := request.header(name)) is not None}
    if len(announced) > 1:
        raise InvalidRequest(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    for name, value in announced.items():
        algorithm = CHECKSUM_HEADERS[name]
        if not is_checksum(algorithm, value):
            raise InvalidRequest(f"Value for {name} header is invalid.")
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


class CheckedBody(Struct, frozen=True):
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
