"""The server's half of the Runtime API, small and only for these tests: real HTTP on a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any

from cloudlet.core.http import BytesBody, HttpRequest, HttpResponse


class Listening:
    """A listener and its connections."""

    def __init__(self) -> None:
        self.server: asyncio.AbstractServer | None = None
        self.writers: set[asyncio.StreamWriter] = set()

    def close(self) -> None:
        if self.server is not None:
            self.server.close()
        for writer in list(self.writers):
            writer.transport.abort()


class Server:
    """Serves sockets as cloudlet's own server does, as far as runtimes need it."""

    def __init__(self, certificate=None, key=None) -> None:
        self.tasks: set[asyncio.Task] = set()  # the loop itself holds tasks weakly
        self.context = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate, key)

    async def serve(self, listener: socket.socket, handler, tls: bool) -> Listening:
        listening = Listening()
        answer = handler or cloud

        async def connected(reader, writer):
            listening.writers.add(writer)
            task = asyncio.current_task()
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
            try:
                while (request := await read_request(reader)) is not None:
                    request.scheme = "https" if tls else "http"
                    response = await answer(request)
                    write_response(writer, response)
                    await writer.drain()
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                listening.writers.discard(writer)
                writer.close()

        listening.server = await asyncio.start_server(
            connected, sock=listener, ssl=self.context if tls else None, limit=1 << 20
        )
        return listening


async def cloud(request: HttpRequest) -> HttpResponse:
    """Stands for the cloud's pipeline: says what it was asked."""
    said = {
        "method": request.method,
        "path": request.path,
        "host": request.header("host"),
        "scheme": request.scheme,
    }
    return HttpResponse(200, [("Content-Type", "application/json")], json.dumps(said).encode())


async def read_request(reader: asyncio.StreamReader) -> HttpRequest | None:
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode().split(" ", 2)
    headers = []
    while (text := (await reader.readline()).decode().strip()) != "":
        name, _, value = text.partition(":")
        headers.append((name, value.strip()))
    path, _, query = target.partition("?")
    request = HttpRequest(method, path, query, headers)
    if (request.header("transfer-encoding") or "").lower() == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    else:
        body = await reader.readexactly(int(request.header("content-length") or 0))
    request.body = BytesBody(body)
    return request


def write_response(writer: asyncio.StreamWriter, response: HttpResponse) -> None:
    assert isinstance(response.body, bytes)
    lines = [f"HTTP/1.1 {response.status} X", f"Content-Length: {len(response.body)}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    writer.write("\r\n".join([*lines, "", ""]).encode() + response.body)


@dataclass
class Function:
    """One environment's conversation: events in, answers out."""

    answers: asyncio.Queue = field(default_factory=asyncio.Queue)
    events: asyncio.Queue = field(default_factory=asyncio.Queue)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    written: list[bytes] = field(default_factory=list)
    count: int = 0

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.endswith("/invocation/next"):
            self.asked.set()
            return await self._next()
        body = await request.body.read(10 << 20)
        kind = request.path.rsplit("/", 1)[1]
        if request.path.endswith("/init/error"):
            kind = "init_error"
        await self.answers.put((kind, json.loads(body) if body else None))
        return HttpResponse(202, [("Content-Type", "application/json")], b'{"status":"OK"}')

    async def _next(self) -> HttpResponse:
        event = await self.events.get()
        self.count += 1
        headers = [
            ("Lambda-Runtime-Aws-Request-Id", f"request-{self.count}"),
            ("Lambda-Runtime-Deadline-Ms", "99999999999999"),
            ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:f"),
            ("Lambda-Runtime-Trace-Id", "Root=1-0-0"),
            ("Content-Type", "application/json"),
        ]
        return HttpResponse(200, headers, json.dumps(event).encode())

    async def invoke(self, event: Any, timeout: float = 20) -> tuple[str, Any]:
        await self.events.put(event)
        return await asyncio.wait_for(self.answers.get(), timeout)

    def write(self, piece: bytes) -> None:
        self.written.append(piece)

    @property
    def log(self) -> str:
        return b"\n".join(self.written).decode(errors="replace")
