"""What SubscribeToShard pushes: records as they come, a sign of life when there are none, for five minutes.

A subscription sleeps until its stream wakes it; the row in the store says who reads a shard for a consumer.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cloudlet.core.worker import source_topic
from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.errors import ResourceInUseException, ResourceNotFoundException
from cloudlet.services.kinesis.metrics import StreamMetrics
from cloudlet.services.kinesis.reader import Batch, read
from cloudlet.services.kinesis.throughput import push_seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cloudlet.core.call import Call
    from cloudlet.services.kinesis.model import Consumer, Shard, Stream

SECONDS: Final = 300.0
"""How long a subscription lasts."""
_SIGN_OF_LIFE_SECONDS: Final = 5.0
_EVENT_RECORDS: Final = 10_000
_EVENT_BYTES: Final = 2 * 1024 * 1024


class Reader(Struct, frozen=True):
    """Who reads which shard for whom."""

    consumer: Consumer
    shard_index: int
    subscription_id: str


def topic(call: Call, consumer: Consumer) -> str:
    """What is woken when somebody else takes a consumer's shard over."""
    return f"kinesis subscription {call.arn(consumer.resource)}"


async def events(call: Call, reader: Reader, place: int) -> AsyncIterator[dict[str, Any]]:
    """The events of one subscription, from a place on. Raises what ends it before its time."""
    clock, metrics = call.clock, call.cloud.component(StreamMetrics)
    ends_at, told_at = clock.time() + SECONDS, 0.0
    stream_topic = source_topic(call.arn(f"stream/{reader.consumer.stream_name}"))
    with call.cloud.wakeups.listening(stream_topic, topic(call, reader.consumer)) as listener:
        while clock.time() < ends_at:
            looked = await call.transact(partial(_next, reader=reader, place=place), read_only=True)
            stream, shard, batch = looked
            place = batch.next_place
            if batch.records or batch.child_shards or clock.time() - told_at >= _SIGN_OF_LIFE_SECONDS:
                told_at = clock.time()
                metrics.pushed(call, stream, reader.consumer, shard, batch)
                yield {"SubscribeToShardEvent": _event(call, shard, batch)}
                if (seconds := push_seconds(call, batch.size_bytes)) > 0:
                    await clock.sleep(seconds)
            if batch.child_shards is not None:
                return
            if not batch.records:
                next_at = min(told_at + _SIGN_OF_LIFE_SECONDS, ends_at)
                await listener.wait(clock, max(next_at - clock.time(), 0.0))


def _next(call: Call, reader: Reader, place: int) -> tuple[Stream, Shard, Batch]:
    consumer, name = reader.consumer, reader.consumer.stream_name
    stream = state.find_stream(call, name)
    current = state.find_consumer(call, name, consumer.name)
    if stream is None or current is None or current.created_at != consumer.created_at:
        raise ResourceNotFoundException(f"Consumer {consumer.name}, account {call.account} not found.")
    subscription = state.find_subscription(call, consumer, reader.shard_index)
    if subscription is None or subscription.id != reader.subscription_id:
        raise in_use(call, consumer, reader.shard_index)
    shard = state.shard(call, name, reader.shard_index)
    return stream, shard, read(call, stream, shard, place, _EVENT_RECORDS, _EVENT_BYTES)


def in_use(call: Call, consumer: Consumer, shard_index: int) -> ResourceInUseException:
    """The refusal of a second reader."""
    return ResourceInUseException(
        "Another active subscription exists for this consumer: "
        f"{call.account}:{consumer.stream_name}:shardId-{shard_index:012d}:{consumer.name}"
    )


def _event(call: Call, shard: Shard, batch: Batch) -> dict[str, Any]:
    event: dict[str, Any] = {
        "Records": batch.records,
        "MillisBehindLatest": batch.milliseconds_behind,
    }
    if batch.child_shards is not None:
        return {**event, "ChildShards": batch.child_shards}
    reached = batch.last_sequence_number or shard.sequence_number(batch.next_place - 1, int(call.time()))
    return {**event, "ContinuationSequenceNumber": reached}
