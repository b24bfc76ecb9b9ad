"""Operations on streams as a whole, and what they tell of their shards."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.services.kinesis import changes, state
from cloudlet.services.kinesis.addressing import located
from cloudlet.services.kinesis.errors import InvalidArgumentException, ResourceInUseException
from cloudlet.services.kinesis.limits import check_on_demand, check_shards
from cloudlet.services.kinesis.model import (
    DEFAULT_RECORD_KIB,
    ON_DEMAND_SHARDS,
    Distribution,
    Stream,
    StreamMode,
    describe_shard,
    shard_index,
)
from cloudlet.services.kinesis.operations.settings import check_distribution, with_warm_throughput
from cloudlet.services.kinesis.operations.tags import check_tags
from cloudlet.services.kinesis.permissions import create_stream as create_stream_permissions
from cloudlet.services.kinesis.permissions import on_stream
from cloudlet.services.kinesis.queues import state as queues

if TYPE_CHECKING:
    from types_boto3_kinesis import type_defs as api

_NAMES_A_PAGE: Final = 100
_SHARDS_A_PAGE: Final = 100


@operation("CreateStream", permissions=create_stream_permissions)
def create_stream(call: Call, request: api.CreateStreamInputTypeDef) -> None:
    """Begins a stream."""
    name = request["StreamName"]
    if state.find_stream(call, name) is not None:
        raise ResourceInUseException(f"Stream {name} under account {call.account} already exists.")
    mode, shards = _capacity(request)
    _check_quota(call, mode, shards)
    tags = request.get("Tags", {})
    check_tags(call, name, tags)
    distribution = Distribution(request.get("RecordDistributionStrategy", "USER_PARTITION_KEY"))
    check_distribution(mode, distribution)
    stream = Stream(
        name,
        call.time(),
        mode,
        max_record_kib=request.get("MaxRecordSizeInKiB", DEFAULT_RECORD_KIB),
        tags=tags,
        distribution=distribution,
    )
    if "WarmThroughputMiBps" in request:
        stream = with_warm_throughput(call, stream, request["WarmThroughputMiBps"])
    changes.begin(call, stream, changes.CREATE, opens=changes.uniform_shards(shards))


def _capacity(request: Request) -> tuple[StreamMode, int]:
    """Mode and number of shards; a request that says neither means an on-demand stream."""
    shards = request.get("ShardCount")
    given = request.get("StreamModeDetails", {}).get("StreamMode")
    mode = StreamMode(given or ("ON_DEMAND" if shards is None else "PROVISIONED"))
    if mode is StreamMode.ON_DEMAND:
        return mode, shards or ON_DEMAND_SHARDS
    if shards is None:
        raise InvalidArgumentException("ShardCount is required for a stream in PROVISIONED mode.")
    return mode, shards


def _check_quota(call: Call, mode: StreamMode, shards: int) -> None:
    if mode is StreamMode.PROVISIONED:
        check_shards(call, shards)
    else:
        check_on_demand(call)


@operation("DeleteStream", permissions=on_stream("DeleteStream"))
def delete_stream(call: Call, request: api.DeleteStreamInputTypeDef) -> None:
    """Begins the end of a stream with all in it."""
    own, name = located(call, request)
    stream = state.stream(own, name)
    if not request.get("EnforceConsumerDeletion") and any(state.list_consumers(own, name)):
        raise ResourceInUseException(
            f"DeleteStream can't delete {own.account}:{name} because there are consumers "
            "associated with this "
            f"data stream. To delete {name} anyway, set the EnforceConsumerDeletion parameter to "
            "true to force "
            "the deletion of all the consumers that are associated with it."
        )
    if any(queues.list_queues(own, name)):
        raise ResourceInUseException(
            f"DeleteStream can't delete {own.account}:{name} because there are queues associated with this "
            "data stream."
        )
    changes.begin(own, stream, changes.DELETE)


@operation("DescribeStream", permissions=on_stream("DescribeStream"), read_only=True)
def describe_stream(call: Call, request: api.DescribeStreamInputTypeDef) -> dict[str, Any]:
    """Tells of a stream and a page of its shards."""
    own, name = located(call, request)
    stream = state.stream(own, name)
    after = request.get("ExclusiveStartShardId")
    shards = state.list_shards(own, name, None if after is None else shard_index(after))
    limit = request.get("Limit", _SHARDS_A_PAGE)
    page = list(islice(shards, limit + 1))
    return {
        "StreamDescription": {
            **_describe(own, stream),
            "Shards": [describe_shard(shard) for shard in page[:limit]],
            "HasMoreShards": len(page) > limit,
        }
    }


@operation("DescribeStreamSummary", permissions=on_stream("DescribeStreamSummary"), read_only=True)
def describe_stream_summary(call: Call, request: api.DescribeStreamSummaryInputTypeDef) -> dict[str, Any]:
    """Tells of a stream without its shards."""
    own, name = located(call, request)
    stream = state.stream(own, name)
    described = {
        **_describe(own, stream),
        "OpenShardCount": stream.open_shards,
        "ConsumerCount": sum(1 for _ in state.list_consumers(own, name)),
        "MaxRecordSizeInKiB": stream.max_record_kib,
    }
    if stream.mode is StreamMode.ON_DEMAND:
        described["RecordDistributionStrategy"] = stream.distribution.value
    if stream.warm_mibps is not None:
        described["WarmThroughput"] = {"TargetMiBps": stream.warm_mibps, "CurrentMiBps": stream.warm_mibps}
    return {"StreamDescriptionSummary": described}


def _describe(call: Call, stream: Stream) -> dict[str, Any]:
    described: dict[str, Any] = {
        "StreamName": stream.name,
        "StreamARN": call.arn(f"stream/{stream.name}"),
        "StreamStatus": stream.status.value,
        "StreamModeDetails": {"StreamMode": stream.mode.value},
        "RetentionPeriodHours": stream.retention_hours,
        "StreamCreationTimestamp": datetime.fromtimestamp(int(stream.created_at), UTC),
        "EnhancedMonitoring": [{"ShardLevelMetrics": list(stream.metrics)}],
        "EncryptionType": stream.encryption_type,
    }
    if stream.key_id is not None:
        described["KeyId"] = stream.key_id
    return described


@operation("ListStreams", read_only=True)
def list_streams(call: Call, request: api.ListStreamsInputTypeDef) -> dict[str, Any]:
    """A page of the account's streams."""
    after = request.get("NextToken", request.get("ExclusiveStartStreamName"))
    limit = request.get("Limit", _NAMES_A_PAGE)
    page = list(islice(state.list_streams(call, after), limit + 1))
    listed = page[:limit]
    answer: dict[str, Any] = {
        "StreamNames": [stream.name for stream in listed],
        "HasMoreStreams": len(page) > limit,
        "StreamSummaries": [_summary(call, stream) for stream in listed],
    }
    if len(page) > limit:
        answer["NextToken"] = listed[-1].name
    return answer


def _summary(call: Call, stream: Stream) -> dict[str, Any]:
    return {
        "StreamName": stream.name,
        "StreamARN": call.arn(f"stream/{stream.name}"),
        "StreamStatus": stream.status.value,
        "StreamModeDetails": {"StreamMode": stream.mode.value},
        "StreamCreationTimestamp": datetime.fromtimestamp(int(stream.created_at), UTC),
    }
