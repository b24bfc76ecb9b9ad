"""What becomes of a delivery after an attempt: done, tried again later, or a dead letter.

https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
Carries nothing itself.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import ServiceError
from cloudlet.services.sns import delivery_policies, metrics, state
from cloudlet.services.sns.delivery.attempts import send
from cloudlet.services.sns.delivery.status_logs import StatusLogs
from cloudlet.services.sns.model import WEB, milliseconds
from cloudlet.services.sns.retry_policies import AWS_MANAGED

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sns.delivery.attempts import Answer, Delivery
    from cloudlet.services.sns.notifications import Signer

_LOG: Final = logging.getLogger("cloudlet.sns")


def finish(call: Call, delivery: Delivery, answer: Answer, signer: Signer) -> None:
    """Writes what is left to do after an attempt."""
    seconds = _delay_seconds(delivery) if answer.may_succeed_later else None
    if seconds is not None:
        due = milliseconds(call.time() + seconds)
        state.save_lane(call, delivery.key, delivery.lane.tried(due), delivery.lane)
        return
    if answer.failed:
        _bury(call, delivery, answer, signer)
    metrics.count(call, delivery.topic, metrics.FAILED if answer.failed else metrics.DELIVERED)
    call.cloud.component(StatusLogs).tell(call, delivery, answer)
    state.settle(call, delivery.key, delivery.lane)


def _delay_seconds(delivery: Delivery) -> float | None:
    policy = AWS_MANAGED
    if delivery.subscription.protocol in WEB:
        effective = delivery_policies.effective_subscription_policy(delivery.topic, delivery.subscription)
        policy = delivery_policies.retry_policy(effective)
    return policy.delay_seconds(delivery.lane.attempts + 1)


def _bury(call: Call, delivery: Delivery, answer: Answer, signer: Signer) -> None:
    """Sends a message to the dead-letter queue; what that does not take is lost, as at AWS."""
    queue, to = delivery.subscription.dead_letter_target_arn, delivery.subscription
    try:
        if queue is not None:
            send(call, delivery, queue, signer)
            metrics.count(call, delivery.topic, metrics.REDRIVEN)
            return
    except ServiceError as error:
        metrics.count(call, delivery.topic, metrics.NOT_REDRIVEN)
        _LOG.warning("a dead letter of %s does not reach %s: %s", to.arn, queue, error.message)
    _LOG.warning("message %s for %s is lost: %s", delivery.message.id, to.arn, answer.provider_response)
