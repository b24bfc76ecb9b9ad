"""Operations on log streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.services.logs import resource_policies, state
from cloudlet.services.logs.errors import InvalidParameterException, ResourceAlreadyExistsException
from cloudlet.services.logs.model import LogStream
from cloudlet.services.logs.operations.groups import asked_group, group_name

if TYPE_CHECKING:
    from types_boto3_logs import type_defs as api

STREAM = "log-group:{logGroupName}:log-stream:{logStreamName}"


@operation("CreateLogStream", resource=STREAM, resource_policy=resource_policies.for_services)
def create_log_stream(call: Call, request: api.CreateLogStreamRequestTypeDef) -> None:
    """Makes an empty stream."""
    group = state.group(call, request["logGroupName"])
    name = request["logStreamName"]
    if state.find_stream(call, group.name, name) is not None:
        raise ResourceAlreadyExistsException("The specified log stream already exists")
    state.save_stream(call, group.name, LogStream(name, int(call.time() * 1000)))


@operation("DeleteLogStream", resource=STREAM)
def delete_log_stream(call: Call, request: api.DeleteLogStreamRequestTypeDef) -> None:
    """Removes a stream with its events."""
    group = state.group(call, request["logGroupName"])
    state.delete_stream(call, group.name, state.stream(call, group.name, request["logStreamName"]).name)


def _described_group(call: Call, request: Request) -> str:
    name = group_name(request.get("logGroupName") or request.get("logGroupIdentifier") or "")
    return call.arn(f"log-group:{name}:log-stream:")


@operation("DescribeLogStreams", resource=_described_group, read_only=True)
def describe_log_streams(call: Call, request: api.DescribeLogStreamsRequestTypeDef) -> dict[str, Any]:
    """Lists a group's streams by name or by their last event."""
    group = state.group(call, asked_group(request))
    prefix = request.get("logStreamNamePrefix", "")
    by_time = request.get("orderBy") == "LastEventTime"
    if by_time and prefix:
        raise InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
    streams = [each for each in state.list_streams(call, group.name) if each.name.startswith(prefix)]
    if by_time:
        streams.sort(key=lambda each: (each.last_event_at or 0, each.name))
    if request.get("descending", False):
        streams.reverse()
    return _page(call, group.name, streams, request)


def _page(call: Call, group: str, streams: list[LogStream], request: Request) -> dict[str, Any]:
    limit, token = request.get("limit", 50), request.get("nextToken")
    start = next((place + 1 for place, each in enumerate(streams) if each.name == token), 0)
    page = streams[start : start + limit]
    answer: dict[str, Any] = {"logStreams": [_describe(call, group, each) for each in page]}
    if start + limit < len(streams):
        answer["nextToken"] = page[-1].name
    return answer


def _describe(call: Call, group: str, stream: LogStream) -> dict[str, Any]:
    described = {
        "logStreamName": stream.name,
        "creationTime": stream.created_at,
        "arn": call.arn(f"log-group:{group}:log-stream:{stream.name}"),
        "storedBytes": 0,
    }
    if stream.last_event_at is not None:
        described["firstEventTimestamp"] = stream.first_event_at
        described["lastEventTimestamp"] = stream.last_event_at
        described["lastIngestionTime"] = stream.last_ingested_at
        described["uploadSequenceToken"] = sequence_token(stream)
    return described


def sequence_token(stream: LogStream) -> str:
    """The token that PutLogEvents once demanded and still answers."""
    return f"{stream.next_sequence:056d}"
