"""Bytes or text: how media types, contentHandling and compression decide what passes on.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
Knows no integration.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from collections.abc import Sequence
from typing import Final

from .errors import bad_body, internal_server_error

LARGEST_PAYLOAD_BYTES: Final = 10 * 1024 * 1024
TO_BINARY: Final = "CONVERT_TO_BINARY"
TO_TEXT: Final = "CONVERT_TO_TEXT"


class BinaryMediaTypes:
    """The media types that an API takes for binary."""

    __slots__ = ("_exact", "_families", "everything")

    def __init__(self, types: Sequence[str]) -> None:
        self._exact = frozenset(each.lower() for each in types)
        self._families = tuple(each[:-1].lower() for each in types if each.endswith("/*") and each != "*/*")
        self.everything = "*/*" in self._exact

    def __contains__(self, media_type: object) -> bool:
        if self.everything:
            return True
        if not self._exact or not isinstance(media_type, str):
            return False
        plain = media_type.partition(";")[0].strip().lower()
        return plain in self._exact or (bool(self._families) and plain.startswith(self._families))


def request_payload(body: bytes, content_type: str, binary: BinaryMediaTypes, handling: str | None) -> bytes:
    """A request's body as the integration gets it. Raises GatewayError."""
    if content_type in binary:
        return base64.b64encode(body) if handling == TO_TEXT else body
    return _decoded(body) if handling == TO_BINARY else _as_text(body)


def response_payload(
    body: bytes, content_type: str, accept: str, binary: BinaryMediaTypes, handling: str | None
) -> bytes:
    """An integration's answer as the client gets it. Raises GatewayError."""
    is_binary = content_type in binary
    wants_binary = first_type(accept) in binary
    if is_binary:
        as_text = handling == TO_TEXT or (handling is None and not wants_binary)
        return base64.b64encode(body) if as_text else body
    if handling == TO_BINARY or (handling is None and wants_binary and not binary.everything):
        return _decoded(body)
    return _as_text(body)


def first_type(accept: str) -> str:
    """The first media type that a client accepts: the only one that AWS looks at."""
    return accept.partition(",")[0].partition(";")[0].strip() or "*/*"


def _as_text(body: bytes) -> bytes:
    """What is not binary passes as text, so that bytes that are none are lost."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace").encode()
    return body


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise internal_server_error() from error


def inflated(body: bytes, encoding: str) -> bytes:
    """A compressed request body, which grows no larger than a body may be. Raises GatewayError."""
    window = zlib.MAX_WBITS | 32 if encoding in ("gzip", "deflate") else None
    if window is None:
        return body
    reader = zlib.decompressobj(window)
    try:
        content = reader.decompress(body, LARGEST_PAYLOAD_BYTES + 1)
    except zlib.error as error:
        raise bad_body() from error
    if len(content) > LARGEST_PAYLOAD_BYTES or not reader.eof:
        raise bad_body()
    return content


def deflated(body: bytes, accept_encoding: str) -> tuple[bytes, str] | None:
    """The body in an encoding that the client takes, with its name; None where it takes none."""
    offered = {each.partition(";")[0].strip().lower() for each in accept_encoding.split(",")}
    if "gzip" in offered or "*" in offered:
        return gzip.compress(body, compresslevel=6, mtime=0), "gzip"
    if "deflate" in offered:
        return zlib.compress(body), "deflate"
    return None
