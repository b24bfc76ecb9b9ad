"""A response's head as bytes: its status line, its headers and how its end is to be found.

Pure functions: nothing here writes to a socket. Header names go out exactly as the handler gave them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from email.utils import formatdate
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from cloudlet.core.http import FileBody, HttpResponse

if TYPE_CHECKING:
    from cloudlet.core.clock import Clock
    from cloudlet.core.http import Headers, ResponseBody

_FRAMING: Final = frozenset({"content-length", "transfer-encoding", "connection"})
_OWN: Final = _FRAMING | {"date"}
_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus if status >= 200
}


class InvalidResponse(Exception):
    """Raised for what a handler returned and HTTP cannot say."""


class BrokenBody(Exception):
    """Raised when a handler's body ends too early or too late for the length its head announced."""


class Framing(Enum):
    """How the client finds the end of a body."""

    NOTHING = "nothing"
    """There is no body on the wire (HEAD, 204, 304)."""
    LENGTH = "length"
    CHUNKED = "chunked"
    UNTIL_CLOSE = "until close"


class Dates:
    """The Date header's value, made once a second."""

    __slots__ = ("_clock", "_second", "_text")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = -1
        self._text = ""

    def now(self) -> str:
        """The time as HTTP writes it."""
        # By the machine's clock, which signatures are judged by: SDKs that see another one sign by that.
        second = int(self._clock.machine_time())
        if second != self._second:
            self._second = second
            self._text = formatdate(second, usegmt=True)
        return self._text


def plain_text(status: int, message: str) -> HttpResponse:
    """The server's own answer to what no handler sees."""
    return HttpResponse(status, [("Content-Type", "text/plain; charset=utf-8")], f"{message}\n".encode())


def content_length(response: HttpResponse, head_only: bool) -> int | None:
    """The size of the body, as its headers say and its content proves; None if only its end will tell."""
    text = response.header("content-length")
    body = response.body
    actual = len(body) if isinstance(body, bytes) else body.count if isinstance(body, FileBody) else None
    if text is None:
        return actual
    if not (text.isascii() and text.isdigit()):
        raise InvalidResponse(f"Content-Length is {text!r}.")
    announced = int(text)
    if actual is not None and actual != announced and not head_only:
        raise InvalidResponse(f"Content-Length says {announced}, the body has {actual} bytes.")
    return announced


def bodiless(method: str, status: int) -> bool:
    """Whether an answer has no body on the wire, whatever its headers say."""
    return method == "HEAD" or status in (204, 304)


def lines(headers: Headers) -> str:
    """Header lines. Raises InvalidResponse for a name or value that would end its line or the head."""
    text = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if text.count("\n") != len(headers) or text.count("\r") != len(headers) or "\0" in text:
        raise InvalidResponse("A header contains a line break or a NUL.")
    return text


def encode_head(
    response: HttpResponse, *, method: str, http_1_0: bool, keep_alive: bool, date: str
) -> tuple[bytes, Framing, bool]:
    """The head, the body's framing, and whether the connection stays open after it."""
    status = response.status
    headers = response.headers
    status_line = _STATUS_LINES.get(status) or _unnamed_status(status)
    own = {lower: header[1] for header in headers if (lower := header[0].lower()) in _OWN}
    if not own:
        text = lines(headers)
        if keep_alive and not http_1_0 and type(response.body) is bytes and not bodiless(method, status):
            # Nearly every answer is one of these.
            length = len(response.body)
            head = f"{status_line}{text}Date: {date}\r\nContent-Length: {length}\r\n\r\n"
            return _encode(head), Framing.LENGTH, True
        parts = [status_line, text]
    else:
        parts = [status_line, lines([header for header in headers if header[0].lower() not in _FRAMING])]
        keep_alive = keep_alive and own.get("connection", "").lower() != "close"
    if "date" not in own:
        parts.append(f"Date: {date}\r\n")
    framing, keep_alive = _framing(response, method, http_1_0, keep_alive, own, parts)
    if not keep_alive:
        parts.append("Connection: close\r\n\r\n")
    elif http_1_0:
        parts.append("Connection: keep-alive\r\n\r\n")
    else:
        parts.append("\r\n")
    return _encode("".join(parts)), framing, keep_alive


def _framing(
    response: HttpResponse,
    method: str,
    http_1_0: bool,
    keep_alive: bool,
    own: dict[str, str],
    parts: list[str],
) -> tuple[Framing, bool]:
    body = response.body
    nothing = bodiless(method, response.status)
    if type(body) is bytes and not nothing and "content-length" not in own:
        parts.append(f"Content-Length: {len(body)}\r\n")
        return Framing.LENGTH, keep_alive
    length = content_length(response, nothing)
    if nothing:
        # An empty body in answer to HEAD says nothing of what GET would send, so it is no length either.
        if response.status != 204 and length is not None and (length or "content-length" in own):
            parts.append(f"Content-Length: {length}\r\n")
        return Framing.NOTHING, keep_alive
    if length is not None:
        parts.append(f"Content-Length: {length}\r\n")
        return Framing.LENGTH, keep_alive
    if http_1_0:
        return Framing.UNTIL_CLOSE, False
    parts.append("Transfer-Encoding: chunked\r\n")
    return Framing.CHUNKED, keep_alive


def _unnamed_status(status: int) -> str:
    if not 200 <= status <= 999:
        raise InvalidResponse(f"{status} is no status of a final answer.")
    return f"HTTP/1.1 {status} \r\n"


def _encode(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


async def abandon(body: ResponseBody) -> None:
    """Lets a generator run its finally clauses now rather than when it is collected."""
    if isinstance(body, AsyncGenerator):
        await body.aclose()
