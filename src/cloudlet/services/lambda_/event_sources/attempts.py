"""Handling one batch of a stream: run it, and on failure try again, split it, or give it up and say so.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html. How often it failed stands in
the lane's checkpoint, so that a server which is killed meanwhile does not begin to count anew.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.errors import ServiceError
from cloudlet.services.lambda_.errors import TooManyRequestsException
from cloudlet.services.lambda_.event_sources import destinations, invoking, reports, results, windows
from cloudlet.services.lambda_.event_sources.destinations import RETRIES_EXHAUSTED, TOO_OLD, DiscardedBatch
from cloudlet.services.lambda_.event_sources.mapping import UNLIMITED, Kind
from cloudlet.services.lambda_.event_sources.metrics import DELIVERED, DROPPED, FAILED, INVOKED
from cloudlet.services.lambda_.event_sources.state import Retries, Retry

if TYPE_CHECKING:
    from cloudlet.services.lambda_.event_sources.invoking import Run
    from cloudlet.services.lambda_.event_sources.lane import Lane
    from cloudlet.services.lambda_.event_sources.streams import Record

_LONGEST_PAUSE_SECONDS: Final = 60.0
_LOG: Final = logging.getLogger("cloudlet.lambda")


class _Batch(Struct, frozen=True):
    """Records that are tried together."""

    records: tuple[Record, ...]
    failures: int = 0
    """How often the function failed; splitting does not count."""
    runs: int = 0


class Attempts:
    """The attempts at one batch."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._context = lane.context
        self._settings = lane.context.settings
        self._pause = 1.0
        self._left: list[_Batch] = []
        """What is still to be tried, the first at the end."""

    async def handle(self, records: list[Record]) -> bool:
        """Tries until nothing of the batch is left; False where the mapping stopped before."""
        self._left = _parts(records, self._lane.retries)
        while self._left:
            if self._context.stopping:
                return False
            batch = self._left.pop()
            if too_old := self._count_old(batch):
                await self._discard_old(batch, too_old)
            else:
                await self._try(batch)
        return True

    async def _try(self, batch: _Batch) -> None:
        """Runs a batch once."""
        event = invoking.payload(
            (each.encoded for each in batch.records), windows.members(self._lane, batch.records)
        )
        try:
            run = await invoking.run(self._context.call, self._context.mapping.function_arn, event)
        except TooManyRequestsException:
            await self._again(batch)
            return
        except ServiceError as error:
            await self._context.reports.tell(f"PROBLEM: {error.message}")
            await self._again(batch)
            return
        first_failed = self._first_failed(batch, run)
        metrics = self._context.metrics
        metrics.iterator_age(batch.records[-1].arrived_at)
        metrics.count(INVOKED, len(batch.records))
        if first_failed is None:
            self._pause = 1.0
            await self._handled(batch.records[-1], windows.state_after(self._lane, run))
            await self._context.reports.tell(reports.OK)
        else:
            metrics.count(FAILED, len(batch.records) - first_failed)
            await self._context.reports.tell(reports.CALL_FAILED)
            await self._after_failure(batch, run, first_failed)

    async def _after_failure(self, batch: _Batch, run: Run, first_failed: int) -> None:
        handled, tried = None, replace(batch, runs=batch.runs + 1)
        if first_failed:
            # AWS: where some of a batch was handled, the rest of it is a batch that was never tried.
            handled = batch.records[first_failed - 1]
            self._left.append(_Batch(batch.records[first_failed:]))
        elif self._settings.bisect_batch_on_function_error and len(batch.records) > 1:
            self._left += _halves(tried)
        else:
            tried = replace(tried, failures=batch.failures + 1)
            if 0 <= self._settings.maximum_retry_attempts < tried.failures:
                await self._discard(tried, RETRIES_EXHAUSTED, run)
                return
            self._left.append(tried)
        await self._handled(handled)
        await self._back_off()

    async def _again(self, batch: _Batch) -> None:
        """Tries a batch again that was not run, which does not count."""
        self._left.append(batch)
        await self._back_off()

    async def _handled(self, last: Record | None, window_state: bytes | None = None) -> None:
        """Writes up to which record all is handled, and how often what is left has failed."""
        parts = tuple(
            Retry(batch.records[-1].sequence_number, batch.failures, batch.runs)
            for batch in reversed(self._left)
        )
        retries = Retries(self._context.mapping.revision, parts) if parts else None
        number = None if last is None else last.sequence_number
        await self._lane.handled(number, window_state, retries)

    def _first_failed(self, batch: _Batch, run: Run) -> int | None:
        """The place of the first record that failed; None where all succeeded."""
        if run.failed:
            return 0
        if not self._context.mapping.reports_item_failures:
            return None
        places = {each.sequence_number: place for place, each in enumerate(batch.records)}
        try:
            failed = results.failed_items(run.payload, places)
        except results.WholeBatchFailed:
            return 0
        return min((places[each] for each in failed), default=None)

    def _count_old(self, batch: _Batch) -> int:
        """How many of a batch's first records have become too old."""
        oldest = self._settings.maximum_record_age_seconds
        if oldest == UNLIMITED:
            return 0
        since = self._context.call.time() - oldest
        return sum(1 for each in batch.records if each.arrived_at < since)

    async def _discard_old(self, batch: _Batch, count: int) -> None:
        """Gives the first records of a batch up; the others are to be tried."""
        if batch.records[count:]:
            self._left.append(replace(batch, records=batch.records[count:]))
        old = replace(batch, records=batch.records[:count], runs=batch.runs + 1)
        await self._discard(old, TOO_OLD, None)

    async def _discard(self, batch: _Batch, condition: str, run: Run | None) -> None:
        """Gives records up, and says so where the mapping wants it said."""
        destination, metrics = self._settings.on_failure_arn, self._context.metrics
        metrics.count(DROPPED, len(batch.records))
        if destination is not None:
            try:
                reader = await self._context.reader()
                told = self._account(batch, condition, run)
                await destinations.deliver(reader, destination, self._context.mapping.uuid, told)
                metrics.count(DELIVERED, len(batch.records))
            except ServiceError as error:
                # AWS: what the destination refuses is lost, too.
                _LOG.warning(
                    "mapping %s could not tell %s: %s", self._context.mapping.uuid, destination, error
                )
        await self._handled(batch.records[-1])

    def _account(self, batch: _Batch, condition: str, run: Run | None) -> DiscardedBatch:
        context = self._context
        return DiscardedBatch(
            condition=condition,
            request_id=context.call.ids.uuid() if run is None else run.request_id,
            function_arn=context.mapping.function_arn,
            invoke_count=batch.runs,
            at=context.call.time(),
            info_member=context.stream.info_member,
            info=self._info(batch),
            executed_version=None if run is None else run.executed_version,
            function_failed=run is not None and run.failed,
            payload=invoking.payload(each.encoded for each in batch.records),
        )

    def _info(self, batch: _Batch) -> dict[str, Any]:
        first, last = batch.records[0], batch.records[-1]
        kind = self._context.mapping.kind
        return {
            "shardId": self._lane.shard_id,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": _moment(first.arrived_at, kind),
            "approximateArrivalOfLastRecord": _moment(last.arrived_at, kind),
            "batchSize": len(batch.records),
            "streamArn": self._context.mapping.source_arn,
        }

    async def _back_off(self) -> None:
        await self._lane.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)


def _parts(records: list[Record], retries: Retries | None) -> list[_Batch]:
    """A batch in the parts that it was being tried in, the first at the end."""
    parts, rest = [], records
    for retry in () if retries is None else retries.parts:
        last = int(retry.last_sequence_number)
        part = tuple(each for each in rest if int(each.sequence_number) <= last)
        rest = rest[len(part) :]
        if part:
            parts.append(_Batch(part, retry.failures, retry.runs))
    if rest:
        parts.append(_Batch(tuple(rest)))
    return parts[::-1]


def _halves(batch: _Batch) -> list[_Batch]:
    middle = (len(batch.records) + 1) // 2
    return [
        replace(batch, records=batch.records[middle:]),
        replace(batch, records=batch.records[:middle]),
    ]


def _moment(seconds: float, kind: Kind) -> str:
    """Kinesis tells milliseconds, DynamoDB knows seconds only."""
    moment = datetime.fromtimestamp(seconds, UTC)
    if kind is Kind.DYNAMODB:
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
