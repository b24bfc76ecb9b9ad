"""Long polls: who waits for a message of which queue. Waiting costs nothing; a message wakes one who waits.

A hint wakes the first in the line. Whoever leaves the line with messages, or without having looked after a
hint, wakes the next one, so that no hint is lost and a thousand who wait do not all look at one message.
Hints only: what may be received is decided in the receive's own transaction.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cloudlet.core.worker import Listener, source_topic

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.clock import Clock
    from cloudlet.services.sqs.model import Queue


class Poll:
    """One who waits."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.hint = asyncio.Event()
        self._listener = Listener(self.hint)
        self.found = False
        """Whether it leaves with messages."""
        self._hinted = False

    def wake(self) -> None:
        """Tells it that there may be something to receive."""
        self._hinted = True
        self.hint.set()

    async def wait(self, clock: Clock, seconds: float, next_due: float | None) -> bool:
        """Returns when there may be something to receive, or False after some seconds without a hint."""
        if next_due is not None:
            self._line.expect(next_due)
        await self._listener.wait(clock, seconds)
        hinted, self._hinted = self._hinted, False
        return hinted or self._line.is_due(clock.time())


class Line:
    """Those who wait for one queue, and the time when something becomes visible for them."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.polls: dict[Poll, None] = {}
        self._due: float | None = None
        self._alarm: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Wakes the first who is not awake yet."""
        for poll in self.polls:
            if not poll.hint.is_set():
                poll.wake()
                return

    def expect(self, due: float) -> None:
        """Makes sure that somebody is woken at a time."""
        if self._due is not None and self._due <= due:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._due = due
        self._alarm = asyncio.ensure_future(self._ring(due))

    def is_due(self, now: float) -> bool:
        """Whether something is visible that nobody has been woken for yet."""
        return self._due is not None and self._due <= now

    async def _ring(self, due: float) -> None:
        await self._cloud.clock.sleep(due - self._cloud.clock.time())
        self._due = self._alarm = None
        self.wake()

    def close(self) -> None:
        """Nobody waits any more."""
        if self._alarm is not None:
            self._alarm.cancel()


class LongPolls:
    """The lines of all queues that somebody waits for."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lines: dict[str, Line] = {}
        self._undoing: set[asyncio.Future[None]] = set()

    async def close(self) -> None:
        """Ends the alarms; who waits still is cut off by the server."""
        if self._undoing:
            await asyncio.wait(self._undoing)
        for line in self._lines.values():
            line.close()

    def expect(self, arn: str, due: float) -> None:
        """Tells those who wait, if any, that something becomes visible at a time."""
        line = self._lines.get(arn)
        if line is not None:
            line.expect(due)

    def undo(self, undoing: Coroutine[Any, Any, None]) -> None:
        """Runs what makes good for a receive whose caller has gone away."""
        task = asyncio.ensure_future(undoing)
        self._undoing.add(task)
        task.add_done_callback(self._undoing.discard)

    @contextmanager
    def join(self, arn: str) -> Iterator[Poll]:
        """A place in the line of a queue, from before the first look until after the last."""
        line = self._lines.get(arn)
        if line is None:
            line = self._lines[arn] = Line(self._cloud)
            self._cloud.wakeups.tell(source_topic(arn), line.wake)
        poll = Poll(line)
        line.polls[poll] = None
        try:
            yield poll
        finally:
            del line.polls[poll]
            if poll.found or poll.hint.is_set():
                line.wake()
            if not line.polls:
                line.close()
                self._cloud.wakeups.tell_no_more(source_topic(arn), line.wake)
                del self._lines[arn]


def expect_visible(call: Call, queue: Queue, due: float) -> None:
    """Tells those who wait, once the transaction is on disk, that something becomes visible at a time."""
    polls, arn = call.cloud.component(LongPolls), queue.arn
    call.transaction.after_commit(lambda: polls.expect(arn, due))
