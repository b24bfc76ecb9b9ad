"""One lane of a shard: reads on from its checkpoint, fills batches, has them handled, stores how far it came.

What is tried again and what is given up is attempts.py's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import ServiceError
from cloudlet.core.worker import source_topic
from cloudlet.services.lambda_.event_sources import access, invoking, positions, windows
from cloudlet.services.lambda_.event_sources.attempts import Attempts
from cloudlet.services.lambda_.event_sources.streams import IteratorExpired

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.worker import Listener
    from cloudlet.services.lambda_.event_sources.filters import Filters
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping, StreamSettings
    from cloudlet.services.lambda_.event_sources.positions import Fence
    from cloudlet.services.lambda_.event_sources.reports import Reports
    from cloudlet.services.lambda_.event_sources.role import ExecutionRole
    from cloudlet.services.lambda_.event_sources.state import Checkpoint
    from cloudlet.services.lambda_.event_sources.streams import Record, Stream

_SWEEP_SECONDS: Final = 60.0
_LONGEST_PAUSE_SECONDS: Final = 60.0


@dataclass(slots=True)
class LaneContext:
    """What all lanes of a mapping share while its settings stay the same."""

    cloud: Cloud
    mapping: EventSourceMapping
    stream: Stream
    filters: Filters
    role: ExecutionRole
    call: Call
    fence: Fence
    reports: Reports
    stopping: bool = field(default=False, init=False)

    @property
    def settings(self) -> StreamSettings:
        """The mapping's settings for streams."""
        if self.mapping.stream is None:
            raise RuntimeError("A lane reads streams only.")
        return self.mapping.stream

    @property
    def topics(self) -> tuple[str, str]:
        """What wakes a lane: something to read, or that it is to stop."""
        return source_topic(access.stream_arn(self.mapping.source_arn)), f"lane {self.mapping.revision}"

    def stop(self) -> None:
        """Lets every lane end once its batch has been tried."""
        self.stopping = True
        self.cloud.wakeups.wake(self.topics[1])

    async def reader(self) -> Call:
        """A call as the function's role."""
        return await self.role.call(self.mapping.function_arn)

    async def wait_for_source(self) -> None:
        """Returns when there may be something new in the stream."""
        await self.cloud.wakeups.wait(self.topics[0], self.cloud.clock, _SWEEP_SECONDS)


class Lane:
    """The records of one shard that belong together, or all of them."""

    def __init__(self, context: LaneContext, shard_id: str, lanes: int, number: int) -> None:
        self.context = context
        self.shard_id = shard_id
        self._lanes = lanes
        self._number = number
        self.place: Checkpoint
        """As stored."""
        self._iterator: str | None = None
        self._read_to: str | None = None
        """The last sequence number that was read, handled or not."""
        self._held: list[Record] = []
        """Read, but of the next batch."""
        self._at_end = False
        self._listener: Listener

    async def run(self) -> None:
        """Works until the shard ends or the mapping stops."""
        context = self.context
        with context.cloud.wakeups.listening(*context.topics) as self._listener:
            self.place = await context.call.transact(
                lambda inner: positions.of_lane(
                    inner, context.mapping.uuid, self.shard_id, self._lanes, self._number
                ),
                read_only=True,
            )
            while not context.stopping and not self.place.ended:
                await self._turn()

    async def sleep(self, seconds: float) -> None:
        """Returns after some time, or as soon as the mapping stops."""
        clock = self.context.cloud.clock
        until = clock.time() + seconds
        while not self.context.stopping and (left := until - clock.time()) > 0:
            await self._listener.wait(clock, left)

    async def store(self, place: Checkpoint) -> None:
        """Writes how far the lane has come."""
        context = self.context
        await context.call.transact(
            lambda inner: positions.store(
                inner, context.mapping, context.fence, self.shard_id, self._lanes, self._number, place
            )
        )
        self.place = place

    async def handled(self, sequence_number: str, window_state: bytes | None = None) -> None:
        """Writes that everything up to a record was handled."""
        place = replace(self.place, sequence_number=sequence_number, iterator=None)
        if window_state is not None:
            place = replace(place, window_state=window_state)
        await self.store(place)

    async def _turn(self) -> None:
        """One batch."""
        batch = await self._gather()
        if self.context.stopping:
            return
        if batch and not await Attempts(self).handle(batch):
            return
        if not self._held and self._read_to is not None and self._read_to != self.place.sequence_number:
            await self.handled(self._read_to)
        await windows.close_if_over(self, self._held[0].arrived_at if self._held else None)
        if self._at_end and not self._held:
            await windows.close_if_over(self, None, shard_ended=True)
            await self.store(replace(self.place, ended=True))

    async def _gather(self) -> list[Record]:
        """What is there at once; with a batching window, what comes within it up to a full batch."""
        context = self.context
        clock, batch, size = context.cloud.clock, list[Record](), 0
        until: float | None = None
        while not context.stopping:
            if not self._held:
                caught_up = await self._read(context.mapping.batch_size - len(batch))
            else:
                caught_up = False
            while self._held and len(batch) < context.mapping.batch_size:
                record = self._held[0]
                if batch and not (
                    invoking.fits(size, len(record.encoded)) and windows.same(self, batch[0], record)
                ):
                    return batch
                batch.append(self._held.pop(0))
                size += len(record.encoded) + 1
            if len(batch) >= context.mapping.batch_size or self._at_end:
                return batch
            if not caught_up:
                continue
            if batch and until is None:
                until = clock.time() + context.mapping.batching_window_seconds
            left = _SWEEP_SECONDS if until is None else until - clock.time()
            ends_in = windows.seconds_left(self, batch)
            if ends_in is not None:
                left = min(left, ends_in)
            if left <= 0:
                return batch
            if not batch and self._read_to not in (None, self.place.sequence_number):
                return batch
            await self._listener.wait(clock, left)
        return batch

    async def _read(self, limit: int) -> bool:
        """Reads on; whether that is all there is for now."""
        context = self.context
        pause = 1.0
        while not context.stopping:
            try:
                reader = await context.reader()
                if self._iterator is None:
                    self._iterator = await self._open(reader)
                page = await context.stream.page(
                    reader, self._iterator, limit, context.role.arn, self.shard_id
                )
                break
            except IteratorExpired:
                self._iterator = None
            except ServiceError as error:
                await context.reports.problem(context.mapping, error)
                await self.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        else:
            return True
        self._iterator = page.next_iterator
        self._at_end = page.next_iterator is None
        if page.records:
            self._read_to = page.records[-1].sequence_number
        self._held += [each for each in page.records if self._is_wanted(each)]
        return len(page.records) < limit

    async def _open(self, reader: Call) -> str:
        """Where to read on: after what was read, from where it began, or at the beginning."""
        stream, place = self.context.stream, self.place
        last = self._read_to or place.sequence_number
        try:
            if last is not None:
                return await stream.iterator(reader, self.shard_id, "AFTER_SEQUENCE_NUMBER", last)
            if place.iterator is not None:
                self.place = replace(place, iterator=None)
                return place.iterator
        except IteratorExpired:
            return await stream.iterator(reader, self.shard_id, "TRIM_HORIZON")
        if place.since is not None:
            return await stream.iterator(reader, self.shard_id, "AT_TIMESTAMP", place.since)
        return await stream.iterator(reader, self.shard_id, "TRIM_HORIZON")

    def _is_wanted(self, record: Record) -> bool:
        place = self.place
        if place.since is not None and record.arrived_at < int(place.since):
            return False
        return record.lane(self._lanes) == self._number and self.context.filters.pass_(record.view)
