"""The sending half of a connection: it writes no faster than the client reads.

It knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from cloudlet.core.http import ClientDisconnected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cloudlet.core.http import FileBody
    from cloudlet.wire.server.deadline import Deadline

_PIECE_BYTES = 256 * 1024


class TruncatedFile(Exception):
    """Raised when a file ends before what was promised of it."""


class Writer:
    """Wraps a transport; its owner passes on the transport's pause, resume and loss."""

    __slots__ = ("_deadline", "_high", "_left", "_lost", "_resumed", "_seconds", "paused", "transport")

    def __init__(
        self, transport: asyncio.Transport, deadline: Deadline, buffer_bytes: int, seconds: float
    ) -> None:
        self.transport = transport
        self._deadline = deadline
        self._high = buffer_bytes
        self._seconds = seconds
        self._resumed: asyncio.Future[None] | None = None
        self._left = 0
        self._lost = False
        self.paused = False
        transport.set_write_buffer_limits(high=buffer_bytes)

    def pause(self) -> None:
        """The transport's buffer is full."""
        self.paused = True
        self._left = self.transport.get_write_buffer_size()
        self._deadline.set(self._seconds)

    def resume(self) -> None:
        """The transport's buffer has room again."""
        self.paused = False
        self._deadline.clear()
        self._wake()

    def progressed(self) -> bool:
        """Whether a client that does not keep up has taken anything since it was last asked about."""
        before, self._left = self._left, self.transport.get_write_buffer_size()
        return self._left < before

    def lost(self) -> None:
        """The connection is gone."""
        self._lost = True
        self._wake()

    async def drain(self) -> None:
        """Returns when there is room to write. Raises ClientDisconnected."""
        while self.paused and not self._lost:
            self._resumed = asyncio.get_running_loop().create_future()
            await self._resumed
        if self._lost or self.transport.is_closing():
            raise ClientDisconnected

    async def send(self, data: bytes) -> None:
        """Writes, and returns when there is room for more. Raises ClientDisconnected."""
        self.transport.write(data)
        # A producer that never waits must not keep the loop from everybody else, nor from learning of a loss.
        await asyncio.sleep(0)
        await self.drain()

    async def send_file(self, head: bytes, body: FileBody, file: int) -> None:
        """Writes a head and a part of an open file. Raises TruncatedFile or ClientDisconnected."""
        if self.transport.get_extra_info("ssl_object") is not None:
            await self.send(head)
            async for piece in read_file(body, file):
                await self.send(piece)
            return
        # With no buffer allowed, there is room again only when the kernel has all that came before the file.
        self.transport.set_write_buffer_limits(high=0)
        try:
            await self.send(head)
        finally:
            self.transport.set_write_buffer_limits(high=self._high)
        await self._sendfile(body, file)

    async def _sendfile(self, body: FileBody, file: int) -> None:
        # Neither uvloop nor asyncio lets one watch a transport's own descriptor, so a duplicate is watched.
        socket = os.dup(self.transport.get_extra_info("socket").fileno())
        try:
            offset, end = body.offset, body.offset + body.count
            while offset < end:
                if self._lost or self.transport.is_closing():
                    raise ClientDisconnected
                try:
                    sent = os.sendfile(socket, file, offset, min(end - offset, _PIECE_BYTES))
                except BlockingIOError:
                    await self._writable(socket)
                    continue
                except OSError as error:
                    raise ClientDisconnected from error
                if sent == 0:
                    raise TruncatedFile(f"{body.path} ends at {offset}, not at {end}.")
                offset += sent
                await asyncio.sleep(0)
        finally:
            os.close(socket)

    async def _writable(self, socket: int) -> None:
        loop = asyncio.get_running_loop()
        self._resumed = waiter = loop.create_future()
        loop.add_writer(socket, self._wake)
        self.pause()
        try:
            await waiter
        finally:
            loop.remove_writer(socket)
            self.resume()

    def _wake(self) -> None:
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)


def open_file(body: FileBody) -> int:
    """A descriptor of a body's file. Raises OSError."""
    return os.open(body.path, os.O_RDONLY | os.O_CLOEXEC)


async def read_file(body: FileBody, file: int) -> AsyncIterator[bytes]:
    """A part of an open file, piece by piece, read off the loop. Raises TruncatedFile."""
    loop = asyncio.get_running_loop()
    offset, end = body.offset, body.offset + body.count
    while offset < end:
        piece = await loop.run_in_executor(None, os.pread, file, min(end - offset, _PIECE_BYTES), offset)
        if not piece:
            raise TruncatedFile(f"{body.path} ends at {offset}, not at {end}.")
        yield piece
        offset += len(piece)
