"""How long an integration may take.

What takes longer is left to end by itself: a function runs on although the gateway has answered, as at AWS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from .errors import integration_timeout

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`. Raises GatewayError when it does not come in time."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.add_done_callback(_look_at)
        raise integration_timeout()
    return task.result()


def _look_at(task: asyncio.Future[Any]) -> None:
    # Nobody waits for it any more; an error nobody asked for is no news for the log.
    if not task.cancelled():
        task.exception()
