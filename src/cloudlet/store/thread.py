"""One thread that does what it is given and tells the loop when that is done.

An executor does the same with two futures a call, which here costs as much as the sync of a small group.
"""

from __future__ import annotations

import asyncio
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Done: TypeAlias = "Callable[[Exception | None], None]"
"""Takes what the work raised."""
_Task: TypeAlias = "tuple[asyncio.AbstractEventLoop, Callable[[], None], Done]"


class WorkThread:
    """Starts with its first work. Keeps no process from ending: what must be done is awaited on the loop."""

    def __init__(self, name: str) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._begins = Lock()
        self._begins.acquire()
        self._thread = Thread(target=self._work, name=name, daemon=True)

    def run(self, work: Callable[[], None], then: Done) -> None:
        """On the loop: has `work` done in the thread, which must be at rest; then calls `then` on the loop.

        It returns once the work has begun: the thread needs the interpreter for that, and a busy loop would
        keep it to itself for a whole turn. Measured at 16 connections, syncs began 1 ms late.
        """
        if self._thread.ident is None:
            self._thread.start()
        self._tasks.put((asyncio.get_running_loop(), work, then))
        self._begins.acquire()

    def end(self) -> None:
        """Lets the thread end after the work it has."""
        self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            loop, work, then = task
            error: Exception | None = None
            self._begins.release()
            try:
                work()
            except Exception as raised:  # noqa: BLE001  the edge of a thread: the loop decides what it means
                error = raised
            loop.call_soon_threadsafe(then, error)
