"""Coroutines that are run at once, and become tasks only when they have to wait.

It knows nothing of HTTP. asyncio itself can do this only from Python 3.12 on.
"""

from __future__ import annotations

import asyncio
import types
from asyncio import tasks
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

_STANDBY_LIMIT = 64


@types.coroutine
def _rest(
    coroutine: Coroutine[Any, Any, None], awaited: Any, context: Context, error: BaseException | None
) -> Generator[Any, Any, None]:
    """Goes on with a coroutine that has been run up to where it waits for `awaited`."""
    try:
        while True:
            if error is None:
                try:
                    value = yield awaited
                except BaseException as thrown:  # noqa: BLE001 - whatever it is, it is the coroutine's to handle
                    error = thrown
                else:
                    awaited = context.run(coroutine.send, value)
                    continue
            to_throw, error = error, None
            awaited = context.run(coroutine.throw, to_throw)
    except StopIteration:
        return


class _Standby:
    """A started task that waits for a coroutine to go on with; meanwhile it lends its identity."""

    __slots__ = ("half_run", "handed", "pool", "task")

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: list[_Standby]) -> None:
        self.pool = pool
        self.half_run: tuple[Coroutine[Any, Any, None], Any, Context] | None = None
        self.handed: asyncio.Future[None] = loop.create_future()
        self.task = loop.create_task(self._run())

    async def _run(self) -> None:
        while len(self.pool) < _STANDBY_LIMIT:
            self.handed = asyncio.get_running_loop().create_future()
            self.half_run = None
            self.pool.append(self)
            cancelled: BaseException | None = None
            try:
                await self.handed
            except asyncio.CancelledError as error:
                if self.half_run is None:
                    raise
                cancelled = error
            assert self.half_run is not None
            coroutine, awaited, context = self.half_run
            await _rest(coroutine, awaited, context, cancelled)


class Eager:
    """Runs coroutines that return nothing and handle their own errors."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pool: list[_Standby] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._keep(_Standby(loop, self._pool).task)

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Runs a coroutine until it ends or waits; the rest goes on as a task. Not for use inside a task."""
        standby = self._ready()
        if standby is None:
            self._keep(self._loop.create_task(coroutine))
            self._keep(_Standby(self._loop, self._pool).task)
            return
        context = copy_context()
        tasks._enter_task(self._loop, standby.task)
        try:
            awaited = context.run(coroutine.send, None)
        except StopIteration:
            return
        finally:
            tasks._leave_task(self._loop, standby.task)
        self._pool.remove(standby)
        standby.half_run = (coroutine, awaited, context)
        if not standby.handed.done():
            standby.handed.set_result(None)

    def cancel(self) -> None:
        """Cancels all that still runs."""
        for task in tuple(self._tasks):
            task.cancel()

    def _ready(self) -> _Standby | None:
        while self._pool:
            standby = self._pool[-1]
            if not standby.handed.done():
                return standby
            self._pool.pop()
        return None

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
