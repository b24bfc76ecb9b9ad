"""Requests that a client has compressed, as AWS's SDKs do where the service model allows it.

The signature is over the compressed bytes: nothing may run before it is judged but what finds the operation.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from cloudlet.core.http import RequestEntityTooLarge
from cloudlet.wire.protocols.errors import SerializationException

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest
    from cloudlet.wire.model import Operation

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


def may_be_compressed(operation: Operation) -> bool:
    """Whether the service model lets clients compress the operation's requests."""
    return "requestcompression" in operation.traits


def inflated(request: HttpRequest, content: bytes, limit_bytes: int) -> bytes:
    """A request's body as it was before compression. Raises SerializationException, RequestEntityTooLarge."""
    if (request.header("content-encoding") or "").lower() != "gzip":
        return content
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = inflater.decompress(content, limit_bytes)
    except zlib.error as error:
        raise SerializationException("The gzip body is malformed.") from error
    if inflater.unconsumed_tail:
        raise RequestEntityTooLarge(limit_bytes)
    return plain
