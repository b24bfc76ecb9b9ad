"""A listening socket: it accepts connections, tells TLS from plain HTTP, and hands each to its protocol.

It reads no byte of a connection, it only peeks at the first ones.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from cloudlet.wire.server.client_hello import RECORD_HEADER_BYTES, record_bytes, server_name
from cloudlet.wire.server.door import Door

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from cloudlet.core.http import Origin
    from cloudlet.core.tls import TlsDemands
    from cloudlet.wire.server.site import Site
    from cloudlet.wire.tls import CertificateAuthority

logger = logging.getLogger(__name__)

_TLS_HANDSHAKE: Final = b"\x16"
_ACCEPTED_AT_ONCE: Final = 64
_PAUSE_SECONDS: Final = 0.2
"""How long nothing is accepted after the system refused a descriptor."""


class Closer(Protocol):
    """What ends the service of one socket."""

    async def close(self, grace_seconds: float = 0.0) -> None:
        """Stops accepting, lets running requests end, then cuts what is left."""


class Tls(NamedTuple):
    """What a listener needs for TLS."""

    authority: CertificateAuthority
    demands: Callable[[str], Awaitable[TlsDemands | None]] | None = None
    """What a server's name demands of clients; nobody asks where no name demands anything."""


class Listener:
    """Serves one listening socket, which it owns from then on."""

    def __init__(self, sock: socket.socket, site: Site, tls: Tls | None, *, tls_only: bool) -> None:
        self._socket = sock
        self._site = site
        self._tls = tls
        self._tls_only = tls_only
        self._loop = site.loop
        self._accepting = False
        self.closed = False
        self._admissions: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None
        sock.setblocking(False)

    @property
    def origin(self) -> Origin:
        """Which door its requests come through."""
        return self._site.origin

    def start(self) -> None:
        """Begins, or goes on, to accept."""
        if not self._accepting and not self.closed:
            self._accepting = True
            self._loop.add_reader(self._socket.fileno(), self._accept)

    async def close(self, grace_seconds: float = 0.0) -> None:
        """Stops accepting, lets running requests end, then cuts what is left."""
        if self.closed:
            return
        self._pause()
        self.closed = True
        self._socket.close()
        if self._retry is not None:
            self._retry.cancel()
        for admission in tuple(self._admissions):
            admission.cancel()
        await self._site.connections.close(grace_seconds)

    def connections_changed(self) -> None:
        """A connection has ended, so there may be room for another."""
        if not self._accepting and self._retry is None and self._has_room():
            self.start()

    def _has_room(self) -> bool:
        return len(self._site.connections) + len(self._admissions) < self._site.limits.connections

    def _pause(self) -> None:
        if self._accepting:
            self._accepting = False
            self._loop.remove_reader(self._socket.fileno())

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            if not self._has_room():
                self._pause()
                return
            try:
                connection, _address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                logger.exception("a connection could not be accepted")
                self._pause()
                self._retry = self._loop.call_later(_PAUSE_SECONDS, self._try_again)
                return
            connection.setblocking(False)
            admission = self._loop.create_task(self._admit(connection))
            self._admissions.add(admission)
            admission.add_done_callback(self._admitted)

    def _try_again(self) -> None:
        self._retry = None
        self.start()

    def _admitted(self, admission: asyncio.Task[None]) -> None:
        self._admissions.discard(admission)
        self.connections_changed()

    async def _admit(self, connection: socket.socket) -> None:
        limits = self._site.limits
        try:
            context = None
            if self._tls is not None and await self._speaks_tls(connection):
                context = await self._context(connection, self._tls)
            await self._loop.connect_accepted_socket(
                lambda: Door(self._site),
                connection,
                ssl=context,
                ssl_handshake_timeout=limits.handshake_seconds if context else None,
                ssl_shutdown_timeout=limits.linger_seconds if context else None,
            )
        except (OSError, TimeoutError) as error:
            # A client that goes away or fails the handshake is its own affair.
            logger.debug("a connection was not established: %s", error)
            connection.close()
        except BaseException:
            connection.close()
            raise

    async def _speaks_tls(self, connection: socket.socket) -> bool:
        return self._tls_only or await self._peek(connection, 1) == _TLS_HANDSHAKE

    async def _context(self, connection: socket.socket, tls: Tls) -> ssl.SSLContext:
        """What the connection is served with: by the name it asks for, where names make demands."""
        if tls.demands is not None:
            head = await self._peek(connection, RECORD_HEADER_BYTES)
            name = server_name(await self._peek(connection, record_bytes(head)))
            demands = await tls.demands(name) if name else None
            if name and demands:
                return tls.authority.demanding_context(name, demands)
        return tls.authority.server_context(connection.getsockname()[0])

    async def _peek(self, connection: socket.socket, count: int) -> bytes:
        """The next bytes, which stay to be read; fewer than `count` where the client sends no more."""
        try:
            piece = connection.recv(count, socket.MSG_PEEK)
        except BlockingIOError:
            piece = b""
        if len(piece) < count:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)
            await self._readable(connection)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            piece = connection.recv(count, socket.MSG_PEEK)
        return piece

    async def _readable(self, connection: socket.socket) -> None:
        arrived = asyncio.Event()
        self._loop.add_reader(connection.fileno(), arrived.set)
        try:
            async with asyncio.timeout(self._site.limits.idle_seconds):
                await arrived.wait()
        finally:
            self._loop.remove_reader(connection.fileno())
