"""The cloud's clock: it moves forward, and it wakes those who wait for it."""

from __future__ import annotations

import asyncio

import pytest

from cloudlet.core.clock import SystemClock


def test_a_sleeper_wakes_once_the_clock_has_moved_far_enough() -> None:
    async def scenario() -> list[bool]:
        clock = SystemClock()
        sleeper = asyncio.ensure_future(clock.sleep(100))
        seen = []
        for _ in range(2):
            await asyncio.sleep(0)
            clock.advance(60)
            for _ in range(3):
                await asyncio.sleep(0)
            seen.append(sleeper.done())
        return seen

    assert asyncio.run(scenario()) == [False, True]


@pytest.mark.parametrize("turns", range(4))
def test_a_sleeper_that_is_cancelled_just_after_the_clock_moved_ends(turns: int) -> None:
    async def scenario() -> None:
        clock = SystemClock()
        sleeper = asyncio.ensure_future(clock.sleep(100))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        clock.advance(60)
        for _ in range(turns):
            await asyncio.sleep(0)
        sleeper.cancel()
        done, _ = await asyncio.wait([sleeper], timeout=5)
        assert done
        assert sleeper.cancelled()

    asyncio.run(scenario())


def test_the_clock_does_not_move_back() -> None:
    with pytest.raises(ValueError, match="only moves forward"):
        SystemClock().advance(-1)
