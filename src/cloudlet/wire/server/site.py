"""What the connections of one listener share, and what a connection is to its listener.

It holds no bytes and speaks no protocol.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.http import Handler, Origin
    from cloudlet.wire.server.answer import Dates
    from cloudlet.wire.server.eager import Eager
    from cloudlet.wire.server.limits import Limits


class Connection(Protocol):
    """An open connection, as its listener sees it."""

    def shut(self) -> None:
        """Takes no further request; closes once those that run are answered."""

    def abort(self) -> None:
        """Cuts the connection at once."""


class Connections:
    """The open connections of one listener."""

    __slots__ = ("_changed", "_open", "_waiters", "closing")

    def __init__(self, changed: Callable[[], None]) -> None:
        self._open: set[Connection] = set()
        self._waiters: list[asyncio.Future[None]] = []
        self._changed = changed
        self.closing = False

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection) -> None:
        """Counts a connection in."""
        self._open.add(connection)
        if self.closing:
            connection.shut()

    def remove(self, connection: Connection) -> None:
        """Counts a connection out."""
        self._open.discard(connection)
        self._changed()
        if not self._open:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()

    async def close(self, grace_seconds: float) -> None:
        """Lets running requests end for a while, then cuts what is left."""
        self.closing = True
        for connection in tuple(self._open):
            connection.shut()
        if self._open and grace_seconds > 0:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await asyncio.wait([waiter], timeout=grace_seconds)
        for connection in tuple(self._open):
            connection.abort()


@dataclass(frozen=True, slots=True)
class Site:
    """One listener's handler and everything its connections work with."""

    handler: Handler
    origin: Origin
    limits: Limits
    dates: Dates
    eager: Eager
    loop: asyncio.AbstractEventLoop
    connections: Connections = field(repr=False)
    patient: bool = False
    """Whether bodies may take any time, and chunked ones are handed on as they come: for runtimes."""
