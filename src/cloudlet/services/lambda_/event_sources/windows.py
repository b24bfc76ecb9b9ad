"""Tumbling windows: a state that a function hands from batch to batch until the window's time is over.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html. The state lies in the checkpoint.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from cloudlet.core.errors import ServiceError
from cloudlet.services.lambda_.event_sources import invoking, reports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.services.lambda_.event_sources.invoking import Run
    from cloudlet.services.lambda_.event_sources.lane import Lane
    from cloudlet.services.lambda_.event_sources.streams import Record

_STATE_LIMIT_BYTES: Final = 1 << 20
_NO_STATE: Final = b"{}"
_LONGEST_PAUSE_SECONDS: Final = 60.0


def same(lane: Lane, one: Record, other: Record) -> bool:
    """Whether two records are of one window, as all are where there are none."""
    length = lane.context.settings.tumbling_window_seconds
    return not length or one.arrived_at // length == other.arrived_at // length


def seconds_left(lane: Lane, batch: Sequence[Record]) -> float | None:
    """When the window of a batch, or the one that is open, ends; None where there is none."""
    length = lane.context.settings.tumbling_window_seconds
    if not length:
        return None
    start = batch[0].arrived_at // length * length if batch else lane.place.window_start
    return None if start is None else start + length - lane.context.call.time()


def members(lane: Lane, records: Sequence[Record]) -> bytes:
    """What the event says of its window, as the rest of a JSON object."""
    length = lane.context.settings.tumbling_window_seconds
    if not length:
        return b""
    start = records[0].arrived_at // length * length
    if lane.place.window_start != start:
        lane.place = replace(lane.place, window_start=start, window_state=_NO_STATE)
    return _members(lane, final=False, early=False)


def state_after(lane: Lane, run: Run) -> bytes | None:
    """The state that the function answered; None where there are no windows."""
    if not lane.context.settings.tumbling_window_seconds:
        return None
    answer = msgspec.json.decode(run.payload) if run.payload else None
    state = answer.get("state") if isinstance(answer, dict) else None
    return msgspec.json.encode(state) if isinstance(state, dict) else _NO_STATE


async def close_if_over(lane: Lane, next_arrival: float | None, *, shard_ended: bool = False) -> None:
    """Runs the function for the last time for the open window, if its time is over."""
    start = lane.place.window_start
    length = lane.context.settings.tumbling_window_seconds
    if start is None:
        return
    early = shard_ended or len(lane.place.window_state) > _STATE_LIMIT_BYTES or not length
    over = lane.context.call.time() >= start + length
    passed = next_arrival is not None and next_arrival >= start + length
    if not (early or over or passed):
        return
    if length and not await _run_final(lane, early and not (over or passed)):
        return
    await lane.store(replace(lane.place, window_start=None, window_state=_NO_STATE, window_failures=0))


async def _run_final(lane: Lane, early: bool) -> bool:
    """Tries until the function has taken it or may fail no more; False where the mapping stopped before."""
    context = lane.context
    event = invoking.payload((), _members(lane, final=True, early=early))
    pause = 1.0
    while not context.stopping:
        try:
            failed = (await invoking.run(context.call, context.mapping.function_arn, event)).failed
        except ServiceError as error:
            await context.reports.tell(f"PROBLEM: {error.message}")
        else:
            await context.reports.tell(reports.CALL_FAILED if failed else reports.OK)
            failures = lane.place.window_failures + 1
            if not failed or 0 <= context.settings.maximum_retry_attempts < failures:
                return True
            await lane.store(replace(lane.place, window_failures=failures))
        await lane.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
    return False


def _members(lane: Lane, *, final: bool, early: bool) -> bytes:
    start = lane.place.window_start or 0.0
    length = lane.context.settings.tumbling_window_seconds
    told: dict[str, Any] = {
        "window": {"start": _moment(start), "end": _moment(start + length)},
        "state": msgspec.Raw(lane.place.window_state),
        "shardId": lane.shard_id,
        "eventSourceARN": lane.context.mapping.source_arn,
        "isFinalInvokeForWindow": final,
        "isWindowTerminatedEarly": early,
    }
    return b"," + msgspec.json.encode(told)[1:-1]


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
