"""Reaching a port inside a sandbox, by the process there that connects and hands the connection over."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING, Final

from cloudlet.sandbox.inside.control import Closed

if TYPE_CHECKING:
    import signal

    from cloudlet.sandbox.host.channel import Channel

_ANSWER_SECONDS: Final = 5.0
_ANSWER_BYTES: Final = 4096


class Connector:
    """The server's end of the channel to one sandbox's connector."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._turn = asyncio.Lock()

    async def connect(self, port: int) -> socket.socket:
        """A connection to a port inside. Raises OSError where nobody listens."""
        async with self._turn:
            try:
                self._channel.send({"port": port})
                message, descriptors = await self._channel.receive()
            except Closed as error:
                raise OSError(errno.ENOTCONN, "The sandbox has ended.") from error
        if not descriptors:
            raise ConnectionRefusedError(errno.ECONNREFUSED, str(message.get("error")))
        connection = socket.socket(fileno=descriptors[0])
        connection.setblocking(False)
        return connection

    async def send(self, port: int, data: bytes, *, answered: bool) -> bytes:
        """Sends bytes, and returns the first of the answer where one is awaited. Raises OSError."""
        loop = asyncio.get_running_loop()
        with await self.connect(port) as connection:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await loop.sock_sendall(connection, data)
                    return await loop.sock_recv(connection, _ANSWER_BYTES) if answered else b""
            except TimeoutError as error:
                raise OSError(errno.ETIMEDOUT, "Nobody answered.") from error

    async def forward(self, outside: int, inside: int) -> asyncio.Server:
        """Listens on a port of this machine's loopback and passes on what comes there. Raises OSError."""

        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                theirs = await asyncio.open_connection(sock=await self.connect(inside))
                await asyncio.gather(_copy(reader, theirs[1]), _copy(theirs[0], writer))
            except OSError:
                writer.close()  # nobody listens inside, or one of the two has gone

        return await asyncio.start_server(pass_on, "127.0.0.1", outside)

    def signal(self, process: int, number: signal.Signals) -> None:
        """Signals a process, by the number that it has inside."""
        self._channel.send({"process": process, "signal": int(number)})


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    finally:
        writer.close()
