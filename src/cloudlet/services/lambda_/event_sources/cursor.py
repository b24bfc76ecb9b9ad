"""Reads one lane's records of a shard, in order, and knows where it is.

What was read and what of it was handled differ; the latter is the lane's to store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import ServiceError
from cloudlet.services.lambda_.event_sources.context import LONGEST_PAUSE_SECONDS
from cloudlet.services.lambda_.event_sources.metrics import FILTERED_OUT, POLLED
from cloudlet.services.lambda_.event_sources.streams import IteratorExpired

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.event_sources.context import LaneContext
    from cloudlet.services.lambda_.event_sources.state import Checkpoint
    from cloudlet.services.lambda_.event_sources.streams import Page, Record

_TOO_FAST: Final = "ProvisionedThroughputExceededException"
"""What a stream says that is read by others too; one waits, and nobody need be told."""


class Cursor:
    """A place in a shard, for one of so many lanes."""

    def __init__(
        self, context: LaneContext, shard_id: str, lanes: int, number: int, place: Checkpoint
    ) -> None:
        self._context = context
        self._shard_id = shard_id
        self._lanes = lanes
        self._number = number
        self._since = place.since
        self._iterator = None if place.sequence_number else place.iterator
        self.read_to = place.sequence_number
        """The last sequence number that was read, wanted or not."""
        self.held: list[Record] = []
        """Read, wanted and not yet in a batch."""
        self.at_end = False
        """Whether the shard was closed and all of it was read."""

    async def read(self, limit: int, sleep: Callable[[float], Awaitable[None]]) -> bool:
        """Reads on; whether that was all there is for now."""
        page = await self._page(limit, sleep)
        if page is None:
            return True
        self._iterator = page.next_iterator
        self.at_end = page.next_iterator is None
        if page.records:
            self.read_to = page.records[-1].sequence_number
        own = [each for each in page.records if self._is_own(each)]
        wanted = [each for each in own if self._context.filters.pass_(each.view)]
        self._context.metrics.count(POLLED, len(own))
        self._context.metrics.count(FILTERED_OUT, len(own) - len(wanted))
        self.held += wanted
        return len(page.records) < limit

    async def _page(self, limit: int, sleep: Callable[[float], Awaitable[None]]) -> Page | None:
        """The next records; None where the mapping stopped before they could be read."""
        context, pause = self._context, 1.0
        while not context.stopping:
            try:
                reader = await context.reader()
                if self._iterator is None:
                    self._iterator = await self._open(reader)
                return await context.stream.page(
                    reader, self._iterator, limit, context.role.arn, self._shard_id
                )
            except IteratorExpired:
                self._iterator = None
            except ServiceError as error:
                if error.code != _TOO_FAST:
                    await context.reports.problem(context.mapping, error)
                await sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return None

    async def _open(self, reader: Call) -> str:
        """Where to read on: after what was read, from where it began, or at the beginning."""
        stream = self._context.stream
        if self.read_to is not None:
            try:
                return await stream.iterator(reader, self._shard_id, "AFTER_SEQUENCE_NUMBER", self.read_to)
            except IteratorExpired:
                return await stream.iterator(reader, self._shard_id, "TRIM_HORIZON")
        if self._since is not None:
            return await stream.iterator(reader, self._shard_id, "AT_TIMESTAMP", self._since)
        return await stream.iterator(reader, self._shard_id, "TRIM_HORIZON")

    def _is_own(self, record: Record) -> bool:
        if self._since is not None and record.arrived_at < int(self._since):
            return False
        return record.lane(self._lanes) == self._number
