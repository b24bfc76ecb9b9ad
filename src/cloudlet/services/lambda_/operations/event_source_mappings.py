"""CreateEventSourceMapping to ListEventSourceMappings.

They only store what is wanted; reading the sources is event_sources/worker.py's, which is woken.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.access import LazyContext, Permission
from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, references, tags, tenancy
from cloudlet.services.lambda_.event_sources import access, filter_criteria, state, validation
from cloudlet.services.lambda_.event_sources.mapping import (
    DELETING,
    DISABLED,
    SETTLED,
    EventSourceMapping,
    Kind,
    QueueSettings,
)
from cloudlet.services.lambda_.event_sources.worker import TOPIC

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call

    Request = Mapping[str, Any]

_MOST: Final = 100


def _on_function(call: Call, request: Request) -> Sequence[Permission]:
    """The right to make a mapping: AWS names no resource, only lambda:FunctionArn."""
    function_arn = references.parse(call, request["FunctionName"]).arn
    context = {"lambda:FunctionArn": (function_arn,)}
    for key, value in request.get("Tags", {}).items():
        context[f"aws:RequestTag/{key}"] = (value,)
    if request.get("Tags"):
        context["aws:TagKeys"] = tuple(request["Tags"])
    return [Permission("lambda:CreateEventSourceMapping", "*", context)]


def _on_mapping(action: str) -> Callable[[Call, Request], Sequence[Permission]]:
    def judge(call: Call, request: Request) -> Sequence[Permission]:
        arn = call.arn(f"event-source-mapping:{request['UUID']}")
        return [Permission(action, arn, LazyContext(lambda: _context(call, request)))]

    return judge


def _context(call: Call, request: Request) -> dict[str, tuple[str, ...]]:
    row = state.find_mapping(call, request["UUID"])
    if row is None:
        return {}
    own = {f"aws:ResourceTag/{key}": (value,) for key, value in row.tags.items()}
    function_arn = row.function_arn
    if "FunctionName" in request:
        function_arn = references.parse(call, request["FunctionName"]).arn
    return {**own, "lambda:FunctionArn": (function_arn,)}


@operation("CreateEventSourceMapping", permissions=_on_function)
async def create_event_source_mapping(
    call: Call, request: api.CreateEventSourceMappingRequestTypeDef
) -> dict[str, Any]:
    """Lets a function read a queue or a stream."""
    kind = validation.kind_of(request)
    tags.check(request.get("Tags", {}))
    function_arn = references.parse(call, request["FunctionName"]).arn
    version = await call.transact(lambda inner: access.function_version(inner, function_arn), read_only=True)
    tenancy.refuse(version.configuration, "Event source mapping")
    validation.check_members(kind, request)
    row = validation.apply(_new(call, kind, function_arn, request), request)
    await access.check(call, row)
    await call.transact(lambda inner: _store_new(inner, row))
    return row.describe(None)


@operation("GetEventSourceMapping", permissions=_on_mapping("lambda:GetEventSourceMapping"), read_only=True)
def get_event_source_mapping(call: Call, request: api.GetEventSourceMappingRequestTypeDef) -> dict[str, Any]:
    """A mapping."""
    row = state.mapping(call, request["UUID"])
    return filter_criteria.described(call, row, state.find_result(call, row.uuid))


@operation("UpdateEventSourceMapping", permissions=_on_mapping("lambda:UpdateEventSourceMapping"))
async def update_event_source_mapping(
    call: Call, request: api.UpdateEventSourceMappingRequestTypeDef
) -> dict[str, Any]:
    """Changes a mapping where it is; it goes on where it was."""
    before = await call.transact(lambda inner: _idle(inner, request["UUID"], "update"), read_only=True)
    validation.check_members(before.kind, request)
    readable = await call.transact(
        lambda inner: filter_criteria.to_be_changed(inner, before, request), read_only=True
    )
    after = _changed(call, readable, request)
    await access.check(call, after)
    return await call.transact(lambda inner: _store_changed(inner, before, after))


@operation("DeleteEventSourceMapping", permissions=_on_mapping("lambda:DeleteEventSourceMapping"))
def delete_event_source_mapping(
    call: Call, request: api.DeleteEventSourceMappingRequestTypeDef
) -> dict[str, Any]:
    """Stops reading for good."""
    row = replace(_idle(call, request["UUID"], "delete"), state=DELETING)
    state.save_mapping(call, row)
    call.wake(TOPIC)
    return filter_criteria.described(call, row, state.find_result(call, row.uuid))


@operation("ListEventSourceMappings", read_only=True)
def list_event_source_mappings(
    call: Call, request: api.ListEventSourceMappingsRequestTypeDef
) -> dict[str, Any]:
    """The account's mappings, or those of one source or function."""
    name, source = request.get("FunctionName"), request.get("EventSourceArn")
    function_arn = None if name is None else references.parse(call, name).arn
    matching = (
        row
        for row in state.list_mappings(call, request.get("Marker"))
        if function_arn in (None, row.function_arn) and source in (None, row.source_arn)
    )
    limit = min(request.get("MaxItems", _MOST), _MOST)
    found = list(islice(matching, limit + 1))
    return {
        "EventSourceMappings": [row.describe(state.find_result(call, row.uuid)) for row in found[:limit]],
        "NextMarker": found[limit - 1].uuid if len(found) > limit else None,
    }


def _new(call: Call, kind: Kind, function_arn: str, request: Request) -> EventSourceMapping:
    return EventSourceMapping(
        uuid=call.ids.uuid(),
        account=call.account,
        region=call.region,
        function_arn=function_arn,
        source_arn=request["EventSourceArn"],
        batch_size=validation.default_batch_size(kind),
        batching_window_seconds=0,
        state="Creating" if request.get("Enabled", True) else DISABLED,
        modified_at=call.time(),
        revision=call.ids.uuid(),
        stream=validation.starting_position(kind, request),
        queue=None if kind.is_stream else QueueSettings(),
        tags=dict(request.get("Tags", {})),
    )


def _changed(call: Call, before: EventSourceMapping, request: Request) -> EventSourceMapping:
    after = validation.apply(before, request)
    if "FunctionName" in request:
        after = replace(after, function_arn=references.parse(call, request["FunctionName"]).arn)
    enabled = request.get("Enabled", before.runs)
    if enabled != before.runs:
        after = replace(after, state="Enabling" if enabled else "Disabling")
    elif enabled:
        after = replace(after, state="Updating")
    return replace(after, modified_at=call.time(), revision=call.ids.uuid())


def _idle(call: Call, uuid: str, verb: str) -> EventSourceMapping:
    """A mapping, if nothing is being done to it. Raises ResourceInUseException."""
    row = state.mapping(call, uuid)
    if row.state not in SETTLED:
        raise errors.ResourceInUseException(f"Cannot {verb} the event source mapping because it is in use.")
    return row


def _check_unique(call: Call, row: EventSourceMapping) -> None:
    uuid = state.find_uuid(call, row.source_arn, row.function_arn)
    if uuid is None or uuid == row.uuid:
        return
    name = references.parse(call, row.function_arn).name
    pair = f'arn (" {row.source_arn} ") and function (" {name} ")'
    if row.kind is Kind.SQS:
        text = f"An event source mapping with SQS {pair} already exists."
    else:
        text = f"The event source {pair} provided mapping already exists."
    raise errors.ResourceConflictException(
        f"{text} Please update or delete the existing mapping with UUID {uuid}"
    )


def _store_new(call: Call, row: EventSourceMapping) -> None:
    access.function_version(call, row.function_arn)
    _check_unique(call, row)
    state.save_mapping(call, filter_criteria.sealed(call, row))
    call.wake(TOPIC)


def _store_changed(call: Call, before: EventSourceMapping, after: EventSourceMapping) -> dict[str, Any]:
    current = _idle(call, before.uuid, "update")
    if current.revision != before.revision:
        raise errors.ResourceInUseException("Cannot update the event source mapping because it is in use.")
    _check_unique(call, after)
    after = replace(after, positioned=current.positioned, tags=current.tags)
    stored = filter_criteria.sealed(call, after)
    state.save_mapping(call, stored, before)
    call.wake(TOPIC)
    return filter_criteria.described(call, stored, state.find_result(call, after.uuid))
