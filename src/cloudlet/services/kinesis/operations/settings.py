"""What of a stream can be changed: retention, mode, record size, distribution, encryption, monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.kinesis import changes, state
from cloudlet.services.kinesis.addressing import located
from cloudlet.services.kinesis.encryption import check_key
from cloudlet.services.kinesis.errors import (
    InvalidArgumentException,
    LimitExceededException,
    ResourceInUseException,
    ValidationException,
)
from cloudlet.services.kinesis.limits import check_on_demand, has_commitment
from cloudlet.services.kinesis.model import SHARD_LEVEL_METRICS, Distribution, Stream, StreamMode
from cloudlet.services.kinesis.permissions import on_stream
from cloudlet.services.kinesis.queues import state as queues

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_kinesis import type_defs as api

_SHORTEST_HOURS: Final = 24
_LONGEST_HOURS: Final = 8760
_DAY_SECONDS: Final = 86400
_MODE_CHANGES_A_DAY: Final = 2


@operation("IncreaseStreamRetentionPeriod", permissions=on_stream("IncreaseStreamRetentionPeriod"))
def increase_stream_retention_period(
    call: Call, request: api.IncreaseStreamRetentionPeriodInputTypeDef
) -> None:
    """Keeps records longer."""
    own, name = located(call, request)
    hours = request["RetentionPeriodHours"]
    _check_hours(hours)
    stream = state.active_stream(own, name)
    if hours < stream.retention_hours:
        raise InvalidArgumentException(
            f"Requested retention period ({hours} hours) for stream {name} can not be shorter than existing "
            f"retention period ({stream.retention_hours} hours). Use DecreaseRetentionPeriod API."
        )
    state.save_stream(own, replace(stream, retention_hours=hours))


@operation("DecreaseStreamRetentionPeriod", permissions=on_stream("DecreaseStreamRetentionPeriod"))
def decrease_stream_retention_period(
    call: Call, request: api.DecreaseStreamRetentionPeriodInputTypeDef
) -> None:
    """Keeps records less long."""
    own, name = located(call, request)
    hours = request["RetentionPeriodHours"]
    _check_hours(hours)
    stream = state.active_stream(own, name)
    if hours > stream.retention_hours:
        raise InvalidArgumentException(
            f"Requested retention period ({hours} hours) for stream {name} can not be longer than existing "
            f"retention period ({stream.retention_hours} hours). Use IncreaseRetentionPeriod API."
        )
    state.save_stream(own, replace(stream, retention_hours=hours))


def _check_hours(hours: int) -> None:
    if hours < _SHORTEST_HOURS:
        raise InvalidArgumentException(
            f"Minimum allowed retention period is {_SHORTEST_HOURS} hours. "
            f"Requested retention period ({hours} hours) is too short."
        )
    if hours > _LONGEST_HOURS:
        raise InvalidArgumentException(
            f"Maximum allowed retention period is {_LONGEST_HOURS} hours. "
            f"Requested retention period ({hours} hours) is too long."
        )


@operation("UpdateStreamMode", permissions=on_stream("UpdateStreamMode"))
def update_stream_mode(call: Call, request: api.UpdateStreamModeInputTypeDef) -> None:
    """Says who decides on the number of shards; those that are there stay."""
    own, name = located(call, request)
    stream = state.active_stream(own, name)
    mode = StreamMode(request["StreamModeDetails"]["StreamMode"])
    changed_at = tuple(each for each in stream.mode_changed_at if each > own.time() - _DAY_SECONDS)
    if len(changed_at) >= _MODE_CHANGES_A_DAY:
        raise LimitExceededException(
            f"Stream {name} under account {own.account} cannot switch its capacity mode more than "
            f"{_MODE_CHANGES_A_DAY} times in a 24 hour period."
        )
    if mode is StreamMode.ON_DEMAND and stream.mode is not mode:
        check_on_demand(own)
    changed = replace(stream, mode=mode, mode_changed_at=(*changed_at, own.time()))
    if mode is StreamMode.PROVISIONED and any(queues.list_queues(own, name)):
        raise ResourceInUseException(
            f"Stream {name} under account {own.account} cannot switch to PROVISIONED mode because there are "
            "queues associated with it."
        )
    if mode is StreamMode.PROVISIONED:
        changed = replace(changed, warm_mibps=None, distribution=Distribution.USER_PARTITION_KEY)
    if "WarmThroughputMiBps" in request:
        changed = with_warm_throughput(own, changed, request["WarmThroughputMiBps"])
    changes.begin(own, changed, changes.UPDATE)


@operation("UpdateStreamWarmThroughput", permissions=on_stream("UpdateStreamWarmThroughput"))
def update_stream_warm_throughput(
    call: Call, request: api.UpdateStreamWarmThroughputInputTypeDef
) -> dict[str, Any]:
    """Says for how much writing an on-demand stream is to be ready."""
    own, name = located(call, request)
    stream = state.active_stream(own, name)
    target = request["WarmThroughputMiBps"]
    changes.begin(own, with_warm_throughput(own, stream, target), changes.UPDATE)
    return {
        "StreamARN": own.arn(f"stream/{name}"),
        "StreamName": name,
        "WarmThroughput": {"TargetMiBps": target, "CurrentMiBps": stream.warm_mibps or 0},
    }


def with_warm_throughput(call: Call, stream: Stream, target: int) -> Stream:
    """The stream with another warm throughput. Raises ValidationException where it may have none."""
    if stream.mode is not StreamMode.ON_DEMAND:
        raise ValidationException("Warm throughput is only supported for streams in ON_DEMAND mode.")
    if not has_commitment(call):
        raise ValidationException(
            "Warm throughput is only supported for accounts that have MinimumThroughputBillingCommitment "
            "enabled."
        )
    return replace(stream, warm_mibps=target)


@operation("UpdateMaxRecordSize", permissions=on_stream("UpdateMaxRecordSize"))
def update_max_record_size(call: Call, request: api.UpdateMaxRecordSizeInputTypeDef) -> None:
    """Says how large a record may be."""
    own, name = located(call, request)
    stream = state.active_stream(own, name)
    changes.begin(own, replace(stream, max_record_kib=request["MaxRecordSizeInKiB"]), changes.UPDATE)


_DISTRIBUTE: Final = "UpdateStreamRecordDistributionStrategy"


@operation(_DISTRIBUTE, permissions=on_stream(_DISTRIBUTE))
def update_stream_record_distribution_strategy(call: Call, request: Any) -> None:
    """Says who decides on a record's shard."""
    own, name = located(call, request)
    stream = state.active_stream(own, name)
    distribution = Distribution(request["RecordDistributionStrategy"])
    check_distribution(stream.mode, distribution)
    state.save_stream(own, replace(stream, distribution=distribution))


def check_distribution(mode: StreamMode, distribution: Distribution) -> None:
    """Raises InvalidArgumentException for AUTO on a provisioned stream."""
    if distribution is Distribution.AUTO and mode is not StreamMode.ON_DEMAND:
        raise InvalidArgumentException(
            "RecordDistributionStrategy AUTO is only supported for streams in ON_DEMAND mode."
        )


@operation("StartStreamEncryption", permissions=on_stream("StartStreamEncryption"))
def start_stream_encryption(call: Call, request: api.StartStreamEncryptionInputTypeDef) -> None:
    """Seals every record from now on with a key."""
    own, name = located(call, request)
    stream = state.active_stream(own, name)
    if request["EncryptionType"] != "KMS":
        raise InvalidArgumentException("EncryptionType must be KMS.")
    changed = replace(stream, key_id=request["KeyId"])
    check_key(own, changed)
    changes.begin(own, changed, changes.UPDATE)


@operation("StopStreamEncryption", permissions=on_stream("StopStreamEncryption"))
def stop_stream_encryption(call: Call, request: api.StopStreamEncryptionInputTypeDef) -> None:
    """Ends that; what is sealed stays so."""
    own, name = located(call, request)
    stream = state.active_stream(own, name)
    changes.begin(own, replace(stream, key_id=None), changes.UPDATE)


@operation("EnableEnhancedMonitoring", permissions=on_stream("EnableEnhancedMonitoring"))
def enable_enhanced_monitoring(
    call: Call, request: api.EnableEnhancedMonitoringInputTypeDef
) -> dict[str, Any]:
    """Adds shard-level metrics."""
    own, name = located(call, request)
    stream = state.active_stream(own, name)
    return _monitor(own, stream, {*stream.metrics, *_named(request["ShardLevelMetrics"])})


@operation("DisableEnhancedMonitoring", permissions=on_stream("DisableEnhancedMonitoring"))
def disable_enhanced_monitoring(
    call: Call, request: api.DisableEnhancedMonitoringInputTypeDef
) -> dict[str, Any]:
    """Takes shard-level metrics away."""
    own, name = located(call, request)
    stream = state.active_stream(own, name)
    return _monitor(own, stream, {*stream.metrics} - {*_named(request["ShardLevelMetrics"])})


def _named(metrics: Iterable[str]) -> Iterable[str]:
    return SHARD_LEVEL_METRICS if "ALL" in metrics else metrics


def _monitor(call: Call, stream: Stream, wanted: set[str]) -> dict[str, Any]:
    desired = tuple(metric for metric in SHARD_LEVEL_METRICS if metric in wanted)
    state.save_stream(call, replace(stream, metrics=desired))
    return {
        "StreamName": stream.name,
        "StreamARN": call.arn(f"stream/{stream.name}"),
        "CurrentShardLevelMetrics": list(stream.metrics),
        "DesiredShardLevelMetrics": list(desired),
    }
