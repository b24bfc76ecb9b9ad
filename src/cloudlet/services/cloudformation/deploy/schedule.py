"""Runs pieces of work side by side, each after those it needs.

Knows nothing of what the work is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping


async def run_in_order(
    needed: Mapping[str, frozenset[str]],
    work: Callable[[str], Awaitable[bool]],
    *,
    at_once: int,
    stop_at_failure: bool,
) -> frozenset[str]:
    """Runs `work` for every name, after it came back for those it needs; the names for which it said no.

    What needs a failed one is left out. With `stop_at_failure` nothing new begins after the first failure;
    what runs may end.
    """
    waiting = dict(needed)
    done: set[str] = set()
    failed: set[str] = set()
    running: dict[asyncio.Task[bool], str] = {}
    try:
        while True:
            if not (failed and stop_at_failure):
                for name in _ready(waiting, done)[: at_once - len(running)]:
                    del waiting[name]
                    running[asyncio.ensure_future(work(name))] = name
            if not running:
                return frozenset(failed)
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                name = running.pop(task)
                (done if task.result() else failed).add(name)
    finally:
        for task in running:
            task.cancel()


def _ready(waiting: Mapping[str, frozenset[str]], done: set[str]) -> list[str]:
    return [name for name, before in waiting.items() if before <= done]
