"""A server on a loop and thread of its own, and plain sockets to speak to it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import threading
from typing import TYPE_CHECKING, Any

import uvloop

from cloudlet.core.http import HttpRequest, HttpResponse
from cloudlet.wire.server import Limits, Server, Tls

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from cloudlet.core.http import Handler


class Serving:
    """A running server."""

    def __init__(self, handler: Handler, limits: Limits, tls: Tls | None) -> None:
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.server = Server(handler, limits=limits, tls=tls)
        self.port: int = self.run(self.server.listen("127.0.0.1", 0))

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def submit(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def connect(self, timeout: float = 10) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def ask(self, data: bytes) -> bytes:
        """Sends bytes on a new connection and reads until the server closes it."""
        with self.connect() as sock:
            with contextlib.suppress(ConnectionError):
                sock.sendall(data)
            return read_all(sock)

    def stop(self) -> None:
        self.run(self.server.close(0))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@contextlib.contextmanager
def serving(handler: Handler, limits: Limits | None = None, tls: Tls | None = None) -> Iterator[Serving]:
    running = Serving(handler, limits or Limits(), tls)
    try:
        yield running
    finally:
        running.stop()


def read_all(sock: socket.socket) -> bytes:
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            received += piece
    return bytes(received)


def read_response(sock: socket.socket, method: str = "GET") -> http.client.HTTPResponse:
    """One answer with its body; only for connections on which one answer is awaited at a time."""
    response = http.client.HTTPResponse(sock, method=method)
    response.begin()
    response.content = response.read()  # type: ignore[attr-defined]  # read before the connection ends
    return response


async def describe(request: HttpRequest) -> HttpResponse:
    """Answers with what it was asked."""
    body = await request.body.read(10_000_000)
    lines = [f"{request.method} {request.target} HTTP/{request.version} {request.scheme} {len(body)}"]
    lines += [f"{name}={value}" for name, value in request.headers]
    return HttpResponse(200, [("X-Answer", "yes")], "\n".join(lines).encode())


async def count(request: HttpRequest) -> HttpResponse:
    """Counts a body without holding it."""
    size = 0
    async for piece in request.body.stream():
        size += len(piece)
    return HttpResponse(200, [], str(size).encode())
