"""Operations on log events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.services.logs import resource_policies, state
from cloudlet.services.logs.encryption import Encryption
from cloudlet.services.logs.errors import InvalidParameterException
from cloudlet.services.logs.model import LogEvent, LogGroup, accept, event_id
from cloudlet.services.logs.operations.groups import asked_group
from cloudlet.services.logs.operations.streams import STREAM, sequence_token
from cloudlet.services.logs.pattern import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_logs import type_defs as api

_FOREVER: Final = 1 << 60
_SCAN_PAGE: Final = 1000
_SCANNED_AT_MOST: Final = 50_000
"""Events that one FilterLogEvents call looks at before it answers with a token."""


@operation("PutLogEvents", resource=STREAM, resource_policy=resource_policies.for_services)
def put_log_events(call: Call, request: api.PutLogEventsRequestTypeDef) -> dict[str, Any]:
    """Adds events to a stream."""
    group = state.group(call, request["logGroupName"])
    stream = state.stream(call, group.name, request["logStreamName"])
    now = int(call.time() * 1000)
    batch = accept(request["logEvents"], group, stream.next_sequence, now)
    if batch.events:
        stream = stream.with_events(batch.events, now)
        state.save_events(call, group.name, stream.name, _as_stored(call, group, batch.events))
        state.save_stream(call, group.name, stream)
    answer: dict[str, Any] = {"nextSequenceToken": sequence_token(stream)}
    if batch.rejected:
        answer["rejectedLogEventsInfo"] = batch.rejected
    return answer


def _as_stored(call: Call, group: LogGroup, events: Sequence[LogEvent]) -> Sequence[LogEvent]:
    if group.kms_key_id is None:
        return events
    return Encryption(call, group.name).sealed(group.kms_key_id, events)


def _stream_arn(call: Call, request: Request) -> str:
    return call.arn(f"log-group:{asked_group(request)}:log-stream:{request['logStreamName']}")


@operation("GetLogEvents", resource=_stream_arn, read_only=True)
def get_log_events(call: Call, request: api.GetLogEventsRequestTypeDef) -> dict[str, Any]:
    """A page of a stream's events, with tokens for both directions."""
    group = state.group(call, asked_group(request))
    stream = state.stream(call, group.name, request["logStreamName"])
    start = max(request.get("startTime", 0), group.oldest_kept(int(call.time() * 1000)))
    after, before = (start, -1), (request.get("endTime", _FOREVER), 0)
    token = request.get("nextToken")
    forward = request.get("startFromHead", False)
    if token is not None:
        direction, place = _read_token(token)
        forward = direction == "f"
        after, before = (max(after, place), before) if forward else (after, min(before, place))
    limit = request.get("limit", 10_000)
    encryption = Encryption(call, group.name)
    events = state.list_events(call, group.name, stream.name, after, before, limit=limit, reverse=not forward)
    if not forward:
        events.reverse()
    return {
        "events": [_describe(encryption.opened(event)) for event in events],
        "nextForwardToken": _token("f", events[-1] if events else None, token, before),
        "nextBackwardToken": _token("b", events[0] if events else None, token, after),
    }


def _describe(event: LogEvent) -> dict[str, Any]:
    return {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested_at}


def _token(direction: str, event: LogEvent | None, given: str | None, edge: tuple[int, int]) -> str:
    """The same token again at the end of a stream: that is how clients see that there is no more."""
    if event is not None:
        return f"{direction}/{event.timestamp:026d}{event.sequence:030d}/s"
    if given is not None:
        return f"{direction}{given[1:]}"
    return f"{direction}/{min(edge[0], 10**25):026d}{max(edge[1], 0):030d}/s"


def _read_token(token: str) -> tuple[str, tuple[int, int]]:
    direction, _, rest = token.partition("/")
    digits = rest.removesuffix("/s")
    if direction not in ("f", "b") or len(digits) != 56 or not digits.isdecimal():
        raise InvalidParameterException("The specified nextToken is invalid.")
    return direction, (int(digits[:26]), int(digits[26:]))


def _filtered_group(call: Call, request: Request) -> str:
    return call.arn(f"log-group:{asked_group(request)}:log-stream:")


@operation("FilterLogEvents", resource=_filtered_group, read_only=True)
def filter_log_events(call: Call, request: api.FilterLogEventsRequestTypeDef) -> dict[str, Any]:
    """The events of a group's streams that match a pattern, in one order of time."""
    group = state.group(call, asked_group(request))
    matches = compile_pattern(request.get("filterPattern", ""))
    limit = request.get("limit", 10_000)
    start = max(request.get("startTime", 0), group.oldest_kept(int(call.time() * 1000)))
    resume = _read_page_token(request.get("nextToken"))
    found: list[dict[str, Any]] = []
    after = (resume[0], -1) if resume else (start, -1)
    events = state.merge_events(
        call, group.name, _chosen_streams(call, group.name, request), after,
        request.get("endTime", _FOREVER - 1) + 1, page=_SCAN_PAGE,
    )  # fmt: skip
    encryption = Encryption(call, group.name)
    for scanned, (stream, stored) in enumerate(events):
        event = encryption.opened(stored)
        place = (event.timestamp, stream, event.sequence)
        if resume is not None and place <= resume:
            continue
        if matches(event.message):
            found.append({"logStreamName": stream, **_describe(event), "eventId": event_id(event)})
        if len(found) == limit or scanned == _SCANNED_AT_MOST:
            return {"events": found, "searchedLogStreams": [], "nextToken": _page_token(place)}
    return {"events": found, "searchedLogStreams": []}


def _chosen_streams(call: Call, group: str, request: Request) -> list[str]:
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
    if names and prefix:
        raise InvalidParameterException("LogStreamNamePrefix and LogStreamNames are mutually exclusive.")
    if names:
        return [state.stream(call, group, name).name for name in names]
    return [each.name for each in state.list_streams(call, group) if each.name.startswith(prefix or "")]


def _page_token(place: tuple[int, str, int]) -> str:
    timestamp, stream, sequence = place
    return f"{timestamp}:{sequence}:{stream}".encode().hex()


def _read_page_token(token: str | None) -> tuple[int, str, int] | None:
    if token is None:
        return None
    try:
        timestamp, sequence, stream = bytes.fromhex(token).decode().split(":", 2)
        return int(timestamp), stream, int(sequence)
    except ValueError as error:
        raise InvalidParameterException("The specified nextToken is invalid.") from error
