"""Requests that a client has compressed, where the service model allows it or the service takes it anyway.

The signature is over the compressed bytes: nothing may run before it is judged but what finds the operation.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import ServiceError
from cloudlet.core.http import RequestEntityTooLarge
from cloudlet.wire.protocols.errors import SerializationException

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest
    from cloudlet.wire.model import Operation

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_GZIP_MAGIC: Final = b"\x1f\x8b"
_PIECE_BYTES: Final = 64 * 1024
_MOST_MEMBERS: Final = 1024
"""The most gzip members of one request: each costs an inflater, however little is in it."""
_UNASKED: Final = frozenset({"dynamodb"})
"""The services that take compressed requests for every operation, whatever their model says."""


class InternalServerError(ServiceError):
    """Raised as DynamoDB answers a body that it cannot inflate, or whose encoding it does not know."""

    status = 500


def may_be_compressed(service: str, operation: Operation) -> bool:
    """Whether the operation's requests may come compressed."""
    return service in _UNASKED or "requestcompression" in operation.traits


def inflated(service: str, request: HttpRequest, content: bytes, limit_bytes: int) -> bytes:
    """A request's body as it was before compression.

    Raises SerializationException or, in DynamoDB's words, InternalServerError; RequestEntityTooLarge.
    """
    encoding = request.header("content-encoding")
    if encoding is None:
        return content
    if encoding.lower() == "gzip":
        try:
            return _inflated(content, limit_bytes)
        except zlib.error as error:
            raise _malformed(service) from error
    if service in _UNASKED:
        raise _malformed(service)
    return content


def _malformed(service: str) -> ServiceError:
    if service in _UNASKED:
        return InternalServerError("Internal server error")
    return SerializationException("The gzip body is malformed.")


def _inflated(content: bytes, limit_bytes: int) -> bytes:
    """All members of a gzip file (RFC 1952 2.2), one after the other; what follows them is ignored."""
    plain = bytearray()
    rest = memoryview(content)
    for _ in range(_MOST_MEMBERS):
        rest = _inflate_member(rest, plain, limit_bytes)
        if bytes(rest[: len(_GZIP_MAGIC)]) != _GZIP_MAGIC:
            return bytes(plain)
    raise RequestEntityTooLarge(limit_bytes)


def _inflate_member(rest: memoryview, plain: bytearray, limit_bytes: int) -> memoryview:
    """Adds the member that comes first to `plain`; what comes after it. Raises zlib.error."""
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    while not inflater.eof:
        if not rest:
            raise zlib.error("The file ends within a member.")
        piece = rest[:_PIECE_BYTES]
        plain += inflater.decompress(piece, limit_bytes - len(plain) + 1)
        if len(plain) > limit_bytes:
            raise RequestEntityTooLarge(limit_bytes)
        rest = rest[len(piece) - len(inflater.unused_data) :]
    return rest
