"""Sandboxes made ahead of need: namespaces, group, listeners and /tmp, only the function is missing.

The pool holds few, and only of molds that were asked for; it never starts a function.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    import socket

    from cloudlet.sandbox.host.output import Drain
    from cloudlet.sandbox.host.sandbox import NamespaceSandbox

MOST_SPARES: Final = 6
_OF_A_MOLD: Final = 2
_IDLE_OF_A_MOLD: Final = 1  # a runtime that waits has tens of megabytes, an empty sandbox one


class Mold(Struct, frozen=True):
    """What has to be decided before a function is known."""

    sdk: bool
    tmp_bytes: int
    python: str = ""
    """The release of the fork server that makes it; empty for the server's own."""
    node: str = ""
    """Where the Node is found that functions see as theirs; empty where that is the usual place."""
    idle_command: tuple[str, ...] = ()
    """A program that is started at once and waits to be told its function."""
    may_wait: bool = False
    """Whether the fork server's own Python may wait so, in a sandbox that is made ahead of need."""


class Blank(Struct, frozen=True):
    """A sandbox that is no function's yet."""

    mold: Mold
    sandbox: NamespaceSandbox
    runtime_api: socket.socket
    drains: tuple[Drain, Drain]


class Spares:
    """The blanks in stock, the oldest first."""

    def __init__(self) -> None:
        self._stock: deque[Blank] = deque()

    def take(self, mold: Mold) -> Blank | None:
        """A living blank of this mold, if there is one."""
        for blank in list(self._stock):
            if blank.mold == mold:
                self._stock.remove(blank)
                if blank.sandbox.alive:
                    return blank
                discard(blank)
        return None

    def put(self, blank: Blank) -> None:
        """Stocks a blank; the oldest goes if there are too many."""
        self._stock.append(blank)
        if len(self._stock) > MOST_SPARES:
            discard(self._stock.popleft())

    def lacks(self, mold: Mold) -> bool:
        """Whether there should be more blanks of this mold."""
        wanted = _IDLE_OF_A_MOLD if mold.idle_command else _OF_A_MOLD
        return sum(blank.mold == mold for blank in self._stock) < wanted

    def clear(self) -> None:
        """Throws all away."""
        while self._stock:
            discard(self._stock.pop())


def discard(blank: Blank) -> None:
    """Ends a blank."""
    blank.sandbox.kill()
    blank.runtime_api.close()
