"""Large bodies pass through without being held, however slow the other side is."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import httpx
import pytest
from serving import count, read_response, serving

from cloudlet.core.http import FileBody, HttpRequest, HttpResponse

MIB = 1024 * 1024
SIZE = 64 * MIB
PIECE = b"x" * MIB


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.fixture
def bounded():
    """Fails the test if the process grew by more than a fraction of the body."""
    peak = before = resident_bytes()

    def look() -> None:
        nonlocal peak
        peak = max(peak, resident_bytes())

    yield look
    look()
    assert peak - before < 24 * MIB


def pieces(look):
    for _ in range(SIZE // MIB):
        look()
        yield PIECE


@pytest.mark.parametrize("http2", [False, True])
def test_large_upload_is_not_held(bounded, http2):
    with serving(count) as running, httpx.Client(http1=not http2, http2=http2, timeout=20) as client:
        answer = client.put(f"http://127.0.0.1:{running.port}/", content=pieces(bounded))
        assert answer.text == str(SIZE)


@pytest.mark.parametrize("http2", [False, True])
def test_large_download_is_not_held(bounded, http2):
    async def handler(request: HttpRequest) -> HttpResponse:
        async def produce():
            for piece in pieces(bounded):
                yield piece

        return HttpResponse(200, [], produce())

    with serving(handler) as running, httpx.Client(http1=not http2, http2=http2, timeout=20) as client:
        received = 0
        with client.stream("GET", f"http://127.0.0.1:{running.port}/") as response:
            for piece in response.iter_raw():
                received += len(piece)
        assert received == SIZE


def test_large_file_is_not_held(bounded, tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(SIZE)

    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], FileBody(path, 0, SIZE))

    with serving(handler) as running, httpx.Client(timeout=20) as client:
        received = 0
        with client.stream("GET", f"http://127.0.0.1:{running.port}/") as response:
            for piece in response.iter_raw():
                received += len(piece)
                bounded()
        assert received == SIZE


def test_client_is_made_to_wait_while_nobody_reads(bounded):
    may_read = asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        await may_read.wait()
        return await count(request)

    with serving(handler) as running, running.connect() as sock:
        sock.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % SIZE)
        sent = 0
        sock.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            while sent < SIZE:
                sent += sock.send(PIECE[: SIZE - sent])
        assert sent < SIZE
        bounded()
        sock.settimeout(10)
        running.loop.call_soon_threadsafe(may_read.set)
        while sent < SIZE:
            sent += sock.send(PIECE[: SIZE - sent])
        assert read_response(sock).content == str(SIZE).encode()


def test_producer_is_made_to_wait_while_the_client_reads_nothing(bounded):
    produced = 0

    async def handler(request: HttpRequest) -> HttpResponse:
        async def produce():
            nonlocal produced
            while True:
                produced += MIB
                yield PIECE

        return HttpResponse(200, [], produce())

    with serving(handler) as running, running.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        sock.recv(1000)
        before = -1
        while before != produced:
            before = produced
            running.run(asyncio.sleep(0.05))
        assert produced < 24 * MIB


def test_pipelining_client_that_reads_nothing_is_made_to_wait(bounded):
    answered = 0

    async def handler(request: HttpRequest) -> HttpResponse:
        nonlocal answered
        answered += 1
        return HttpResponse(200, [], PIECE[:10_000])

    with serving(handler) as running, running.connect() as sock:
        sock.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            while answered < 100_000:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 1000)
        assert answered < 10_000
