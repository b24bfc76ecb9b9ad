"""How many batches of a queue run at once: few at first, more while there is more than they can take.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html. Counts what runs on this server.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from cloudlet.core.clock import Clock

_AT_FIRST: Final = 5
_AT_MOST: Final = 1250
_MORE_A_SECOND: Final = 5
_AFTER_THROTTLE_SECONDS: Final = 60.0


class Slots:
    """The batches of one mapping that run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._limit = _AT_FIRST
        self._may_grow_at = 0.0
        self.maximum: int | None = None
        """What the user allows."""

    @property
    def busy(self) -> bool:
        """Whether a batch runs."""
        return bool(self._running)

    def take(self, work: Coroutine[None, None, None]) -> None:
        """Runs a batch."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def free(self) -> None:
        """Returns when there is room for a batch."""
        while len(self._running) >= min(self._limit, self.maximum or _AT_MOST):
            await self._one_less_or_more_room()

    def throttled(self) -> None:
        """Takes back what was too many."""
        self._limit = max(1, min(self._limit, len(self._running)) - 1)
        self._may_grow_at = self._clock.time() + _AFTER_THROTTLE_SECONDS

    def idle(self) -> None:
        """Begins anew once there is nothing left to do."""
        if not self._running and self._clock.time() >= self._may_grow_at:
            self._limit = _AT_FIRST

    async def close(self) -> None:
        """Ends every batch; its messages appear again."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _one_less_or_more_room(self) -> None:
        pause = max(1.0, self._may_grow_at - self._clock.time())
        tick = asyncio.ensure_future(self._clock.sleep(pause))
        try:
            await asyncio.wait({tick, *self._running}, return_when=asyncio.FIRST_COMPLETED)
            if tick.done():
                self._limit = min(self._limit + _MORE_A_SECOND, _AT_MOST)
        finally:
            tick.cancel()
