"""One lane of a shard: fills batches, has them handled, stores how far it has come.

Reading is cursor.py's; what is tried again and what is given up is attempts.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cloudlet.services.lambda_.event_sources import invoking, positions, windows
from cloudlet.services.lambda_.event_sources.attempts import Attempts
from cloudlet.services.lambda_.event_sources.context import SWEEP_SECONDS
from cloudlet.services.lambda_.event_sources.cursor import Cursor

if TYPE_CHECKING:
    from cloudlet.core.worker import Listener
    from cloudlet.services.lambda_.event_sources.context import LaneContext
    from cloudlet.services.lambda_.event_sources.state import Checkpoint, Retries
    from cloudlet.services.lambda_.event_sources.streams import Record


class Lane:
    """The records of one shard that belong together, or all of them."""

    def __init__(self, context: LaneContext, shard_id: str, lanes: int, number: int) -> None:
        self.context = context
        self.shard_id = shard_id
        self._lanes = lanes
        self._number = number
        self.place: Checkpoint
        """As stored."""
        self._cursor: Cursor
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
            self._cursor = Cursor(context, self.shard_id, self._lanes, self._number, self.place)
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

    @property
    def retries(self) -> Retries | None:
        """How a batch was being tried, with the settings of now, when somebody was cut off."""
        retries = self.place.retries
        return retries if retries is not None and retries.revision == self.context.mapping.revision else None

    async def handled(
        self,
        sequence_number: str | None,
        window_state: bytes | None = None,
        retries: Retries | None = None,
    ) -> None:
        """Writes that everything up to a record was handled, and what failed so far of what comes next."""
        place = replace(self.place, retries=retries)
        if sequence_number is not None:
            place = replace(place, sequence_number=sequence_number, iterator=None)
        if window_state is not None:
            place = replace(place, window_state=window_state)
        await self.store(place)

    async def _turn(self) -> None:
        """One batch."""
        cursor = self._cursor
        batch = await (self._gather() if self.retries is None else self._gather_again(self.retries))
        if self.context.stopping or (batch and not await Attempts(self).handle(batch)):
            return
        if self._skipped and cursor.read_to is not None:
            await self.handled(cursor.read_to)
        await windows.close_if_over(self, cursor.held[0].arrived_at if cursor.held else None)
        if cursor.at_end and not cursor.held:
            await windows.close_if_over(self, None, shard_ended=True)
            await self.store(replace(self.place, ended=True))

    @property
    def _skipped(self) -> bool:
        """Whether something was read that nobody wants, and nothing else is left to be handled."""
        return not self._cursor.held and self._cursor.read_to not in (None, self.place.sequence_number)

    async def _gather(self) -> list[Record]:
        """What is there at once; with a batching window, what comes within it up to a full batch."""
        cursor, most = self._cursor, self.context.mapping.batch_size
        batch: list[Record] = []
        until: float | None = None
        while not self.context.stopping:
            caught_up = not cursor.held and await cursor.read(most - len(batch), self.sleep)
            self._fill(batch)
            if cursor.held or len(batch) == most or cursor.at_end:
                break
            if caught_up:
                if batch and until is None:
                    until = self.context.call.time() + self.context.mapping.batching_window_seconds
                left = self._seconds_left(batch, until)
                if left <= 0 or (not batch and self._skipped):
                    break
                await self._listener.wait(self.context.cloud.clock, left)
        return batch

    async def _gather_again(self, retries: Retries) -> list[Record]:
        """The batch that was being tried, as far as the stream still has it."""
        cursor, last = self._cursor, int(retries.parts[-1].last_sequence_number)
        while not self.context.stopping:
            caught_up = await cursor.read(self.context.mapping.batch_size, self.sleep)
            if caught_up or cursor.at_end or int(cursor.read_to or 0) >= last:
                break
        batch = [each for each in cursor.held if int(each.sequence_number) <= last]
        cursor.held = cursor.held[len(batch) :]
        if not batch and not self.context.stopping:
            await self.handled(None)
        return batch

    def _fill(self, batch: list[Record]) -> None:
        """Puts into a batch what fits of what was read."""
        held = self._cursor.held
        size = sum(len(each.encoded) + 1 for each in batch)
        while held and len(batch) < self.context.mapping.batch_size:
            if batch and not (
                invoking.fits(size, len(held[0].encoded)) and windows.same(self, batch[0], held[0])
            ):
                return
            size += len(held[0].encoded) + 1
            batch.append(held.pop(0))

    def _seconds_left(self, batch: list[Record], until: float | None) -> float:
        """How long to wait for more at most."""
        left = SWEEP_SECONDS if until is None else until - self.context.call.time()
        ends_in = windows.seconds_left(self, batch)
        return left if ends_in is None else min(left, ends_in)
