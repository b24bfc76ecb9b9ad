"""Shard iterators, and the records that they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.addressing import StreamReference, located, owner
from cloudlet.services.kinesis.dry_runs import end_dry_run
from cloudlet.services.kinesis.errors import ResourceNotFoundException
from cloudlet.services.kinesis.iterators import ShardIterator
from cloudlet.services.kinesis.metrics import StreamMetrics
from cloudlet.services.kinesis.model import Shard, Stream, shard_id, shard_index
from cloudlet.services.kinesis.permissions import get_records as get_records_permission
from cloudlet.services.kinesis.permissions import on_stream
from cloudlet.services.kinesis.positions import starting_place
from cloudlet.services.kinesis.reader import read
from cloudlet.services.kinesis.throughput import ReadRates, refusal

if TYPE_CHECKING:
    from types_boto3_kinesis import type_defs as api

_RECORDS_AT_MOST: Final = 10_000


@operation("GetShardIterator", permissions=on_stream("GetShardIterator"), read_only=True)
def get_shard_iterator(call: Call, request: Request) -> dict[str, Any]:
    """A place in a shard."""
    own, name = located(call, request)
    _, shard = readable_shard(own, name, request["ShardId"])
    own.cloud.component(ReadRates).check_iterators(own, name, shard)
    place = starting_place(
        own,
        name,
        shard,
        request["ShardIteratorType"],
        request.get("StartingSequenceNumber"),
        request.get("Timestamp"),
    )
    end_dry_run(request)
    return {"ShardIterator": _iterator(own, name, shard, place)}


@operation("GetRecords", permissions=get_records_permission, read_only=True)
def get_records(call: Call, request: api.GetRecordsInputTypeDef) -> dict[str, Any]:
    """The records from a place on, and the next place."""
    iterator = ShardIterator.read(request["ShardIterator"])
    iterator.check_age(int(call.time() * 1000))
    own = owner(call, StreamReference(iterator.account, iterator.region, iterator.stream_name))
    stream, shard = readable_shard(own, iterator.stream_name, shard_id(iterator.shard_index))
    rates, metrics = own.cloud.component(ReadRates), own.cloud.component(StreamMetrics)
    begun = own.clock.machine_time()
    if rates.are_too_many(own, stream.name, shard):
        metrics.got_too_much(own, stream, shard)
        raise refusal(own, stream.name, shard)
    batch = read(own, stream, shard, iterator.place, request.get("Limit", _RECORDS_AT_MOST))
    end_dry_run(request)
    rates.spend(own, stream.name, shard, batch.size_bytes)
    own.transaction.after_commit(lambda: metrics.got(own, stream, shard, batch, begun))
    answer: dict[str, Any] = {"Records": batch.records, "MillisBehindLatest": batch.milliseconds_behind}
    if batch.child_shards is None:
        answer["NextShardIterator"] = _iterator(own, stream.name, shard, batch.next_place)
    else:
        answer["ChildShards"] = batch.child_shards
    return answer


def readable_shard(call: Call, name: str, given_id: str) -> tuple[Stream, Shard]:
    """A shard and its stream. Raises ResourceNotFoundException."""
    index = shard_index(given_id)
    if index is None:
        raise ResourceNotFoundException(
            f"Could not find shard {given_id} in stream {name} under account {call.account}."
        )
    stream, shard = state.find_stream(call, name), state.find_shard(call, name, index)
    if stream is None or shard is None:
        raise ResourceNotFoundException(
            f"Shard {shard_id(index)} in stream {name} under account {call.account} does not exist"
        )
    return stream, shard


def _iterator(call: Call, name: str, shard: Shard, place: int) -> str:
    now = int(call.time() * 1000)
    return ShardIterator(call.account, call.region, name, shard.index, place, now).write(call.ids.uuid())
