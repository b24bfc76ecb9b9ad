"""The HTTP client: asks other servers, with connections kept open.

Follows no redirect, decodes no body and adds no header of its own but those that HTTP needs.
"""

from __future__ import annotations

import ssl
import tempfile
from collections import OrderedDict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudlet.core.http import BackendTimeout, BackendUnreachable, HttpResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp import ClientResponse, ClientSession, ClientTimeout

    from cloudlet.core.http import Headers, Tls

_MOST_CONNECTIONS: Final = 512
_MOST_CONTEXTS: Final = 64
_LARGEST_ANSWER_BYTES: Final = 64 * 1024 * 1024
_PIECE_BYTES: Final = 256 * 1024


class PooledHttpClient:
    """Implements core.http.HttpClient."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None
        self._contexts: OrderedDict[Tls, ssl.SSLContext] = OrderedDict()

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
        from aiohttp import ClientTimeout  # noqa: PLC0415 (a third of the whole start time)

        with _failures(url):
            whole = ClientTimeout(total=timeout_seconds)
            async with await self._request(method, url, headers, body, whole, tls) as response:
                content = bytearray()
                async for piece in response.content.iter_chunked(_PIECE_BYTES):
                    content += piece
                    if len(content) > _LARGEST_ANSWER_BYTES:
                        raise BackendUnreachable(f"{url} answers more than {_LARGEST_ANSWER_BYTES} bytes.")
                return HttpResponse(response.status, _headers(response), bytes(content))

    async def stream(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes,
        timeout_seconds: float,
        tls: Tls | None = None,
    ) -> HttpResponse:
        """A server's answer whose body is still coming. Raises BackendUnreachable or BackendTimeout."""
        from aiohttp import ClientTimeout  # noqa: PLC0415 (as above)

        pause = ClientTimeout(total=None, sock_connect=timeout_seconds, sock_read=timeout_seconds)
        with _failures(url):
            response = await self._request(method, url, headers, body, pause, tls)
        return HttpResponse(response.status, _headers(response), _pieces(url, response))

    async def _request(
        self, method: str, url: str, headers: Headers, body: bytes, timeout: ClientTimeout, tls: Tls | None
    ) -> ClientResponse:
        from yarl import URL  # noqa: PLC0415 (comes with aiohttp)

        session = self._session or self._opened()
        return await session.request(
            method,
            URL(url, encoded=True),
            headers=headers,
            data=body or None,
            allow_redirects=False,
            timeout=timeout,
            ssl=self._context(tls) if tls is not None and url.startswith("https:") else True,
        )

    async def close(self) -> None:
        """Ends its connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _context(self, tls: Tls) -> ssl.SSLContext:
        """The context for a way of meeting servers; connections are only shared among equal ones."""
        found = self._contexts.get(tls)
        if found is None:
            found = self._contexts[tls] = _made(tls)
            while len(self._contexts) > _MOST_CONTEXTS:
                self._contexts.popitem(last=False)
        return found

    def _opened(self) -> ClientSession:
        from aiohttp import ClientSession, DummyCookieJar, TCPConnector  # noqa: PLC0415 (as above)

        self._session = ClientSession(
            connector=TCPConnector(limit=_MOST_CONNECTIONS),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )
        return self._session


@contextmanager
def _failures(url: str) -> Iterator[None]:
    """Turns what the library raises into what the protocol promises."""
    from aiohttp import ClientError  # noqa: PLC0415 (as above)

    try:
        yield
    except TimeoutError as error:
        raise BackendTimeout(url) from error
    except (ClientError, OSError, ValueError) as error:
        raise BackendUnreachable(f"{url}: {error}") from error


def _headers(response: ClientResponse) -> Headers:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]


async def _pieces(url: str, response: ClientResponse) -> AsyncIterator[bytes]:
    async with response:
        with _failures(url):
            async for piece in response.content.iter_any():
                yield piece


def _made(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.certificate:
        # Python's ssl reads certificates from files only.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "client.pem"
            path.touch(mode=0o600)
            path.write_text(f"{tls.certificate}\n{tls.private_key}")
            context.load_cert_chain(path)
    return context
