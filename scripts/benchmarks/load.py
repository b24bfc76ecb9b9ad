"""A load generator: requests made beforehand, sent over kept connections, one in flight on each."""

from __future__ import annotations

import asyncio
import http.client
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import uvloop


@dataclass(frozen=True)
class Load:
    """What came of it."""

    per_second: float
    p50_ms: float
    p99_ms: float


def request_bytes(
    url: str,
    body: bytes = b"",
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    credentials: tuple[str, str] | None = None,
    service: str = "",
) -> bytes:
    """One request as it goes over the wire, signed if there are credentials."""
    request = botocore.awsrequest.AWSRequest(method, url, headers=dict(headers or {}), data=body)
    parts = urlsplit(url)
    if credentials is not None:
        keys = botocore.credentials.Credentials(*credentials)
        botocore.auth.SigV4Auth(keys, service, "us-east-1").add_auth(request)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target or '/'} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._received = b""
        self._answered = False
        self._sent_at = 0.0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received = received = self._received + data if self._received else data
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = received[:end].lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(received) < end + 4 + length:
            return
        if not received.startswith(b"HTTP/1.1 2"):
            self._run.fail(received)
            self._transport.close()
            return
        self._received, self._answered = b"", True
        self._run.latencies.append(time.perf_counter() - self._sent_at)
        if time.perf_counter() >= self._run.deadline or b"\r\nconnection: close" in head:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost(answered=self._answered)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._run.next_request())


class _Run:
    def __init__(
        self, address: tuple[str, int], requests: Sequence[bytes], connections: int, seconds: float
    ) -> None:
        self._address = address
        self._requests = requests
        self._number = count()
        self._left = connections
        self._error: bytes | None = None
        self.latencies: list[float] = []
        self.deadline = time.perf_counter() + seconds
        self._loop = asyncio.get_running_loop()
        self._connecting: set[asyncio.Task[None]] = set()
        self.done = self._loop.create_future()

    def next_request(self) -> bytes:
        return self._requests[next(self._number) % len(self._requests)]

    def fail(self, answer: bytes) -> None:
        self._error = answer

    async def connect(self) -> None:
        try:
            await self._loop.create_connection(lambda: _Connection(self), *self._address)
        except OSError as error:
            self.fail(str(error).encode())
            self.lost(answered=False)

    def lost(self, *, answered: bool) -> None:
        """A connection has ended. Some servers end it after each answer: then another takes its place."""
        if answered and self._error is None and time.perf_counter() < self.deadline:
            self._connecting.add(task := self._loop.create_task(self.connect()))
            task.add_done_callback(self._connecting.discard)
            return
        self._left -= 1
        if self._left == 0:
            if self._error is not None:
                self.done.set_exception(RuntimeError(self._error.decode(errors="replace")[:2000]))
            else:
                self.done.set_result(None)


def once(url: str, request: bytes) -> float:
    """Sends one request on a connection of its own; the milliseconds until the whole answer is there.

    Raises RuntimeError for a refusal and for a function's error.
    """
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 80))) as connection:
        began = time.perf_counter()
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        body = answer.read()
        took = time.perf_counter() - began
    if answer.status >= http.HTTPStatus.BAD_REQUEST or answer.getheader("X-Amz-Function-Error"):
        raise RuntimeError(body.decode(errors="replace")[:2000])
    return took * 1000


def run(url: str, requests: Sequence[bytes], *, connections: int, seconds: float = 2.0) -> Load:
    """Sends the requests round and round for some seconds. Raises RuntimeError for a refusal."""

    async def drive() -> tuple[list[float], float]:
        parts = urlsplit(url)
        began = time.perf_counter()
        state = _Run((str(parts.hostname), int(parts.port or 80)), requests, connections, seconds)
        for _ in range(connections):
            await state.connect()
        await state.done
        return state.latencies, time.perf_counter() - began

    latencies, took = uvloop.run(drive())
    latencies.sort()
    return Load(
        len(latencies) / took,
        latencies[len(latencies) // 2] * 1000,
        latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)] * 1000,
    )
