"""HTTP/1.1 and 1.0: what the head of a request says, and whether it may be said.

Pure functions: the connection that calls them answers their Refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cloudlet.core.http import Headers, HttpRequest

Lines: TypeAlias = list[tuple[bytes, bytes]]


class Refusal(Exception):
    """Raised inside the parser's callbacks for a request that is answered without a handler."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def decode(lines: Lines) -> Headers:
    """Header lines as text; Latin-1 keeps every byte."""
    return [(name.decode("latin-1"), value.rstrip().decode("latin-1")) for name, value in lines]


def size_bytes(lines: Lines) -> int:
    """How long header lines are on the wire."""
    return sum(len(name) + len(value) + 4 for name, value in lines)


def origin_form(target: str, headers: Headers) -> tuple[str, Headers]:
    """An absolute target without its authority, which replaces the Host header (RFC 9112 3.2.2)."""
    try:
        parts = urlsplit(target)
    except ValueError:
        raise Refusal(400, "The request target is malformed.") from None
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise Refusal(400, "The request target is malformed.")
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path, [
        (name, host if name.lower() == "host" else value) for name, value in headers
    ]


def check_host(request: HttpRequest) -> None:
    """HTTP/1.1 demands exactly one Host header."""
    host = request.header("host")
    if host is None:
        if request.version == "1.1":
            raise Refusal(400, "The Host header is missing.")
    elif "," in host:
        raise Refusal(400, "There is more than one Host header.")


def check_coding(coding: str | None, version: str) -> None:
    """The parser has seen to it that a coding and a length exclude each other."""
    if coding is None:
        return
    if version == "1.0":
        raise Refusal(400, "HTTP/1.0 has no Transfer-Encoding.")
    if coding.strip().lower() != "chunked":
        raise Refusal(501, "The only Transfer-Encoding spoken here is chunked.")


def expects_continue(request: HttpRequest) -> bool:
    """Whether the client waits to be told before it sends its body."""
    expect = request.header("expect")
    if expect is None or request.version == "1.0":
        return False
    if expect.lower() != "100-continue":
        raise Refusal(417, "The only expectation understood is 100-continue.")
    return request.header("content-length") != "0"
