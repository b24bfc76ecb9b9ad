"""How many batches of one queue run at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cloudlet.core.clock import SystemClock
from cloudlet.services.lambda_.event_sources.slots import Slots


class Crowd:
    """Batches that run until they are told to end."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.slots = Slots(self.clock)
        self.end = asyncio.Event()

    async def fill(self, count: int) -> int:
        """Takes slots while there are any; how many it got."""
        for taken in range(count):
            free = asyncio.ensure_future(self.slots.free())
            done, _ = await asyncio.wait([free], timeout=0.05)
            if not done:
                free.cancel()
                return taken
            self.slots.take(self._work())
        return count

    async def _work(self) -> None:
        await self.end.wait()


def run(test: Callable[[Crowd], Awaitable[None]]) -> None:
    async def in_loop() -> None:
        crowd = Crowd()
        await test(crowd)
        await crowd.slots.close()

    asyncio.run(in_loop())


def test_five_run_at_first_and_five_more_after_a_second_of_being_full() -> None:
    async def test(crowd: Crowd) -> None:
        assert await crowd.fill(20) == 5
        waiting = asyncio.ensure_future(crowd.slots.free())
        await asyncio.wait([waiting], timeout=0.01)
        crowd.clock.advance(1)
        await waiting
        assert await crowd.fill(20) == 5

    run(test)


def test_no_more_run_than_the_user_allows() -> None:
    async def test(crowd: Crowd) -> None:
        crowd.slots.maximum = 2
        assert await crowd.fill(20) == 2

    run(test)


def test_a_throttle_takes_back_what_was_too_many_for_a_minute() -> None:
    async def test(crowd: Crowd) -> None:
        assert await crowd.fill(5) == 5
        for _ in range(3):
            crowd.slots.throttled()
        crowd.end.set()
        await asyncio.wait([asyncio.ensure_future(crowd.slots.free())], timeout=1)
        crowd.end.clear()
        assert await crowd.fill(20) < 5

    run(test)
