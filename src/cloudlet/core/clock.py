"""Time, injected. Nothing in cloudlet asks the machine for the time but SystemClock."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The cloud's time, which a test or a user may move forward."""

    def time(self) -> float:
        """Seconds since 1970."""

    def now(self) -> datetime:
        """The time as an aware datetime in UTC."""

    def machine_time(self) -> float:
        """Seconds since 1970 by the machine, unmoved: what its clients sign requests with."""

    async def sleep(self, seconds: float) -> None:
        """Returns when the cloud's clock has moved on by `seconds`."""

    def advance(self, seconds: float) -> None:
        """Moves the clock forward and wakes the sleepers that are due. Raises ValueError for a way back."""


class SystemClock:
    """The machine's clock plus an offset that only grows."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._moved: set[asyncio.Event] = set()

    def time(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._offset

    def machine_time(self) -> float:
        """Seconds since 1970 by the machine, unmoved: what its clients sign requests with."""
        return time.time()

    def now(self) -> datetime:
        """The time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    async def sleep(self, seconds: float) -> None:
        """Returns when the cloud's clock has moved on by `seconds`."""
        deadline = self.time() + seconds
        loop = asyncio.get_running_loop()
        moved = asyncio.Event()
        self._moved.add(moved)
        try:
            while (left := deadline - self.time()) > 0:
                moved.clear()
                # Not by wait_for(): Python 3.11's loses a cancellation that comes as the clock is moved.
                alarm = loop.call_later(left, moved.set)
                try:
                    await moved.wait()
                finally:
                    alarm.cancel()
        finally:
            self._moved.discard(moved)

    def advance(self, seconds: float) -> None:
        """Moves the clock forward and wakes every sleeper whose time has come."""
        if seconds < 0:
            raise ValueError("The clock only moves forward.")
        self._offset += seconds
        for moved in self._moved:
            moved.set()
