"""The server: it opens listening sockets and closes them in good order.

It handles no connection itself.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from cloudlet.core.clock import SystemClock
from cloudlet.core.http import Origin
from cloudlet.wire.server.answer import Dates
from cloudlet.wire.server.eager import Eager
from cloudlet.wire.server.limits import Limits
from cloudlet.wire.server.listener import Closer, Listener, Tls
from cloudlet.wire.server.site import Connections, Site

if TYPE_CHECKING:
    from cloudlet.core.clock import Clock
    from cloudlet.core.http import Handler

_BACKLOG = 2048


class Server:
    """HTTP/1.1, HTTP/2 and, with an authority, TLS on every socket it serves."""

    def __init__(
        self,
        handler: Handler,
        *,
        limits: Limits | None = None,
        tls: Tls | None = None,
        origin: Origin = Origin.HOST,
        clock: Clock | None = None,
    ) -> None:
        self._handler = handler
        self._limits = limits or Limits()
        self._tls = tls
        self._origin = origin
        self._dates = Dates(clock or SystemClock())
        self._eager: Eager | None = None
        self._listeners: list[Listener] = []

    async def listen(self, host: str, port: int) -> int:
        """Listens on an address; the port it got. Raises OSError if the port is taken."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        bound: int = sock.getsockname()[1]
        await self.serve_socket(sock)
        return bound

    async def serve_socket(
        self,
        sock: socket.socket,
        *,
        handler: Handler | None = None,
        origin: Origin | None = None,
        tls_only: bool = False,
    ) -> Closer:
        """Serves a listening socket made elsewhere, until it or the server is closed."""
        if tls_only and self._tls is None:
            raise ValueError("A socket for TLS only needs a certificate authority.")
        loop = asyncio.get_running_loop()
        if self._eager is None:
            self._eager = Eager(loop)
        site = Site(
            handler=handler or self._handler,
            origin=origin or self._origin,
            limits=self._limits,
            dates=self._dates,
            eager=self._eager,
            loop=loop,
            connections=Connections(lambda: listener.connections_changed()),
            patient=handler is not None,
        )
        listener = Listener(sock, site, self._tls, tls_only=tls_only)
        # A listener that was closed on its own is forgotten when the next one comes.
        self._listeners = [known for known in self._listeners if not known.closed]
        self._listeners.append(listener)
        listener.start()
        return listener

    async def close(self, grace_seconds: float) -> None:
        """Stops accepting, lets running requests from the host end, then cuts what is left.

        What sandboxes ask goes on until then, because the host's requests may need it to end; it gets no
        grace of its own: a runtime waits for its next event for ever.
        """
        for origin, seconds in ((Origin.HOST, grace_seconds), (Origin.SANDBOX, 0.0)):
            served = (listener for listener in self._listeners if listener.origin is origin)
            await asyncio.gather(*(listener.close(seconds) for listener in served))
        if self._eager is not None:
            self._eager.cancel()
