"""ReceiveMessage: what may be received now, or a wait for it.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.sqs import contents, dead_letters, state, urls
from cloudlet.services.sqs.encryption import Encryption
from cloudlet.services.sqs.errors import InvalidAttributeName, InvalidParameterValue, OverLimit
from cloudlet.services.sqs.handles import read_handle, write_handle
from cloudlet.services.sqs.metrics import QueueMetrics
from cloudlet.services.sqs.model import Delivery, Received, milliseconds
from cloudlet.services.sqs.operations.queues import wake_readers
from cloudlet.services.sqs.permissions import on_queue
from cloudlet.services.sqs.polls import LongPolls, expect_visible
from cloudlet.services.sqs.throughput import check_throughput

if TYPE_CHECKING:
    from types_boto3_sqs import type_defs as api

    from cloudlet.core.operation import Request
    from cloudlet.services.sqs.model import Message, MessageAttribute, Queue
    from cloudlet.services.sqs.urls import QueueAddress

_MOST_MESSAGES: Final = 10
_MOST_IN_FLIGHT: Final = 120_000
_SETTLED_AT_ONCE: Final = 100
_DROPPED_AT_ONCE: Final = 500
_SYSTEM_ATTRIBUTES: Final = frozenset(
    {
        "All",
        "SenderId",
        "SentTimestamp",
        "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp",
        "SequenceNumber",
        "MessageDeduplicationId",
        "MessageGroupId",
        "AWSTraceHeader",
        "DeadLetterQueueSourceArn",
    }
)


class Asked(Struct, frozen=True):
    """What a receive asks for."""

    address: QueueAddress
    limit: int
    visibility_timeout: int | None
    wait_seconds: int | None
    system_attributes: frozenset[str]
    attributes: tuple[str, ...]
    attempt_id: str | None


class Look(Struct, frozen=True):
    """What one look into a queue found."""

    queue: Queue
    received: list[Received]
    next_due: float | None = None
    unfinished: bool = False
    """Whether so much was thrown away that the rest of the queue was not looked at."""


@operation("ReceiveMessage", permissions=on_queue("ReceiveMessage"), unsigned=True)
async def receive_message(call: Call, request: api.ReceiveMessageRequestTypeDef) -> dict[str, Any]:
    """Takes up to ten messages out of sight; waits for the first one if asked to."""
    asked = _asked(call, request)
    if asked.wait_seconds == 0:
        return _answer(call, asked, await _look(call, asked))
    polls = call.cloud.component(LongPolls)
    begun = call.time()
    with polls.join(asked.address.arn) as poll:
        while True:
            look = await _look(call, asked)
            poll.found = bool(look.received)
            left = begun + _wait_seconds(asked, look.queue) - call.time()
            if look.received or left <= 0:
                return _answer(call, asked, look)
            may_be_some = await poll.wait(call.clock, left, look.next_due)
            if _is_abandoned(call):
                return {}
            if not may_be_some:
                return _answer(call, asked, look)


def _wait_seconds(asked: Asked, queue: Queue) -> int:
    if asked.wait_seconds is not None:
        return asked.wait_seconds
    return queue.seconds("ReceiveMessageWaitTimeSeconds")


def _asked(call: Call, request: Request) -> Asked:
    limit = request.get("MaxNumberOfMessages")
    if limit is not None and not 1 <= limit <= _MOST_MESSAGES:
        raise InvalidParameterValue.of(
            "MaxNumberOfMessages",
            limit,
            "Must be between 1 and 10, if provided.",
        )
    wait = request.get("WaitTimeSeconds")
    if wait is not None and not 0 <= wait <= 20:
        raise InvalidParameterValue.of(
            "WaitTimeSeconds",
            wait,
            "Must be >= 0 and <= 20, if provided.",
        )
    timeout = request.get("VisibilityTimeout")
    if timeout is not None and not 0 <= timeout <= 43_200:
        raise InvalidParameterValue.of(
            "VisibilityTimeout",
            timeout,
            "Must be >= 0 and <= 43200, if provided.",
        )
    return Asked(
        urls.address(call, request["QueueUrl"]),
        limit or 1,
        timeout,
        wait,
        _system_attributes(request),
        tuple(request.get("MessageAttributeNames") or ()),
        request.get("ReceiveRequestAttemptId"),
    )


def _system_attributes(request: Request) -> frozenset[str]:
    names = [*(request.get("AttributeNames") or ()), *(request.get("MessageSystemAttributeNames") or ())]
    for name in names:
        if name not in _SYSTEM_ATTRIBUTES:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    return _SYSTEM_ATTRIBUTES if "All" in names else frozenset(names)


async def _look(call: Call, asked: Asked) -> Look:
    """Receives what there is; gives it back where the caller has gone away meanwhile."""
    found: list[Look] = []

    def look(inner: Call) -> Look:
        found[:] = [_look_within(inner, asked)]
        return found[0]

    try:
        while (looked := await call.transact(look)).unfinished:
            pass
    except asyncio.CancelledError:
        _undo(call, found)
        raise
    if _is_abandoned(call):
        _undo(call, found)
    return looked


def _is_abandoned(call: Call) -> bool:
    return call.http is not None and call.http.is_abandoned()


def _undo(call: Call, found: list[Look]) -> None:
    if found and found[0].received:
        call.cloud.component(LongPolls).undo(call.transact(partial(_give_back, look=found[0])))


def _give_back(call: Call, look: Look) -> None:
    queue = state.find_queue_by_arn(call, look.queue.arn)
    if queue is None or queue.id != look.queue.id:
        return
    messages = state.messages(call, queue)
    for each in look.received:
        if messages.find_delivery(each.position) == each.delivery:
            messages.hide(each.position, each.delivery.not_received(), messages.now)
    messages.save_counts()
    wake_readers(call, queue)


def _look_within(call: Call, asked: Asked) -> Look:
    address = asked.address
    queue = state.queue(call, address.account, address.region, address.name)
    check_throughput(call, queue, "ReceiveMessage")
    messages = state.messages(call, queue)
    messages.settle(_SETTLED_AT_ONCE)
    attempt_id = asked.attempt_id if queue.fifo else None
    received, unfinished = _receive_again(call, queue, messages, asked) if attempt_id else [], False
    if not received:
        received, unfinished = _take(call, queue, messages, asked)
        if attempt_id and received:
            handles = tuple(write_handle(queue, each.position, each.delivery) for each in received)
            state.save_attempt(call, queue, attempt_id, handles)
    counts = messages.save_counts()
    if received:
        _check_in_flight(call, queue, counts)
        expect_visible(call, queue, received[-1].delivery.due / 1000)
        return Look(queue, _opened(call, queue, received))
    return Look(queue, [], messages.next_due(), unfinished)


def _opened(call: Call, queue: Queue, received: list[Received]) -> list[Received]:
    """What is received, with bodies that can be read; nothing is received where one may not be."""
    if all(each.message.sealed is None for each in received):
        return received
    encryption = Encryption(call, queue)
    return [replace(each, message=encryption.opened(each.message)) for each in received]


def _due(call: Call, queue: Queue, asked: Asked) -> int:
    timeout = asked.visibility_timeout
    return milliseconds(call.time() + (queue.seconds("VisibilityTimeout") if timeout is None else timeout))


def _receive_again(call: Call, queue: Queue, messages: state.Messages, asked: Asked) -> list[Received]:
    """What the same attempt was given, hidden anew; nothing if any of it has changed since."""
    attempt = state.find_attempt(call, queue, asked.attempt_id or "")
    received: list[Received] = []
    for handle in attempt.receipt_handles if attempt else ():
        receipt = read_handle(queue, handle)
        message = messages.find(receipt.position)
        delivery = messages.find_delivery(receipt.position)
        if message is None or delivery is None or not receipt.belongs_to(delivery):
            return []
        if delivery.due <= messages.now:
            return []
        received.append(Received(receipt.position, message, delivery))
    for each in received:
        messages.hide(each.position, each.delivery, _due(call, queue, asked))
    return received


def _take(call: Call, queue: Queue, messages: state.Messages, asked: Asked) -> tuple[list[Received], bool]:
    """What is received, and whether it may be less than there is."""
    now = call.time()
    due = _due(call, queue, asked)
    oldest = now - queue.seconds("MessageRetentionPeriod")
    dead_letter_queue = dead_letters.open_target(call, queue)
    received: list[Received] = []
    dropped = 0
    for position in messages.candidates(asked.limit):
        message = messages.find(position)
        delivery = messages.find_delivery(position)
        if message is None or message.sent_at <= oldest:
            messages.remove(position, message, delivery)
            dropped += 1
        elif dead_letter_queue is not None and dead_letter_queue.is_due(delivery):
            messages.remove(position, message, delivery)
            dead_letter_queue.take(message, delivery)
            dropped += 1
        else:
            before = delivery or Delivery(group_id=message.group_id or "")
            delivery = before.received(now, due)
            messages.receive(position, delivery)
            received.append(Received(position, message, delivery))
        if len(received) == asked.limit or dropped == _DROPPED_AT_ONCE:
            break
    if dead_letter_queue is not None:
        dead_letter_queue.close()
    return received, dropped == _DROPPED_AT_ONCE


def _check_in_flight(call: Call, queue: Queue, counts: state.Counts | None) -> None:
    """Raises OverLimit; the numbers are summed up only when one row alone says that it may be near."""
    if queue.fifo or counts is None or counts.in_flight < _MOST_IN_FLIGHT // state.SHARDS // 2:
        return
    if state.total(call, queue.id).in_flight > _MOST_IN_FLIGHT:
        raise OverLimit(
            "Too many messages in flight (being processed by consumers). Delete some of them, or wait."
        )


def _answer(call: Call, asked: Asked, look: Look) -> dict[str, Any]:
    call.cloud.component(QueueMetrics).received(look.queue, len(look.received))
    messages = [_told(asked, look.queue, each) for each in look.received]
    return {"Messages": messages} if messages else {}


def _told(asked: Asked, queue: Queue, received: Received) -> dict[str, Any]:
    message = received.message
    told: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": write_handle(queue, received.position, received.delivery),
        "MD5OfBody": message.md5,
        "Body": message.body,
    }
    system = _system_values(asked.system_attributes, message, received.delivery)
    if system:
        told["Attributes"] = system
    attributes = _chosen(message.attributes, asked.attributes)
    if attributes:
        told["MD5OfMessageAttributes"] = contents.md5_of_attributes(attributes)
        told["MessageAttributes"] = {name: _value(value) for name, value in attributes.items()}
    return told


def _system_values(names: frozenset[str], message: Message, delivery: Delivery) -> dict[str, str]:
    if not names:
        return {}
    values = {
        "SenderId": message.sender_id,
        "SentTimestamp": str(milliseconds(message.sent_at)),
        "ApproximateReceiveCount": str(delivery.receive_count),
        "ApproximateFirstReceiveTimestamp": str(milliseconds(delivery.first_received_at)),
        "SequenceNumber": message.sequence_number,
        "MessageDeduplicationId": message.deduplication_id,
        "MessageGroupId": message.group_id,
        "AWSTraceHeader": message.trace_header,
        "DeadLetterQueueSourceArn": message.source_arn,
    }
    return {name: value for name, value in values.items() if value is not None and name in names}


def _chosen(attributes: Mapping[str, MessageAttribute], names: Sequence[str]) -> dict[str, MessageAttribute]:
    """The message attributes that a receive asks for: by name, by `prefix.*`, or all of them."""
    if not attributes or not names:
        return {}
    if "All" in names or ".*" in names or "*" in names:
        return dict(attributes)
    prefixes = tuple(name.removesuffix("*").removesuffix(".") for name in names if name.endswith("*"))
    return {
        name: value
        for name, value in attributes.items()
        if name in names or (prefixes and name.startswith(prefixes))
    }


def _value(attribute: MessageAttribute) -> dict[str, Any]:
    if attribute.is_binary:
        return {"BinaryValue": attribute.value, "DataType": attribute.data_type}
    return {"StringValue": attribute.value.decode(), "DataType": attribute.data_type}
