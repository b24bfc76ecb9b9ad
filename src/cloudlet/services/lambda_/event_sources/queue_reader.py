"""Reads a queue for a function: receives as its role, fills batches, runs them, deletes what was handled.

What is not deleted appears again after the queue's visibility timeout; nothing is stored here.
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from cloudlet.core.arn import Arn, queue_url
from cloudlet.core.errors import ServiceError
from cloudlet.core.worker import source_topic
from cloudlet.services.lambda_.errors import TooManyRequestsException
from cloudlet.services.lambda_.event_sources import filter_criteria, invoking, results
from cloudlet.services.lambda_.event_sources.messages import Message, message
from cloudlet.services.lambda_.event_sources.metrics import (
    DELETED,
    FAILED,
    FILTERED_OUT,
    INVOKED,
    POLLED,
    MappingMetrics,
)
from cloudlet.services.lambda_.event_sources.role import ExecutionRole, service_call
from cloudlet.services.lambda_.event_sources.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Cloud
    from cloudlet.services.lambda_.event_sources.filters import Filters
    from cloudlet.services.lambda_.event_sources.invoking import Run
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping

_AT_A_TIME: Final = 10
_LONGEST_POLL_SECONDS: Final = 20
_LONGEST_PAUSE_SECONDS: Final = 60.0
_SWEEP_SECONDS: Final = 300.0
_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_LOG: Final = logging.getLogger("cloudlet.lambda")


class QueueReader:
    """The reader of one mapping's queue."""

    def __init__(self, cloud: Cloud, mapping: EventSourceMapping) -> None:
        self._cloud = cloud
        self._role = ExecutionRole(cloud, mapping)
        self._slots = Slots(cloud.clock)
        self._receiving: asyncio.Task[None] | None = None
        self._metrics: MappingMetrics

    @property
    def busy(self) -> bool:
        """Whether a batch runs still."""
        return self._slots.busy

    async def begin(self, mapping: EventSourceMapping) -> None:
        """Reads from now on, as a mapping says."""
        self._metrics = MappingMetrics(service_call(self._cloud, mapping.account, mapping.region), mapping)
        self._slots.maximum = None if mapping.queue is None else mapping.queue.maximum_concurrency
        self._receiving = asyncio.ensure_future(self._read(mapping))

    async def pause(self) -> None:
        """Receives no more; batches that run go on to their end."""
        if self._receiving is not None:
            self._receiving.cancel()
            await asyncio.wait([self._receiving])
            self._receiving = None

    async def close(self) -> None:
        """Ends everything at once."""
        await self.pause()
        await self._slots.close()

    async def _read(self, mapping: EventSourceMapping) -> None:
        cloud, pause = self._cloud, 1.0
        chosen: Filters | None = None
        with cloud.wakeups.listening(source_topic(mapping.source_arn)) as listener:
            while True:
                try:
                    chosen = chosen or await filter_criteria.compiled(cloud, mapping)
                    found = await self._turn(mapping, chosen)
                    pause = 1.0
                    if not found and await self._is_empty(mapping):
                        await listener.wait(cloud.clock, _SWEEP_SECONDS)
                except ServiceError as error:
                    _LOG.warning("mapping %s cannot read %s: %s", mapping.uuid, mapping.source_arn, error)
                    await cloud.clock.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _is_empty(self, mapping: EventSourceMapping) -> bool:
        """Whether nothing can come out of the queue before something is sent to it, which wakes us."""
        told = await self._attributes(mapping, *_COUNTS)
        return all(told[name] == "0" for name in _COUNTS)

    async def _turn(self, mapping: EventSourceMapping, chosen: Filters) -> bool:
        """Fills one batch and lets it run; whether there was anything to receive."""
        await self._slots.free()
        messages = await self._gather(mapping)
        if not messages:
            self._slots.idle()
            return False
        wanted = [each for each in messages if chosen.pass_(each.record)]
        self._metrics.count(POLLED, len(messages))
        self._metrics.count(FILTERED_OUT, len(messages) - len(wanted))
        if len(wanted) < len(messages):
            # AWS: a message that no filter lets pass is gone from the queue for good.
            await self._delete(mapping, [each for each in messages if each not in wanted])
        received_at = self._cloud.clock.time()
        for batch in _split(wanted):
            await self._slots.free()
            self._slots.take(self._handle(mapping, batch, received_at))
        return True

    async def _gather(self, mapping: EventSourceMapping) -> list[Message]:
        """What is there at once; with a batching window, what comes within it up to a full batch."""
        messages = await self._receive(mapping, mapping.batch_size, _LONGEST_POLL_SECONDS)
        if not messages or not mapping.batching_window_seconds:
            return messages
        clock = self._cloud.clock
        until = clock.time() + mapping.batching_window_seconds
        while (room := mapping.batch_size - len(messages)) > 0 and not _is_full(messages):
            left = until - clock.time()
            if left <= 0:
                break
            if left < 1:
                await clock.sleep(left)
            more = await self._receive(mapping, room, min(int(left), _LONGEST_POLL_SECONDS))
            messages += more
        return messages

    async def _receive(self, mapping: EventSourceMapping, room: int, wait_seconds: int) -> list[Message]:
        call = await self._role.call(mapping.function_arn)
        answer = await call.ask(
            "sqs",
            "ReceiveMessage",
            {
                "QueueUrl": queue_url(Arn.parse(mapping.source_arn)),
                "MaxNumberOfMessages": min(room, _AT_A_TIME),
                "WaitTimeSeconds": wait_seconds,
                "AttributeNames": ["All"],
                "MessageAttributeNames": ["All"],
            },
        )
        return [message(mapping, each) for each in answer.get("Messages") or ()]

    async def _handle(self, mapping: EventSourceMapping, batch: list[Message], received_at: float) -> None:
        try:
            done = await self._run(mapping, batch, received_at)
            await self._delete(mapping, done)
            self._metrics.count(DELETED, len(done))
        except ServiceError as error:
            _LOG.warning("mapping %s could not run %s: %s", mapping.uuid, mapping.function_arn, error)
        except Exception:  # noqa: BLE001  the edge of a task: the messages appear again
            _LOG.exception("mapping %s lost a batch", mapping.uuid)

    async def _run(
        self, mapping: EventSourceMapping, batch: list[Message], received_at: float
    ) -> list[Message]:
        """Runs the function with a batch; the messages that it handled."""
        call = service_call(self._cloud, mapping.account, mapping.region)
        call.trace_id = next((each.trace_header for each in batch if each.trace_header), None)
        event = invoking.payload(each.encoded for each in batch)
        pause = 1.0
        while True:
            try:
                run = await invoking.run(call, mapping.function_arn, event)
                break
            except TooManyRequestsException:
                self._slots.throttled()
                if call.time() + pause >= received_at + await self._visibility_seconds(mapping):
                    return []
                await call.clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        done = _done(mapping, batch, run)
        self._metrics.count(INVOKED, len(batch))
        self._metrics.count(FAILED, len(batch) - len(done))
        return done

    async def _visibility_seconds(self, mapping: EventSourceMapping) -> int:
        return int((await self._attributes(mapping, "VisibilityTimeout"))["VisibilityTimeout"])

    async def _attributes(self, mapping: EventSourceMapping, *names: str) -> dict[str, str]:
        call = await self._role.call(mapping.function_arn)
        request = {"QueueUrl": queue_url(Arn.parse(mapping.source_arn)), "AttributeNames": list(names)}
        told = await call.ask("sqs", "GetQueueAttributes", request)
        attributes: dict[str, str] = told["Attributes"]
        return attributes

    async def _delete(self, mapping: EventSourceMapping, messages: Sequence[Message]) -> None:
        call = await self._role.call(mapping.function_arn)
        url = queue_url(Arn.parse(mapping.source_arn))
        for at in range(0, len(messages), _AT_A_TIME):
            some = messages[at : at + _AT_A_TIME]
            entries = [
                {"Id": str(place), "ReceiptHandle": each.receipt_handle} for place, each in enumerate(some)
            ]
            answer = await call.ask("sqs", "DeleteMessageBatch", {"QueueUrl": url, "Entries": entries})
            if answer.get("Failed"):
                # Such as one whose visibility timeout was over before the function was done: it comes again.
                _LOG.debug("mapping %s could not delete %d messages", mapping.uuid, len(answer["Failed"]))


def _done(mapping: EventSourceMapping, batch: list[Message], run: Run) -> list[Message]:
    """The messages of a batch that the function has handled."""
    if run.failed:
        return []
    if not mapping.reports_item_failures:
        return batch
    try:
        failed = results.failed_items(run.payload, {each.id for each in batch})
    except results.WholeBatchFailed:
        return []
    return [each for each in batch if each.id not in failed]


def _split(messages: Sequence[Message]) -> list[list[Message]]:
    """The batches that are small enough for an event each."""
    batches: list[list[Message]] = []
    size = 0
    for each in messages:
        if not batches or not invoking.fits(size, len(each.encoded)):
            batches.append([])
            size = 0
        batches[-1].append(each)
        size += len(each.encoded) + 1
    return batches


def _is_full(messages: Sequence[Message]) -> bool:
    """Whether an event has room for no more."""
    return not invoking.fits(sum(len(each.encoded) + 1 for each in messages), 0)
