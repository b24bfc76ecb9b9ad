"""Carries messages to functions, by asynchronous invocations: as SNS itself; the function's policy decides.

Retrying is outcomes.py's, and once the function has it, Lambda's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.core.arn import Arn
from cloudlet.core.errors import ServiceError
from cloudlet.services.sns import notifications
from cloudlet.services.sns.delivery.attempts import Answer, as_sns, refusal
from cloudlet.services.sns.delivery.claims import ClaimingCarrier
from cloudlet.services.sns.model import FUNCTIONS

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.sns.delivery.attempts import Delivery
    from cloudlet.services.sns.notifications import Signer


def function_carrier(cloud: Cloud) -> ClaimingCarrier:
    """The worker that invokes functions."""
    return ClaimingCarrier(cloud, "sns-functions", FUNCTIONS, _invoke)


async def _invoke(call: Call, delivery: Delivery, signer: Signer) -> Answer:
    endpoint = delivery.subscription.endpoint
    request = {
        "FunctionName": endpoint,
        "InvocationType": "Event",
        "Payload": notifications.event(delivery.message, delivery.subscription, signer),
    }
    try:
        answer = await as_sns(call, delivery, Arn.parse(endpoint).region).ask("lambda", "Invoke", request)
    except ServiceError as error:
        return refusal(error)
    return Answer(answer["StatusCode"])
