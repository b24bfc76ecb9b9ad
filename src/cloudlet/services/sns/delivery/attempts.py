"""One attempt to deliver: of what to whom, as whom SNS asks, and what the endpoint said.

What follows from it is outcomes.py's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.arn import Arn, queue_url
from cloudlet.core.errors import ServiceError
from cloudlet.services.sns import encryption, notifications, state
from cloudlet.services.sns.model import FIFO_SUFFIX, Lane, Message, Subscription, Topic

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sns.notifications import Signer
    from cloudlet.services.sns.state import LaneKey

PRINCIPAL: Final = "sns.amazonaws.com"


class Delivery(Struct, frozen=True):
    """A message on its way to one endpoint."""

    key: LaneKey
    lane: Lane
    topic: Topic
    subscription: Subscription
    message: Message

    def of_lane(self, lane: Lane) -> Delivery:
        """The same with the lane as it stands now."""
        return replace(self, lane=lane)


class Answer(Struct, frozen=True):
    """What an endpoint said to an attempt."""

    status_code: int
    provider_response: str | None = None
    """In the endpoint's own words."""
    failed: bool = False
    may_succeed_later: bool = False
    """Whether a failure is the endpoint's fault, not the sender's."""


def refusal(error: ServiceError) -> Answer:
    """What a refusal of another service means."""
    return Answer(error.status, f"{error.code}: {error.message}", True, error.may_pass)


def find_delivery(call: Call, key: LaneKey, lane: Lane) -> Delivery | None:
    """What a lane is about; None where the subscription is gone, and with it the wish for the message."""
    address = lane.subscription
    subscription = state.find_subscription(call, address) or state.find_ended(call, address)
    topic, message = state.find_topic(call, address.topic), state.find_message(call, lane.message_id)
    if subscription is None or topic is None or message is None:
        return None
    return Delivery(key, lane, topic, subscription, message)


def opened(call: Call, delivery: Delivery) -> Delivery:
    """The same with its message in the clear. Raises KeyNotUsable."""
    message = encryption.opened(call, delivery.message)
    return delivery if message is delivery.message else replace(delivery, message=message)


def as_sns(call: Call, delivery: Delivery, region: str) -> Call:
    """SNS's own call on behalf of the topic."""
    there = replace(
        call, account=delivery.topic.account, region=region, trace_id=delivery.message.trace_header
    )
    return there.as_service(PRINCIPAL, delivery.topic.arn)


def send(call: Call, delivery: Delivery, queue_arn: str, signer: Signer) -> Answer:
    """Puts a message into a queue, in the open transaction. Raises ServiceError."""
    arn, delivery = Arn.parse(queue_arn), opened(call, delivery)
    request = {
        "QueueUrl": queue_url(arn),
        **_contents(delivery, signer),
        **_order(delivery.message, arn.resource),
    }
    there = as_sns(call, delivery, arn.region)
    sent = there.ask_within("sqs", "SendMessage", request)
    said = {"sqsRequestId": there.request_id, "sqsMessageId": sent["MessageId"]}
    return Answer(200, json.dumps(said, separators=(",", ":")))


def _contents(delivery: Delivery, signer: Signer) -> dict[str, Any]:
    message, to = delivery.message, delivery.subscription
    if not to.raw:
        return {"MessageBody": notifications.document(message, to, signer)}
    attributes = {
        name: {
            "DataType": each.data_type,
            **({"BinaryValue": each.value} if each.is_binary else {"StringValue": each.value.decode()}),
        }
        for name, each in message.attributes.items()
    }
    return {"MessageBody": message.body(to.protocol), "MessageAttributes": attributes}


def _order(message: Message, queue_name: str) -> dict[str, str]:
    """The message group, and what a FIFO queue asks for beside it."""
    if queue_name.endswith(FIFO_SUFFIX):
        return {
            "MessageGroupId": message.group_id or message.id,
            "MessageDeduplicationId": message.deduplication_id or message.id,
        }
    in_order = message.sequence_number is not None
    return {"MessageGroupId": message.group_id} if message.group_id and not in_order else {}
