"""What becomes of a delivery after an attempt: done, tried again later, or a dead letter.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.arn import Arn, queue_url
from cloudlet.core.errors import ServiceError
from cloudlet.services.events import metrics
from cloudlet.services.events.delivery.attempts import as_events
from cloudlet.services.events.model import milliseconds
from cloudlet.services.events.state import deliveries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.events.delivery.attempts import Failure
    from cloudlet.services.events.model import Delivery

_LOG: Final = logging.getLogger("cloudlet.events")
_RETRIES: Final = 185
_AGE_SECONDS: Final = 86400
_LONGEST_PAUSE_SECONDS: Final = 480.0
"""With this, all retries fit into a day."""
_MOST_DOUBLINGS: Final = 10


def finish(call: Call, delivery: Delivery, failure: Failure | None) -> None:
    """Writes what is left to do after an attempt."""
    metrics.count(call, delivery.rule, metrics.INVOKED if delivery.attempts == 0 else metrics.RETRIED)
    if failure is None:
        deliveries.delete_delivery(call, delivery)
        return
    exhausted = _exhausted(call, delivery) if failure.may_pass else ""
    if exhausted is None:
        due = milliseconds(call.time() + _pause_seconds(delivery))
        deliveries.save_delivery(call, delivery.tried(due), delivery)
        return
    metrics.count(call, delivery.rule, metrics.FAILED)
    _bury(call, delivery, failure, exhausted)
    deliveries.delete_delivery(call, delivery)


def _exhausted(call: Call, delivery: Delivery) -> str | None:
    """What ends the retries now; None while there are more."""
    policy: Mapping[str, int] = delivery.target.settings.get("RetryPolicy") or {}
    if delivery.attempts >= policy.get("MaximumRetryAttempts", _RETRIES):
        return "MaximumRetryAttempts"
    last = delivery.ingested_at + policy.get("MaximumEventAgeInSeconds", _AGE_SECONDS)
    return "MaximumEventAgeInSeconds" if call.time() + _pause_seconds(delivery) > last else None


def _pause_seconds(delivery: Delivery) -> float:
    return min(2.0 ** min(delivery.attempts, _MOST_DOUBLINGS), _LONGEST_PAUSE_SECONDS)


def _bury(call: Call, delivery: Delivery, failure: Failure, exhausted: str) -> None:
    """Sends an event to the dead-letter queue; what that does not take is lost, as at AWS."""
    queue = delivery.target.dead_letter_arn
    told = f"an event of {delivery.rule.arn} for {delivery.target.arn}"
    if queue is None:
        _LOG.warning("%s is lost: %s", told, failure.message)
        return
    arn = Arn.parse(queue)
    request = {
        "QueueUrl": queue_url(arn),
        "MessageBody": delivery.event.text(),
        "MessageAttributes": _attributes(delivery, failure, exhausted),
    }
    try:
        as_events(call, delivery, arn.region).ask_within("sqs", "SendMessage", request)
    except ServiceError as error:
        metrics.count(call, delivery.rule, metrics.NOT_BURIED)
        _LOG.warning("%s is lost: it does not reach %s: %s", told, queue, error.message)
    else:
        metrics.count(call, delivery.rule, metrics.BURIED)


def _attributes(delivery: Delivery, failure: Failure, exhausted: str) -> dict[str, Any]:
    texts = {
        "RULE_ARN": delivery.rule.arn,
        "TARGET_ARN": delivery.target.arn,
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.message,
    }
    if exhausted:
        texts |= {"EXHAUSTED_RETRY_CONDITION": exhausted, "RETRY_ATTEMPTS": str(delivery.attempts)}
    return {name: {"DataType": "String", "StringValue": text or "-"} for name, text in texts.items()}
