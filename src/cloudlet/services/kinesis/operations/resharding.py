"""SplitShard, MergeShards and UpdateShardCount."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.kinesis import changes, resharding, state
from cloudlet.services.kinesis.addressing import located
from cloudlet.services.kinesis.errors import (
    InvalidArgumentException,
    LimitExceededException,
    ResourceNotFoundException,
    ValidationException,
)
from cloudlet.services.kinesis.limits import SHARDS_A_STREAM, check_shards
from cloudlet.services.kinesis.model import Shard, Stream, StreamMode, shard_id, shard_index
from cloudlet.services.kinesis.permissions import on_stream
from cloudlet.services.kinesis.resharding import Plan

if TYPE_CHECKING:
    from types_boto3_kinesis import type_defs as api

_DAY_SECONDS: Final = 86400
_SCALINGS_A_DAY: Final = 10


@operation("SplitShard", permissions=on_stream("SplitShard"))
def split_shard(call: Call, request: api.SplitShardInputTypeDef) -> None:
    """Divides a shard in two."""
    own, name = located(call, request)
    index = _index(own, name, request["ShardToSplit"])
    stream = _provisioned(own, name)
    shard = _open_shard(own, name, index)
    at = int(request["NewStartingHashKey"])
    if not int(shard.first_hash) + 1 < at < int(shard.last_hash):
        raise InvalidArgumentException(
            f"NewStartingHashKey {at} used in SplitShard() on shard {shard.id} in stream {name} "
            "under account "
            f"{own.account} is not both greater than one plus the shard's StartingHashKey {shard.first_hash} "
            f"and less than the shard's EndingHashKey {shard.last_hash}."
        )
    check_shards(own, 1)
    _begin(own, stream, resharding.split(shard, at, stream.next_shard))


@operation("MergeShards", permissions=on_stream("MergeShards"))
def merge_shards(call: Call, request: api.MergeShardsInputTypeDef) -> None:
    """Joins two neighbouring shards."""
    own, name = located(call, request)
    indexes = [_index(own, name, request[member]) for member in ("ShardToMerge", "AdjacentShardToMerge")]
    stream = _provisioned(own, name)
    one, other = (_open_shard(own, name, index) for index in indexes)
    if int(one.last_hash) + 1 != int(other.first_hash):
        raise InvalidArgumentException(
            f"Shards {one.id} and {other.id} in stream {name} under account {own.account} are "
            "not an adjacent "
            "pair of shards eligible for merging"
        )
    _begin(own, stream, resharding.merge(one, other, stream.next_shard))


@operation("UpdateShardCount", permissions=on_stream("UpdateShardCount"))
def update_shard_count(call: Call, request: api.UpdateShardCountInputTypeDef) -> dict[str, Any]:
    """Gives a stream another number of shards, all equal."""
    own, name = located(call, request)
    stream, target = _provisioned(own, name), request["TargetShardCount"]
    _check_scaling(stream, target)
    scaled_at = _in_the_last_day(own, stream.rescaled_at)
    if len(scaled_at) >= _SCALINGS_A_DAY:
        raise LimitExceededException(
            f"UpdateShardCount cannot be called more than {_SCALINGS_A_DAY} times in a 24 hour "
            "period on stream "
            f"{name} under account {own.account}."
        )
    check_shards(own, target - stream.open_shards)
    shards = [shard for shard in state.list_shards(own, name) if shard.is_open]
    plan = resharding.scale(shards, target, stream.next_shard)
    _begin(own, replace(stream, rescaled_at=(*scaled_at, own.time())), plan)
    return {
        "StreamName": name,
        "StreamARN": own.arn(f"stream/{name}"),
        "CurrentShardCount": stream.open_shards,
        "TargetShardCount": target,
    }


def _check_scaling(stream: Stream, target: int) -> None:
    counts = f"Current open shard count: {stream.open_shards}, Target shard count: {target}"
    if target > SHARDS_A_STREAM:
        raise LimitExceededException(
            f"Target shard count or number of open shards cannot be greater than {SHARDS_A_STREAM}. {counts}"
        )
    if target > stream.open_shards * 2:
        raise LimitExceededException(
            f"UpdateShardCount cannot scale up over double your current open shard count. {counts}"
        )
    if target * 2 < stream.open_shards:
        raise LimitExceededException(
            f"UpdateShardCount cannot scale down below half your current open shard count. {counts}"
        )


def _begin(call: Call, stream: Stream, plan: Plan) -> None:
    changes.begin(call, stream, changes.UPDATE, closes=tuple(plan.closes), opens=tuple(plan.opens))


def _in_the_last_day(call: Call, times: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(each for each in times if each > call.time() - _DAY_SECONDS)


def _provisioned(call: Call, name: str) -> Stream:
    stream = state.stream(call, name)
    if stream.mode is StreamMode.ON_DEMAND:
        raise ValidationException(
            f"Request is invalid. Stream {name} under account {call.account} is in On-Demand mode."
        )
    return state.active_stream(call, name)


def _index(call: Call, name: str, given: str) -> int:
    index = shard_index(given)
    if index is None:
        raise ResourceNotFoundException(
            f"Could not find shard {given} in stream {name} under account {call.account}."
        )
    return index


def _open_shard(call: Call, name: str, index: int) -> Shard:
    shard = state.find_shard(call, name, index)
    if shard is None:
        raise ResourceNotFoundException(
            f"Could not find shard {shard_id(index)} in stream {name} under account {call.account}."
        )
    if not shard.is_open:
        raise InvalidArgumentException(
            f"Shard {shard.id} in stream {name} under account {call.account} has already been "
            "merged or split, "
            "and thus is not eligible for merging or splitting."
        )
    return shard
