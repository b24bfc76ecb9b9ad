"""AWS::Lambda::EventSourceMapping: a template's mappings, changed where they are.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.resource import Provisioned, partly_made, retag
from cloudlet.core.tags import tag_map
from cloudlet.services.lambda_.errors import ResourceConflictException, ResourceNotFoundException
from cloudlet.services.lambda_.event_sources import state, validation
from cloudlet.services.lambda_.event_sources.mapping import SETTLED, find_kind
from cloudlet.services.lambda_.event_sources.worker import topic_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping

_SWEEP_SECONDS: Final = 5.0
_STACK: Final = "aws:cloudformation:stack-id"
_LOGICAL: Final = "aws:cloudformation:logical-id"
# What is changed in place, and what each is when a template no longer says it.
_DEFAULTS: Final[Mapping[str, Any]] = {
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "Enabled": True,
    "FilterCriteria": {"Filters": []},
    "FunctionResponseTypes": [],
    "KmsKeyArn": "",
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "MetricsConfig": {"Metrics": []},
    "ParallelizationFactor": 1,
    "ProvisionedPollerConfig": {},
    "ScalingConfig": {},
    "TumblingWindowInSeconds": 0,
}
_REFUSED_BY_THE_API: Final = frozenset(
    {
        "AmazonManagedKafkaEventSourceConfig",
        "DocumentDBEventSourceConfig",
        "LoggingConfig",
        "Queues",
        "SelfManagedEventSource",
        "SelfManagedKafkaEventSourceConfig",
        "SourceAccessConfigurations",
        "Topics",
    }
)


class EventSourceMappingType:
    """AWS::Lambda::EventSourceMapping"""

    type_name = "AWS::Lambda::EventSourceMapping"
    properties = frozenset(
        {
            *_DEFAULTS,
            *_REFUSED_BY_THE_API,
            "BatchSize",
            "EventSourceArn",
            "FunctionName",
            "StartingPosition",
            "StartingPositionTimestamp",
            "Tags",
        }
    )
    required = frozenset({"FunctionName"})
    create_only = frozenset(
        {"EventSourceArn", "SelfManagedEventSource", "StartingPosition", "StartingPositionTimestamp"}
    )

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the mapping, and waits until it reads. Run again, it takes what carries the stack's tags."""
        own = {_STACK: context.stack_id, _LOGICAL: context.logical_id}
        request = _request(properties)
        request["Tags"] = {**tag_map(properties.get("Tags")), **context.tags, **own}
        try:
            uuid = (await call.ask("lambda", "CreateEventSourceMapping", request))["UUID"]
        except ResourceConflictException:
            found = await call.transact(lambda inner: _find_own(inner, own), read_only=True)
            if found is None or not context.rerun:
                raise
            uuid = found.uuid
        with partly_made(uuid):
            await _settled(call, uuid)
        return _provisioned(call, uuid)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the mapping where it is: it goes on where it was."""
        changed = _changed(before, after)
        if changed:
            await _settled(call, physical_id)
            await call.ask("lambda", "UpdateEventSourceMapping", {"UUID": physical_id, **changed})
            await _settled(call, physical_id)
        arn = {"Resource": call.arn(f"event-source-mapping:{physical_id}")}
        await retag(call, "lambda", arn, tag_map(before.get("Tags")), tag_map(after.get("Tags")))
        return _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the mapping, and waits until it is gone; one that is gone already is no error."""
        try:
            await _settled(call, physical_id)
            await call.ask("lambda", "DeleteEventSourceMapping", {"UUID": physical_id})
            await _settled(call, physical_id)
        except ResourceNotFoundException:
            return


async def _settled(call: Call, uuid: str) -> None:
    """Returns once nothing is being done to a mapping, or it is gone."""
    with call.cloud.wakeups.listening(topic_of(uuid)) as listener:
        while True:
            row = await call.transact(lambda inner: state.find_mapping(inner, uuid), read_only=True)
            if row is None or row.state in SETTLED:
                return
            await listener.wait(call.clock, _SWEEP_SECONDS)


def _request(properties: Properties) -> dict[str, Any]:
    request = {name: value for name, value in properties.items() if name != "Tags"}
    if "KmsKeyArn" in request:
        request["KMSKeyArn"] = request.pop("KmsKeyArn")
    since = request.get("StartingPositionTimestamp")
    if since is not None:
        request["StartingPositionTimestamp"] = datetime.fromtimestamp(float(since), UTC)
    return request


def _changed(before: Properties, after: Properties) -> dict[str, Any]:
    """What an update has to say: what is new, and the defaults of what is gone."""
    kind = find_kind(str(after.get("EventSourceArn", "")))
    defaults = dict(_DEFAULTS)
    if kind is not None:
        defaults["BatchSize"] = validation.default_batch_size(kind)
    names = (before.keys() | after.keys()) - EventSourceMappingType.create_only - {"Tags"}
    changed = {name for name in names if before.get(name) != after.get(name)}
    return _request({name: after[name] if name in after else defaults.get(name) for name in sorted(changed)})


def _find_own(call: Call, own: Mapping[str, str]) -> EventSourceMapping | None:
    return next((row for row in state.list_mappings(call, None) if own.items() <= row.tags.items()), None)


def _provisioned(call: Call, uuid: str) -> Provisioned:
    arn = call.arn(f"event-source-mapping:{uuid}")
    return Provisioned(uuid, {"Id": uuid, "EventSourceMappingArn": arn})
