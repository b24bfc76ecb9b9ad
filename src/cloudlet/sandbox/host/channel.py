"""The server's end of a control socket, on the event loop."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from cloudlet.sandbox.inside import control

if TYPE_CHECKING:
    from cloudlet.sandbox.inside.control import Message


class Channel:
    """Messages to and from one process."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._socket = end

    def send(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """Sends one message. Raises OSError when the process is gone or does not read."""
        control.send(self._socket, message, descriptors)

    def receive_now(self) -> tuple[Message, list[int]] | None:
        """The next message if it is there already; raises Closed when none can come."""
        try:
            return control.receive(self._socket)
        except BlockingIOError:
            return None

    async def receive(self) -> tuple[Message, list[int]]:
        """The next message; raises Closed when none can come."""
        while True:
            if (arrived := self.receive_now()) is not None:
                return arrived
            await self._readable()

    def close(self) -> None:
        """Tells the process that it is not wanted any more."""
        self._socket.close()

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        # The number is kept: the socket may be closed while this waits.
        descriptor = self._socket.fileno()
        loop.add_reader(descriptor, _resolve, ready)
        try:
            await ready
        finally:
            loop.remove_reader(descriptor)


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def pair() -> tuple[Channel, socket.socket]:
    """A new control socket: the server's end, and the one to hand over."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Channel(ours), theirs
