"""HTTP as values: what the server hands to a handler and what a handler returns.

Nothing here reads a socket. Header names keep the case and the order in which they were sent.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from cloudlet.core.tls import ClientCertificate

Headers: TypeAlias = list[tuple[str, str]]


class Origin(Enum):
    """Which door a request came through."""

    HOST = "host"
    SANDBOX = "sandbox"
    """A listener inside a function's network namespace: unknown access keys are nobody there."""


class Body(Protocol):
    """A request body that may still be arriving."""

    @property
    def length(self) -> int | None:
        """The announced size in bytes; None for a chunked body."""

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises RequestEntityTooLarge beyond `limit_bytes`."""

    def stream(self) -> AsyncIterator[bytes]:
        """The body piece by piece, with back-pressure; can be consumed once."""


class BytesBody:
    """A body that is already there."""

    __slots__ = ("content",)

    def __init__(self, content: bytes) -> None:
        self.content = content

    @property
    def length(self) -> int | None:
        """The size in bytes."""
        return len(self.content)

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises RequestEntityTooLarge beyond `limit_bytes`."""
        if len(self.content) > limit_bytes:
            raise RequestEntityTooLarge(limit_bytes)
        return self.content

    async def stream(self) -> AsyncIterator[bytes]:
        """The body in one piece."""
        if self.content:
            yield self.content


class RequestEntityTooLarge(Exception):
    """Raised when a body is longer than its reader allows."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The request body is larger than {limit_bytes} bytes.")
        self.limit_bytes = limit_bytes


class ClientDisconnected(Exception):
    """Raised to the reader of a body whose client went away before its end."""


class HttpRequest(Struct):
    """One request as it was sent: `path` and `query` are still percent-encoded."""

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=list)
    body: Body = field(default_factory=lambda: BytesBody(b""))
    scheme: str = "http"
    version: str = "1.1"
    client: tuple[str, int] = ("127.0.0.1", 0)
    origin: Origin = Origin.HOST
    is_abandoned: Callable[[], bool] = lambda: False
    """Whether the client has gone away, so that nobody will read the answer."""
    client_certificate: ClientCertificate | None = None
    """What the client showed, where the server's name demands a certificate."""
    trailers: Headers | None = None
    """The header lines that followed a chunked body; known once it has come to its end."""
    _lower: dict[str, str] | None = None

    def header(self, name: str) -> str | None:
        """A header's value, by its name in lower case; several lines are joined by commas (RFC 9110 5.2)."""
        lower = self._lower
        if lower is None:
            lower = {}
            for key, value in self.headers:
                key = key.lower()
                lower[key] = f"{lower[key]},{value}" if key in lower else value
            self._lower = lower
        return lower.get(name)

    @property
    def target(self) -> str:
        """The request target: the path, and the query if there is one."""
        return f"{self.path}?{self.query}" if self.query else self.path


class FileBody(Struct, frozen=True):
    """A response body that the server sends straight from a file."""

    path: Path
    offset: int
    count: int


ResponseBody: TypeAlias = "bytes | FileBody | AsyncIterator[bytes]"


class HttpResponse(Struct):
    """One answer. An iterator is sent chunked, unless a Content-Length header says its size."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    body: ResponseBody = b""

    def header(self, name: str) -> str | None:
        """The first value of a header, by its name in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class BackendUnreachable(Exception):
    """Raised for a server that cannot be reached, or that does not speak HTTP."""


class BackendTimeout(Exception):
    """Raised for a server that takes too long."""


class Tls(Struct, frozen=True):
    """How a client meets a server over TLS."""

    verify: bool = True
    certificate: str = ""
    """What the client shows as its own, as PEM; nothing where it has none."""
    private_key: str = ""


class HttpClient(Protocol):
    """Asks other servers. Sends the headers it is given, in their order, and those that HTTP itself needs."""

    async def send(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes,
        timeout_seconds: float,
        tls: Tls | None = None,
    ) -> HttpResponse:
        """A server's answer as it came. Raises BackendUnreachable or BackendTimeout."""

    async def stream(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes,
        timeout_seconds: float,
        tls: Tls | None = None,
    ) -> HttpResponse:
        """A server's answer whose body is still coming; the timeout is for its beginning and for each pause.

        Raises BackendUnreachable or BackendTimeout, and so does the body.
        """

    async def close(self) -> None:
        """Ends its connections."""


Handler: TypeAlias = "Callable[[HttpRequest], Awaitable[HttpResponse]]"
