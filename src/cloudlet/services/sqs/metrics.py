"""What CloudWatch is told of queues: what clients did, as it happens, and what they hold, once a minute.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
Nothing is read or written for it while a client waits, and nothing at all for queues that nobody uses.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.access import Principal
from cloudlet.services.sqs import state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.metrics import Series
    from cloudlet.services.sqs.model import Queue

_NAMESPACE: Final = "AWS/SQS"
_ACTIVE_SECONDS: Final = 6 * 3600.0
"""A queue counts as active for so long after its last use."""
_SAMPLE_SECONDS: Final = 60.0


class _Held(Struct, frozen=True):
    """What a queue holds at a moment."""

    visible: int = 0
    in_flight: int = 0
    delayed: int = 0
    oldest_seconds: float = 0.0


class _Counted(Struct):
    """The metrics of one queue that are counted as things happen."""

    queue: Queue
    sent: Series
    sent_size: Series
    received: Series
    empty: Series
    deleted: Series
    used_at: float
    held: _Held | None = None
    """As of the last sample, if nothing has happened since."""


class QueueMetrics:
    """The metrics of the queues that were used in the last hours."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._active: dict[str, _Counted] = {}
        self.used = asyncio.Event()
        """Set while there are any."""

    async def close(self) -> None:
        """Forgets them."""
        self._active.clear()

    def sent(self, queue: Queue, sizes_bytes: Iterable[int]) -> None:
        """Counts messages that were put in by one call."""
        counted, count = self._of(queue), 0
        for size_bytes in sizes_bytes:
            counted.sent_size.add(size_bytes)
            count += 1
        if count:
            counted.sent.add(count)

    def received(self, queue: Queue, count: int) -> None:
        """Counts what one call received, which may be nothing."""
        counted = self._of(queue)
        if count:
            counted.received.add(count)
        else:
            counted.empty.add()

    def deleted(self, queue: Queue, count: int) -> None:
        """Counts messages that one call took out."""
        if count:
            self._of(queue).deleted.add(count)

    def active(self, now: float) -> list[_Counted]:
        """The queues that are active, without those that no longer are."""
        self._active = {
            key: counted for key, counted in self._active.items() if now < counted.used_at + _ACTIVE_SECONDS
        }
        if not self._active:
            self.used.clear()
        return list(self._active.values())

    def _of(self, queue: Queue) -> _Counted:
        counted = self._active.get(queue.id)
        if counted is None:
            counted = self._active[queue.id] = self._new(queue)
            self.used.set()
        counted.used_at = self._cloud.clock.time()
        counted.held = None
        return counted

    def _new(self, queue: Queue) -> _Counted:
        series = partial(_series, self._cloud, queue)
        return _Counted(
            queue,
            series("NumberOfMessagesSent"),
            series("SentMessageSize", "Bytes"),
            series("NumberOfMessagesReceived"),
            series("NumberOfEmptyReceives"),
            series("NumberOfMessagesDeleted"),
            0.0,
        )


class MetricsSampler:
    """Tells once a minute what active queues hold."""

    name = "sqs-metrics"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        metrics = self._cloud.component(QueueMetrics)
        call = self._cloud.call("sqs", Principal.of_service("sqs.amazonaws.com"), "", "")
        while True:
            await metrics.used.wait()
            for counted in metrics.active(self._cloud.clock.time()):
                await self._sample(call, counted)
            await self._cloud.clock.sleep(_SAMPLE_SECONDS)

    async def _sample(self, call: Call, counted: _Counted) -> None:
        held = counted.held
        if held is None or held != _Held():
            counted.held = held = await call.transact(partial(_look, queue=counted.queue), read_only=True)
        for name, value, unit in (
            ("ApproximateNumberOfMessagesVisible", held.visible, "Count"),
            ("ApproximateNumberOfMessagesNotVisible", held.in_flight, "Count"),
            ("ApproximateNumberOfMessagesDelayed", held.delayed, "Count"),
            ("ApproximateAgeOfOldestMessage", held.oldest_seconds, "Seconds"),
        ):
            _series(self._cloud, counted.queue, name, unit).add(value)


def _look(call: Call, queue: Queue) -> _Held:
    messages = state.messages(call, queue)
    counts = messages.counts()
    oldest = next((message for _, message in messages.sent_before(call.time(), 1)), None)
    age = 0.0 if oldest is None else call.time() - oldest.sent_at
    return _Held(counts.visible, counts.in_flight, counts.delayed, age)


def _series(cloud: Cloud, queue: Queue, name: str, unit: str = "Count") -> Series:
    dimensions = (("QueueName", queue.name),)
    return cloud.metrics.series(queue.account, queue.region, _NAMESPACE, name, dimensions, unit)
