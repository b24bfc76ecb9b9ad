"""Operations on the consumers of enhanced fan-out."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.services.kinesis import changes, state, tokens
from cloudlet.services.kinesis.addressing import ConsumerReference, located, owner
from cloudlet.services.kinesis.consumers import consumer_at, named_consumer
from cloudlet.services.kinesis.dry_runs import end_dry_run
from cloudlet.services.kinesis.errors import (
    InvalidArgumentException,
    LimitExceededException,
    ResourceInUseException,
)
from cloudlet.services.kinesis.limits import check_consumers
from cloudlet.services.kinesis.model import Consumer, Shard, Status, Subscription
from cloudlet.services.kinesis.operations.reading import readable_shard
from cloudlet.services.kinesis.operations.tags import check_tags
from cloudlet.services.kinesis.permissions import on_consumer, on_stream, register_consumer
from cloudlet.services.kinesis.positions import starting_place
from cloudlet.services.kinesis.subscription import Reader, events, in_use, topic

if TYPE_CHECKING:
    from types_boto3_kinesis import type_defs as api

_CONSUMERS_A_PAGE: Final = 100
_CREATING_AT_MOST: Final = 5
_TAKE_OVER_SECONDS: Final = 5.0
"""How long a subscription cannot be taken over by another."""


@operation("RegisterStreamConsumer", permissions=register_consumer)
def register_stream_consumer(call: Call, request: api.RegisterStreamConsumerInputTypeDef) -> dict[str, Any]:
    """Begins a consumer."""
    own, name = located(call, request)
    stream = state.usable_stream(own, name)
    consumer_name = request["ConsumerName"]
    if state.find_consumer(own, name, consumer_name) is not None:
        raise ResourceInUseException(
            f"Consumer {consumer_name} under stream {name} already exists for account {own.account}."
        )
    check_consumers(own, stream)
    _check_creating(own, name)
    tags = request.get("Tags", {})
    check_tags(own, consumer_name, tags)
    consumer = Consumer(consumer_name, name, int(own.time()), tags=tags)
    changes.begin_consumer(own, consumer, changes.CREATE)
    return {"Consumer": _describe(own, consumer)}


def _check_creating(call: Call, name: str) -> None:
    creating = sum(each.status is Status.CREATING for each in state.list_consumers(call, name))
    if creating >= _CREATING_AT_MOST:
        raise LimitExceededException(
            f"This request would exceed the limit of {_CREATING_AT_MOST} consumers in CREATING status for "
            f"stream {name} under account {call.account}."
        )


@operation("DeregisterStreamConsumer", permissions=on_consumer("DeregisterStreamConsumer"))
def deregister_stream_consumer(call: Call, request: api.DeregisterStreamConsumerInputTypeDef) -> None:
    """Begins the end of a consumer."""
    of = named_consumer(call, request)
    own = owner(call, of.stream)
    changes.begin_consumer(own, consumer_at(own, of), changes.DELETE)


@operation("DescribeStreamConsumer", permissions=on_consumer("DescribeStreamConsumer"), read_only=True)
def describe_stream_consumer(call: Call, request: api.DescribeStreamConsumerInputTypeDef) -> dict[str, Any]:
    """Tells of a consumer."""
    of = named_consumer(call, request)
    own = owner(call, of.stream)
    return {"ConsumerDescription": {**_describe(own, consumer_at(own, of)), "StreamARN": of.stream.arn}}


@operation("ListStreamConsumers", permissions=on_stream("ListStreamConsumers"), read_only=True)
def list_stream_consumers(call: Call, request: Request) -> dict[str, Any]:
    """A page of a stream's consumers."""
    own, name = located(call, request)
    state.stream(own, name)
    token, after = request.get("NextToken"), None
    if token is not None:
        if "StreamCreationTimestamp" in request:
            raise InvalidArgumentException(
                "NextToken and StreamCreationTimestamp cannot be provided together."
            )
        after = str(tokens.read(token, own.time())["after"])
    limit = request.get("MaxResults", _CONSUMERS_A_PAGE)
    page = list(islice(state.list_consumers(own, name, after), limit + 1))
    answer: dict[str, Any] = {"Consumers": [_describe(own, each) for each in page[:limit]]}
    if len(page) > limit:
        answer["NextToken"] = tokens.write({"after": page[limit - 1].name}, own.time())
    return answer


@operation("SubscribeToShard", permissions=on_consumer("SubscribeToShard"))
async def subscribe_to_shard(call: Call, request: Request) -> dict[str, Any]:
    """Pushes a shard's records to a consumer for five minutes."""
    of = named_consumer(call, request)
    own = owner(call, of.stream)
    new = Subscription(call.ids.uuid(), own.time())
    consumer, shard, place = await own.transact(lambda inner: _subscribe(inner, of, request, new))
    reader = Reader(consumer, shard.index, new.id)
    return {"EventStream": events(own, reader, place)}


def _subscribe(
    call: Call, of: ConsumerReference, request: Request, new: Subscription
) -> tuple[Consumer, Shard, int]:
    consumer = consumer_at(call, of)
    if consumer.status is not Status.ACTIVE:
        raise ResourceInUseException(
            f"Consumer {consumer.name} with creation timestamp {consumer.created_at} under stream: "
            f"{consumer.stream_name} , account {call.account} is not in ACTIVE status."
        )
    _, shard = readable_shard(call, consumer.stream_name, request["ShardId"])
    current = state.find_subscription(call, consumer, shard.index)
    if current is not None and new.since - current.since < _TAKE_OVER_SECONDS:
        raise in_use(call, consumer, shard.index)
    position = request["StartingPosition"]
    place = starting_place(
        call,
        consumer.stream_name,
        shard,
        position["Type"],
        position.get("SequenceNumber"),
        position.get("Timestamp"),
    )
    end_dry_run(request)
    state.save_subscription(call, consumer, shard.index, new)
    call.wake(topic(call, consumer))
    return consumer, shard, place


def _describe(call: Call, consumer: Consumer) -> dict[str, Any]:
    return {
        "ConsumerName": consumer.name,
        "ConsumerARN": call.arn(consumer.resource),
        "ConsumerStatus": consumer.status.value,
        "ConsumerCreationTimestamp": datetime.fromtimestamp(consumer.created_at, UTC),
    }
