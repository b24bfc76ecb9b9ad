"""What becomes of a delivery after an attempt: done, tried again later, or a dead letter.

https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
Carries nothing itself.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.arn import Arn
from cloudlet.core.errors import ServiceError
from cloudlet.services.sns import delivery_policies, metrics, notifications, state
from cloudlet.services.sns.model import FIFO_SUFFIX, WEB, Lane, Message, Subscription, Topic, milliseconds

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sns.notifications import Signer
    from cloudlet.services.sns.state import LaneKey

PRINCIPAL: Final = "sns.amazonaws.com"
_THROTTLED: Final = 429
_LOG: Final = logging.getLogger("cloudlet.sns")


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


class Failure(Struct, frozen=True):
    """Why an attempt failed."""

    reason: str
    may_succeed_later: bool
    """Whether it is the endpoint's fault, not the sender's."""


def failure_of(error: ServiceError) -> Failure:
    """What a refusal of another service means."""
    later = error.status >= 500 or error.status == _THROTTLED
    return Failure(f"{error.code}: {error.message}", later)


def find_delivery(call: Call, key: LaneKey, lane: Lane) -> Delivery | None:
    """What a lane is about; None where the subscription is gone, and with it the wish for the message."""
    address = lane.subscription
    subscription = state.find_subscription(call, address) or state.find_ended(call, address)
    topic, message = state.find_topic(call, address.topic), state.find_message(call, lane.message_id)
    if subscription is None or topic is None or message is None:
        return None
    return Delivery(key, lane, topic, subscription, message)


def as_sns(call: Call, delivery: Delivery, region: str) -> Call:
    """SNS's own call on behalf of the topic."""
    there = replace(
        call, account=delivery.topic.account, region=region, trace_id=delivery.message.trace_header
    )
    return there.as_service(PRINCIPAL, delivery.topic.arn)


def finish(call: Call, delivery: Delivery, failure: Failure | None, signer: Signer) -> None:
    """Writes what is left to do after an attempt."""
    if failure is None:
        metrics.count(call, delivery.topic, metrics.DELIVERED)
        state.settle(call, delivery.key, delivery.lane)
        return
    seconds = _delay_seconds(delivery) if failure.may_succeed_later else None
    if seconds is not None:
        due = milliseconds(call.time() + seconds)
        state.save_lane(call, delivery.key, delivery.lane.tried(due), delivery.lane)
        return
    _bury(call, delivery, failure, signer)
    state.settle(call, delivery.key, delivery.lane)


def _delay_seconds(delivery: Delivery) -> float | None:
    policy = delivery_policies.AWS_MANAGED
    if delivery.subscription.protocol in WEB:
        effective = delivery_policies.effective_subscription_policy(delivery.topic, delivery.subscription)
        policy = delivery_policies.retry_policy(effective)
    return policy.delay_seconds(delivery.lane.attempts + 1)


def _bury(call: Call, delivery: Delivery, failure: Failure, signer: Signer) -> None:
    """Sends a message to the dead-letter queue; what that does not take is lost, as at AWS."""
    queue, to = delivery.subscription.dead_letter_target_arn, delivery.subscription
    metrics.count(call, delivery.topic, metrics.FAILED)
    try:
        if queue is not None:
            send(call, delivery, queue, signer)
            metrics.count(call, delivery.topic, metrics.REDRIVEN)
            return
    except ServiceError as error:
        metrics.count(call, delivery.topic, metrics.NOT_REDRIVEN)
        _LOG.warning("a dead letter of %s does not reach %s: %s", to.arn, queue, error.message)
    _LOG.warning("message %s for %s is lost: %s", delivery.message.id, to.arn, failure.reason)


def send(call: Call, delivery: Delivery, queue_arn: str, signer: Signer) -> None:
    """Puts a message into a queue, in the open transaction. Raises ServiceError."""
    arn = Arn.parse(queue_arn)
    request = {
        "QueueUrl": f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}",
        **_contents(delivery, signer),
        **_order(delivery.message, arn.resource),
    }
    as_sns(call, delivery, arn.region).ask_within("sqs", "SendMessage", request)


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
