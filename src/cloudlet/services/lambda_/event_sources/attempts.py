"""Handling one batch of a stream: run it, and on failure try again, split it, or give it up and say so.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html. How often it was tried is soft
state: after the server was killed the batch is tried anew from its checkpoint.
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

    async def handle(self, records: list[Record]) -> bool:
        """Tries until nothing of the batch is left; False where the mapping stopped before."""
        left = [_Batch(tuple(records))]
        while left:
            if self._context.stopping:
                return False
            batch = await self._without_old(left.pop())
            if batch.records:
                left += await self._try(batch)
        return True

    async def _try(self, batch: _Batch) -> list[_Batch]:
        """Runs a batch once; what is left to be done of it, the first at the end."""
        event = invoking.payload(
            (each.encoded for each in batch.records), windows.members(self._lane, batch.records)
        )
        try:
            run = await invoking.run(self._context.call, self._context.mapping.function_arn, event)
        except TooManyRequestsException:
            await self._back_off()
            return [batch]
        except ServiceError as error:
            await self._context.reports.tell(f"PROBLEM: {error.message}")
            await self._back_off()
            return [batch]
        first_failed = self._first_failed(batch, run)
        if first_failed is None:
            self._pause = 1.0
            await self._lane.handled(batch.records[-1].sequence_number, windows.state_after(self._lane, run))
            await self._context.reports.tell(reports.OK)
            return []
        await self._context.reports.tell(reports.CALL_FAILED)
        return await self._after_failure(batch, run, first_failed)

    async def _after_failure(self, batch: _Batch, run: Run, first_failed: int) -> list[_Batch]:
        if first_failed:
            await self._lane.handled(batch.records[first_failed - 1].sequence_number)
        rest = replace(batch, records=batch.records[first_failed:], runs=batch.runs + 1)
        splits = self._settings.bisect_batch_on_function_error and len(rest.records) > 1
        if splits:
            await self._back_off()
            return _halves(rest) if not first_failed else [rest]
        rest = replace(rest, failures=batch.failures + 1)
        limit = self._settings.maximum_retry_attempts
        if limit != UNLIMITED and rest.failures > limit:
            await self._discard(rest, RETRIES_EXHAUSTED, run)
            return []
        await self._back_off()
        return [rest]

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

    async def _without_old(self, batch: _Batch) -> _Batch:
        """The batch without the records that have become too old, which are given up."""
        oldest = self._settings.maximum_record_age_seconds
        if oldest == UNLIMITED:
            return batch
        since = self._context.call.time() - oldest
        count = sum(1 for each in batch.records if each.arrived_at < since)
        if count:
            old = replace(batch, records=batch.records[:count], runs=batch.runs + 1)
            await self._discard(old, TOO_OLD, None)
        return replace(batch, records=batch.records[count:])

    async def _discard(self, batch: _Batch, condition: str, run: Run | None) -> None:
        """Gives records up, and says so where the mapping wants it said."""
        destination = self._settings.on_failure_arn
        if destination is not None:
            try:
                reader = await self._context.reader()
                told = self._account(batch, condition, run)
                await destinations.deliver(reader, destination, self._context.mapping.uuid, told)
            except ServiceError as error:
                # AWS: what the destination refuses is lost, too.
                _LOG.warning(
                    "mapping %s could not tell %s: %s", self._context.mapping.uuid, destination, error
                )
        await self._lane.handled(batch.records[-1].sequence_number)

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
