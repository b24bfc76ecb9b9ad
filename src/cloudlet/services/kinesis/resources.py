"""CloudFormation types of Kinesis: streams, their consumers, and resource policies.

They call Kinesis's own API and know nothing of templates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.resource import Provisioned, ask_once, retag
from cloudlet.core.tags import tag_map
from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.addressing import arn_reference, stream_arn
from cloudlet.services.kinesis.errors import ResourceNotFoundException
from cloudlet.services.kinesis.model import SHARD_LEVEL_METRICS

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_NAME_LENGTH: Final = 128
_DEFAULT_HOURS: Final = 24
_DEFAULT_KIB: Final = 1024
_SWEEP_SECONDS: Final = 1.0
_CREATED_WITH: Final = ("MaxRecordSizeInKiB", "ShardCount", "StreamModeDetails", "WarmThroughputMiBps")


class StreamType:
    """AWS::Kinesis::Stream"""

    type_name = "AWS::Kinesis::Stream"
    properties = frozenset(
        (
            *_CREATED_WITH,
            "DesiredShardLevelMetrics",
            "Name",
            "RetentionPeriodHours",
            "StreamEncryption",
            "Tags",
        )
    )
    required: frozenset[str] = frozenset()
    create_only = frozenset({"Name"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the stream; returns once it is active and as the template says."""
        name = properties.get("Name") or context.generated_name(_NAME_LENGTH)
        request = {"StreamName": name} | {key: properties[key] for key in _CREATED_WITH if key in properties}
        if tags := dict(context.tags) | tag_map(properties.get("Tags")):
            request["Tags"] = tags
        await ask_once(call, context, "kinesis", "CreateStream", request, lambda _: name)
        await _align(call, name, properties)
        return _provisioned(call, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes mode, shards, retention, encryption, metrics, record size and tags in place."""
        await _align(call, physical_id, after)
        arn = stream_arn(call.account, call.region, physical_id)
        await _set_tags(call, arn, before, after)
        return _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the stream; one that somebody has registered consumers for stays, as at AWS."""
        try:
            await call.ask("kinesis", "DeleteStream", {"StreamName": physical_id})
            await _settled(call, physical_id)
        except ResourceNotFoundException:
            return


class StreamConsumerType:
    """AWS::Kinesis::StreamConsumer"""

    type_name = "AWS::Kinesis::StreamConsumer"
    properties = frozenset({"ConsumerName", "StreamARN", "Tags"})
    required = frozenset({"ConsumerName", "StreamARN"})
    create_only = frozenset({"ConsumerName", "StreamARN"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Registers the consumer; returns once it is active."""
        request = {key: properties[key] for key in ("ConsumerName", "StreamARN")}
        if tags := dict(context.tags) | tag_map(properties.get("Tags")):
            request["Tags"] = tags
        arn = await ask_once(
            call,
            context,
            "kinesis",
            "RegisterStreamConsumer",
            request,
            lambda answer: str(answer["Consumer"]["ConsumerARN"]),
        )
        return await _settled_consumer(call, arn)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the tags."""
        await _set_tags(call, physical_id, before, after)
        return await _settled_consumer(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the consumer, and waits until the stream is rid of it."""
        try:
            await call.ask("kinesis", "DeregisterStreamConsumer", {"ConsumerARN": physical_id})
            await _settled_consumer(call, physical_id)
        except ResourceNotFoundException:
            return


class ResourcePolicyType:
    """AWS::Kinesis::ResourcePolicy"""

    type_name = "AWS::Kinesis::ResourcePolicy"
    properties = frozenset({"ResourceArn", "ResourcePolicy"})
    required = frozenset({"ResourceArn", "ResourcePolicy"})
    create_only = frozenset({"ResourceArn"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Writes the policy."""
        policy = properties["ResourcePolicy"]
        text = json.dumps(policy) if isinstance(policy, Mapping) else policy
        arn: str = properties["ResourceArn"]
        await call.ask("kinesis", "PutResourcePolicy", {"ResourceARN": arn, "Policy": text})
        return Provisioned(arn)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Writes the new one over it."""
        return await self.create(call, context, after)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the policy."""
        try:
            await call.ask("kinesis", "DeleteResourcePolicy", {"ResourceARN": physical_id})
        except ResourceNotFoundException:
            return


def _provisioned(call: Call, name: str) -> Provisioned:
    return Provisioned(name, {"Arn": stream_arn(call.account, call.region, name)})


async def _settled(call: Call, name: str) -> dict[str, Any]:
    """What DescribeStreamSummary tells once nothing happens to the stream; raises when it is gone."""
    topic = state.stream_topic(stream_arn(call.account, call.region, name))
    with call.cloud.wakeups.listening(topic) as listener:
        while True:
            answer = await call.ask("kinesis", "DescribeStreamSummary", {"StreamName": name})
            summary: dict[str, Any] = answer["StreamDescriptionSummary"]
            if summary["StreamStatus"] == "ACTIVE":
                return summary
            await listener.wait(call.clock, _SWEEP_SECONDS)


async def _settled_consumer(call: Call, arn: str) -> Provisioned:
    with call.cloud.wakeups.listening(state.stream_topic(arn_reference(arn).arn)) as listener:
        while True:
            answer = await call.ask("kinesis", "DescribeStreamConsumer", {"ConsumerARN": arn})
            described = answer["ConsumerDescription"]
            if described["ConsumerStatus"] == "ACTIVE":
                created_at = int(described["ConsumerCreationTimestamp"].timestamp())
                return Provisioned(arn, {**described, "ConsumerCreationTimestamp": str(created_at)})
            await listener.wait(call.clock, _SWEEP_SECONDS)


async def _align(call: Call, name: str, wanted: Properties) -> None:
    """Changes step by step what is not yet as the template says; each step waits for the one before."""
    for step in _STEPS:
        summary = await _settled(call, name)
        change = step(summary, wanted)
        if change is not None:
            operation, request = change
            named = {"StreamARN": summary["StreamARN"]}
            await call.ask("kinesis", operation, {**named, **request})
    await _settled(call, name)


_Change = tuple[str, dict[str, Any]] | None


def _mode(summary: Mapping[str, Any], wanted: Properties) -> _Change:
    details = wanted.get("StreamModeDetails")
    if details is None or details["StreamMode"] == summary["StreamModeDetails"]["StreamMode"]:
        return None
    return "UpdateStreamMode", {"StreamModeDetails": details}


def _shards(summary: Mapping[str, Any], wanted: Properties) -> _Change:
    on_demand = summary["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
    count = wanted.get("ShardCount")
    if on_demand or count is None or int(count) == summary["OpenShardCount"]:
        return None
    return "UpdateShardCount", {"TargetShardCount": int(count), "ScalingType": "UNIFORM_SCALING"}


def _retention(summary: Mapping[str, Any], wanted: Properties) -> _Change:
    hours, now = int(wanted.get("RetentionPeriodHours", _DEFAULT_HOURS)), summary["RetentionPeriodHours"]
    if hours == now:
        return None
    operation = "IncreaseStreamRetentionPeriod" if hours > now else "DecreaseStreamRetentionPeriod"
    return operation, {"RetentionPeriodHours": hours}


def _record_size(summary: Mapping[str, Any], wanted: Properties) -> _Change:
    size = int(wanted.get("MaxRecordSizeInKiB", _DEFAULT_KIB))
    return (
        None
        if size == summary["MaxRecordSizeInKiB"]
        else ("UpdateMaxRecordSize", {"MaxRecordSizeInKiB": size})
    )


def _warm_throughput(summary: Mapping[str, Any], wanted: Properties) -> _Change:
    target = wanted.get("WarmThroughputMiBps")
    if target is None or int(target) == summary.get("WarmThroughput", {}).get("TargetMiBps"):
        return None
    return "UpdateStreamWarmThroughput", {"WarmThroughputMiBps": int(target)}


def _encryption(summary: Mapping[str, Any], wanted: Properties) -> _Change:
    encryption = wanted.get("StreamEncryption")
    key = summary.get("KeyId")
    if encryption is None:
        return None if key is None else ("StopStreamEncryption", {"EncryptionType": "KMS", "KeyId": key})
    return None if encryption["KeyId"] == key else ("StartStreamEncryption", dict(encryption))


def _more_metrics(summary: Mapping[str, Any], wanted: Properties) -> _Change:
    missing = _desired_metrics(wanted) - _current_metrics(summary)
    return ("EnableEnhancedMonitoring", {"ShardLevelMetrics": sorted(missing)}) if missing else None


def _fewer_metrics(summary: Mapping[str, Any], wanted: Properties) -> _Change:
    extra = _current_metrics(summary) - _desired_metrics(wanted)
    return ("DisableEnhancedMonitoring", {"ShardLevelMetrics": sorted(extra)}) if extra else None


def _desired_metrics(wanted: Properties) -> set[str]:
    named = set(wanted.get("DesiredShardLevelMetrics", ()))
    return set(SHARD_LEVEL_METRICS) if "ALL" in named else named


def _current_metrics(summary: Mapping[str, Any]) -> set[str]:
    return {each for monitored in summary["EnhancedMonitoring"] for each in monitored["ShardLevelMetrics"]}


_STEPS: Final = (
    _mode,  # first: only provisioned streams are given shards, only on-demand ones warm throughput
    _shards,
    _retention,
    _record_size,
    _warm_throughput,
    _encryption,
    _more_metrics,
    _fewer_metrics,
)


async def _set_tags(call: Call, arn: str, before: Properties, after: Properties) -> None:
    old, new = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
    await retag(call, "kinesis", {"ResourceARN": arn}, old, new)
