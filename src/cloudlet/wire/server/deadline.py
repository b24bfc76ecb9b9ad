"""A deadline that is moved often and reached seldom.

Moving it costs no timer: the one timer that runs looks, when it fires, whether the deadline has moved on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Deadline:
    """Calls `expired` once the time last set has passed."""

    __slots__ = ("_armed", "_at", "_expired", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[], None]) -> None:
        self._loop = loop
        self._expired = expired
        self._at = 0.0
        self._armed = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Moves the deadline to `seconds` from now."""
        self._at = at = self._loop.time() + seconds
        if self._timer is None or at < self._armed:
            self._arm(at)

    def clear(self) -> None:
        """Takes the deadline away."""
        self._at = 0.0

    def cancel(self) -> None:
        """Takes the deadline and its timer away for good."""
        self._at = 0.0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed = at
        self._timer = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._timer = None
        at = self._at
        if not at:
            return
        if self._loop.time() < at:
            self._arm(at)
        else:
            self._at = 0.0
            self._expired()
