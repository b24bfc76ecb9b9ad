"""One attempt to deliver: of what to whom, as whom EventBridge asks, and why it failed.

What follows from a failure is outcomes.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.arn import Arn, queue_url
from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.services.events import inputs, json_paths
from cloudlet.services.events.delivery import log_groups, passing_on
from cloudlet.services.events.json_paths import MISSING
from cloudlet.services.events.model import compact

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.events.model import Delivery

PRINCIPAL: Final = "events.amazonaws.com"
_SESSION: Final = "EventBridge"
_LONGEST_PARTITION_KEY: Final = 256


class Failure(Struct, frozen=True):
    """Why an attempt failed."""

    code: str
    """As dead letters tell it."""
    message: str
    may_pass: bool


async def attempt(call: Call, delivery: Delivery) -> Failure | None:
    """Sends an event to its target; None once that has it."""
    arn = Arn.parse(delivery.target.arn)
    try:
        speaker = await _speaker(call, delivery, arn.region or delivery.rule.bus.region)
    except ServiceError as error:
        return Failure("FAILED_TO_ASSUME_ROLE", error.message, error.may_pass)
    try:
        if arn.service == "events":
            await speaker.transact(lambda inner: passing_on.pass_on(inner, delivery, arn))
        elif arn.service == "logs":
            await log_groups.write(speaker, delivery, arn)
        else:
            await speaker.ask(*_request(delivery, arn))
    except passing_on.ThirdAccount as error:
        return Failure("THIRD_ACCOUNT_HOP_DETECTED", str(error), may_pass=False)
    except ServiceError as error:
        return Failure(_code(error), error.message, error.may_pass)
    return None


def as_events(call: Call, delivery: Delivery, region: str) -> Call:
    """EventBridge's own call on behalf of the rule."""
    there = replace(call, account=delivery.rule.bus.account, region=region, trace_id=delivery.trace_id)
    return there.as_service(PRINCIPAL, delivery.rule.arn)


async def _speaker(call: Call, delivery: Delivery, region: str) -> Call:
    """The call as whoever the target is sent its events: a session of its role, or EventBridge."""
    there, role = as_events(call, delivery, region), delivery.target.role_arn
    if role is None:
        return there
    session = await there.transact(
        lambda inner: inner.cloud.identities.assume_role(inner, role, _SESSION), read_only=True
    )
    return there.as_principal(session.principal)


def _request(delivery: Delivery, arn: Arn) -> tuple[str, str, dict[str, Any]]:
    """Which operation of which service takes an event, and how."""
    body = inputs.text(delivery)
    match arn.service:
        case "lambda":
            request: dict[str, Any] = {"InvocationType": "Event", "Payload": body.encode()}
            return "lambda", "Invoke", {"FunctionName": str(arn), **request}
        case "sns":
            return "sns", "Publish", {"TopicArn": str(arn), "Message": body}
        case "kinesis":
            request = {"Data": body.encode(), "PartitionKey": _partition_key(delivery)}
            return "kinesis", "PutRecord", {"StreamARN": str(arn), **request}
        case _:
            group = (delivery.target.settings.get("SqsParameters") or {}).get("MessageGroupId")
            more = {"MessageGroupId": group} if group else {}
            return "sqs", "SendMessage", {"QueueUrl": queue_url(arn), "MessageBody": body, **more}


def _partition_key(delivery: Delivery) -> str:
    """What the target's path leads to in the event; the event's id where there is none."""
    path = (delivery.target.settings.get("KinesisParameters") or {}).get("PartitionKeyPath")
    found = MISSING if path is None else json_paths.value(delivery.event.document(), path)
    if found is MISSING:
        return delivery.event.id
    return (found if isinstance(found, str) else compact(found))[:_LONGEST_PARTITION_KEY]


def _code(error: ServiceError) -> str:
    """A refusal as dead letters tell it."""
    if isinstance(error, AccessDenied):
        return "NO_PERMISSIONS"
    if error.code.endswith(("NotFound", "NotFoundException", "DoesNotExist")):
        return "NO_RESOURCE"
    if error.may_pass:
        return "THROTTLING" if error.status < 500 else "INTERNAL_ERROR"
    return "ERROR_FROM_TARGET"
