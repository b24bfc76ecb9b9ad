"""The physical reference: what this machine's disk, loop and client can do, measured in the same run."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop

from scripts.benchmarks.load import Load, request_bytes, run

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def synced_writes_per_second(seconds: float = 1.0, size: int = 1024) -> float:
    """How often 1 KiB can be written and synced, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        descriptor = os.open(Path(folder) / "log", os.O_WRONLY | os.O_CREAT)
        payload, written, began = b"x" * size, 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            os.write(descriptor, payload)
            os.fdatasync(descriptor)
            written += 1
        os.close(descriptor)
        return written / (time.perf_counter() - began)


class _Fixed(asyncio.Protocol):
    """Answers every piece of input with the same bytes: no parsing, no work."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(ANSWER)


def serve_fixed(port: Any) -> None:
    """Runs such a server; puts its port into a queue."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Fixed, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await asyncio.sleep(3600)

    uvloop.run(serve())


def fixed_answers(connections: int) -> Load:
    """What this client gets out of a server that does nothing: the ceiling for every figure over HTTP."""
    port: Any = multiprocessing.Queue()
    process = multiprocessing.Process(target=serve_fixed, args=(port,), daemon=True)
    process.start()
    try:
        url = f"http://127.0.0.1:{port.get(timeout=10)}/"
        return run(url, [request_bytes(url, b"x" * 1024)], connections=connections, seconds=1.0)
    finally:
        process.terminate()
        process.join()
