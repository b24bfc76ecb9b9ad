"""Background loops: named, restarted when they fail, woken by hints, idle otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cloudlet.core.clock import Clock

_LOG: Final = logging.getLogger("cloudlet.worker")
_LONGEST_PAUSE_SECONDS: Final = 30.0


class Worker(Protocol):
    """A loop that runs until it is cancelled."""

    @property
    def name(self) -> str:
        """For the log and the status."""

    async def run(self) -> None:
        """Works until cancelled. Raising means: pause, then run again."""


def source_topic(arn: str) -> str:
    """The topic that a queue or a stream wakes when there may be something new to read from it."""
    return f"source {arn}"


class Listener:
    """Somebody who looks, waits for a hint and looks again; a hint that comes while they look counts."""

    def __init__(self, woken: asyncio.Event) -> None:
        self._woken = woken

    async def wait(self, clock: Clock, sweep_seconds: float) -> None:
        """Returns once there was a hint since the last wait, or after `sweep_seconds` on the clock."""
        sleeper = asyncio.ensure_future(clock.sleep(sweep_seconds))
        sleeper.add_done_callback(self._time_is_over)
        try:
            await self._woken.wait()
        finally:
            sleeper.cancel()
            self._woken.clear()

    def _time_is_over(self, sleeper: asyncio.Future[None]) -> None:
        if not sleeper.cancelled():
            self._woken.set()


class Wakeups:
    """Hints that there is something to do. A hint may get lost; a slow sweep always backs it."""

    def __init__(self) -> None:
        self._told: dict[str, set[Callable[[], None]]] = {}

    def wake(self, topic: str) -> None:
        """Wakes whoever waits for a topic now."""
        for hint in tuple(self._told.get(topic, ())):
            hint()

    def tell(self, topic: str, hint: Callable[[], None]) -> None:
        """Calls `hint` whenever a topic is woken, until tell_no_more()."""
        self._told.setdefault(topic, set()).add(hint)

    def tell_no_more(self, topic: str, hint: Callable[[], None]) -> None:
        """Ends what tell() began."""
        told = self._told.get(topic)
        if told is not None:
            told.discard(hint)
            if not told:
                del self._told[topic]

    async def wait(self, topic: str, clock: Clock, sweep_seconds: float) -> None:
        """Returns when the topic is woken, or after `sweep_seconds` of the cloud's clock."""
        with self.listening(topic) as listener:
            await listener.wait(clock, sweep_seconds)

    @contextlib.contextmanager
    def listening(self, *topics: str) -> Iterator[Listener]:
        """For a loop that looks and waits in turn: begin to listen before the first look."""
        event = asyncio.Event()
        for topic in topics:
            self.tell(topic, event.set)
        try:
            yield Listener(event)
        finally:
            for topic in topics:
                self.tell_no_more(topic, event.set)


class Supervisor:
    """Runs workers and starts them again, after a growing pause, when they fail."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def names(self) -> Iterable[str]:
        """The names of the running workers."""
        return self._tasks.keys()

    def start(self, worker: Worker) -> None:
        """Starts a worker; one of the same name that still runs is left alone."""
        running = self._tasks.get(worker.name)
        if running is None or running.done():
            self._tasks[worker.name] = asyncio.ensure_future(self._keep_running(worker))

    async def stop(self) -> None:
        """Cancels every worker and waits for it to end."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _keep_running(self, worker: Worker) -> None:
        pause = 0.1
        while True:
            try:
                await worker.run()
            except Exception:  # noqa: BLE001  the edge of a worker: whatever it is, it must not end the loop
                _LOG.exception("worker %s failed; it starts again in %.1f s", worker.name, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            else:
                return
