"""Reaching a port inside a sandbox by a socket that was made there: it belongs to that network for ever.

It needs nobody inside. What listens there is the function's own.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Final

from cloudlet.sandbox.linux import syscalls

_SECONDS: Final = 5.0
_ANSWER_BYTES: Final = 4096


class Caller:
    """One socket, connected anew for each call."""

    def __init__(self, made_inside: socket.socket) -> None:
        self._socket = made_inside
        self._socket.setblocking(False)
        self._turn = asyncio.Lock()

    async def send(self, port: int, data: bytes, *, answered: bool) -> bytes:
        """Sends bytes, and returns the first of the answer where one is awaited. Raises OSError."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            if self._socket.fileno() < 0:
                raise OSError(errno.ENOTCONN, "The sandbox has ended.")
            try:
                async with asyncio.timeout(_SECONDS):
                    await loop.sock_connect(self._socket, ("127.0.0.1", port))
                    await loop.sock_sendall(self._socket, data)
                    if answered:
                        return await loop.sock_recv(self._socket, _ANSWER_BYTES)
                    await self._until_taken()
                    return b""
            except TimeoutError as error:
                raise OSError(errno.ETIMEDOUT, "Nobody answered.") from error
            finally:
                if self._socket.fileno() >= 0:
                    syscalls.disconnect(self._socket.fileno())

    async def _until_taken(self) -> None:
        """Returns once the other side has closed too, as disconnecting resets what is under way."""
        self._socket.shutdown(socket.SHUT_WR)
        while await asyncio.get_running_loop().sock_recv(self._socket, _ANSWER_BYTES):
            pass  # whatever it says is not wanted

    def close(self) -> None:
        """Ends what is under way."""
        self._socket.close()
