"""An HTTP proxy: AWS's names lead to the cloud, all others to where they lead outside.

It decides by host name alone, and passes on what it is sent as it is sent.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import ClassVar, Final, TypeAlias
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from cloudlet.cli.execute.names import is_aws

Address: TypeAlias = "tuple[str, int]"
Stream: TypeAlias = "tuple[asyncio.StreamReader, asyncio.StreamWriter]"

_PIECE_BYTES: Final = 64 * 1024
_CONNECT_SECONDS: Final = 30.0
_HOP_HEADERS: Final = (b"proxy-connection", b"proxy-authorization", b"connection", b"keep-alive")
_PROXY_VARIABLES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_HTTP_PORT: Final = 80


class Upstream(Struct, frozen=True):
    """The proxy by which this machine reaches the outside."""

    address: Address
    authorization: bytes
    """The header line that names us to it, or nothing."""


class Routes(Struct, frozen=True):
    """Where connections go."""

    cloud: Address
    upstream: Upstream | None = None


def upstream_proxy(environment: Mapping[str, str]) -> Upstream | None:
    """The user's own proxy, if one is set that speaks plain HTTP."""
    url = next((environment[name] for name in _PROXY_VARIABLES if environment.get(name)), "")
    parts = urlsplit(url if "//" in url else f"//{url}")
    if parts.scheme not in ("", "http") or parts.hostname is None:
        return None
    authorization = b""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        authorization = b"Proxy-Authorization: Basic " + base64.b64encode(pair) + b"\r\n"
    return Upstream((parts.hostname, parts.port or _HTTP_PORT), authorization)


async def connect(address: Address) -> Stream:
    """A connection. Raises OSError."""
    async with asyncio.timeout(_CONNECT_SECONDS):
        return await asyncio.open_connection(*address)


async def carry(one: Stream, other: Stream) -> None:
    """Carries bytes both ways until both sides have ended."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(one[0], other[1]))
            group.create_task(_pump(other[0], one[1]))
    except* OSError:
        pass  # a side that breaks off ends the other, below
    finally:
        one[1].close()
        other[1].close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE_BYTES):
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


class Unserved(Exception):
    """Raised for a request that cannot be passed on; the text is the answer's."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Ask(Struct, frozen=True):
    """The head of a request to a proxy."""

    method: bytes
    host: str
    port: int
    path: bytes
    version: bytes
    headers: tuple[bytes, ...]

    @classmethod
    def read(cls, head: bytes) -> _Ask:
        """Reads a head. Raises Unserved."""
        first, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        try:
            method, target, version = first.split(b" ")
            text = target.decode("ascii")
            parts = urlsplit(f"//{text}" if method == b"CONNECT" else text)
            port = parts.port
        except ValueError:
            raise Unserved("400 Bad Request", "This is no request to a proxy.") from None
        if parts.hostname is None or (method == b"CONNECT" and port is None):
            raise Unserved("400 Bad Request", "A proxy must be told a host.")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(method, parts.hostname, port or _HTTP_PORT, path.encode(), version, tuple(headers))

    def forwarded(self) -> bytes:
        """The head for the server itself, which is asked for this one answer only."""
        kept = [line for line in self.headers if line.partition(b":")[0].strip().lower() not in _HOP_HEADERS]
        lines = [b" ".join((self.method, self.path, self.version)), *kept, b"Connection: close", b"", b""]
        return b"\r\n".join(lines)


class Proxy:
    """Serves connections."""

    HEAD_BYTES: ClassVar[int] = 64 * 1024

    def __init__(self, routes: Routes) -> None:
        self._routes = routes

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        try:
            await self._serve(reader, writer)
        except Unserved as error:
            text = f"cloudlet exec: {error}\n"
            head = f"HTTP/1.1 {error.status}\r\nContent-Length: {len(text.encode())}\r\nConnection: close\r\n"
            writer.write(f"{head}\r\n{text}".encode())
        except (OSError, asyncio.IncompleteReadError):
            return  # the program went away
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise Unserved("431 Request Header Fields Too Large", "The head is too long.") from None
        ask = _Ask.read(head)
        upstream = None if is_aws(ask.host) else self._routes.upstream
        other = await self._reach(ask, upstream)
        if upstream is not None:
            first, _, rest = head.partition(b"\r\n")
            other[1].write(first + b"\r\n" + upstream.authorization + rest)
        elif ask.method == b"CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            other[1].write(ask.forwarded())
        await carry((reader, writer), other)

    async def _reach(self, ask: _Ask, upstream: Upstream | None) -> Stream:
        address = (ask.host, ask.port)
        if is_aws(ask.host):
            address = self._routes.cloud
        elif upstream is not None:
            address = upstream.address
        try:
            return await connect(address)
        except (OSError, UnicodeError) as error:
            raise Unserved("502 Bad Gateway", f"{ask.host}:{ask.port} cannot be reached: {error}") from error
