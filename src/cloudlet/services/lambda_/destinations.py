"""Where results of asynchronous invocations go: destinations and dead letter queues, by the function role.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html. What cannot be delivered is
logged and lost, as at AWS; whether an event is done is workers.py's to say.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.arn import Arn, queue_url
from cloudlet.core.errors import ServiceError
from cloudlet.services.lambda_ import metrics
from cloudlet.services.lambda_.invoke import launch
from cloudlet.services.lambda_.invoke.journal import stamp

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.invoke.invocation import Outcome
    from cloudlet.services.lambda_.invoke.router import Target
    from cloudlet.services.lambda_.model import EventInvokeConfig, QueuedEvent

SUCCESS: Final = "Success"
RETRIES_EXHAUSTED: Final = "RetriesExhausted"
EVENT_AGE_EXCEEDED: Final = "EventAgeExceeded"
ZERO_CONCURRENCY: Final = "ZeroReservedConcurrency"
RECURSIVE: Final = "RecursiveInvocation"
_ERROR_MESSAGE_BYTES: Final = 1024
_LOG: Final = logging.getLogger("cloudlet.lambda")


class Ending(Struct, frozen=True):
    """How an event ended."""

    condition: str
    attempts: int
    """How often the function ran."""
    outcome: Outcome | None = None
    """What came of the last attempt, where there was one."""


async def deliver(
    call: Call, event: QueuedEvent, target: Target, config: EventInvokeConfig | None, ending: Ending
) -> None:
    """Tells of an event's end whoever shall know."""
    call = replace(call, trace_id=event.trace_id)
    success = ending.condition == SUCCESS
    destination = None
    if config is not None:
        destination = config.on_success if success else config.on_failure
    if destination:
        record = _record(call, event, target, ending)
        if not await _attempt(call, target, destination, _to_destination(call, destination, record, event)):
            metrics.count(call, target.reference, metrics.DESTINATION_DELIVERY_FAILURES)
    queue = None if success else target.version.configuration.dead_letter_target_arn
    if queue and not await _attempt(call, target, queue, _to_dead_letters(queue, event, ending)):
        metrics.count(call, target.reference, metrics.DEAD_LETTER_ERRORS)


async def _attempt(
    call: Call, target: Target, arn: str, message: tuple[str, str, dict[str, Any]] | None
) -> bool:
    """Sends a message as the function's role; whether it has arrived."""
    if message is None:
        _LOG.warning("what came of an event for %s is lost: nothing goes to %s", target.reference.arn, arn)
        return False
    try:
        session = await launch.assume_role(call, target)
        there = replace(call, region=Arn.parse(arn).region or call.region)
        await there.as_principal(session.principal).ask(*message)
    except ServiceError as error:
        _LOG.warning(
            "what came of an event for %s did not reach %s: %s", target.reference.arn, arn, error.message
        )
        return False
    return True


def _record(call: Call, event: QueuedEvent, target: Target, ending: Ending) -> dict[str, Any]:
    """The invocation record, its members in AWS's order."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": stamp(call.time()),
        "requestContext": {
            "requestId": event.id,
            "functionArn": target.reference.arn_of(event.qualifier or "$LATEST"),
            "condition": ending.condition,
            "approximateInvokeCount": ending.attempts,
        },
        "requestPayload": _value(event.payload),
    }
    if ending.outcome is not None:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": target.version.version}
        if ending.outcome.failed:
            context["functionError"] = "Unhandled"
        record["responseContext"] = context
        record["responsePayload"] = _value(ending.outcome.payload)
    return record


def _to_destination(
    call: Call, arn: str, record: dict[str, Any], event: QueuedEvent
) -> tuple[str, str, dict[str, Any]] | None:
    """Which operation of which service takes a record, and how; None where none does."""
    body = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    service = Arn.parse(arn).service
    if service == "sqs":
        return (
            "sqs",
            "SendMessage",
            {"QueueUrl": queue_url(Arn.parse(arn)), "MessageBody": body, **_traced(event)},
        )
    if service == "sns":
        return "sns", "Publish", {"TopicArn": arn, "Message": body}
    if service == "lambda":
        return "lambda", "Invoke", {"FunctionName": arn, "InvocationType": "Event", "Payload": body.encode()}
    if service == "events":
        return "events", "PutEvents", {"Entries": [_entry(arn, record, body)]}
    if service == "s3":
        key = f"aws/lambda/async/{event.name}/{call.now():%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{call.ids.uuid()}"
        return "s3", "PutObject", {"Bucket": arn.rpartition(":")[2], "Key": key, "Body": body.encode()}
    return None


def _entry(bus_arn: str, record: dict[str, Any], body: str) -> dict[str, Any]:
    context = record["requestContext"]
    result = "Success" if context["condition"] == SUCCESS else "Failure"
    return {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {result}",
        "Resources": [bus_arn, context["functionArn"]],
        "EventBusName": bus_arn,
        "Detail": body,
    }


def _to_dead_letters(arn: str, event: QueuedEvent, ending: Ending) -> tuple[str, str, dict[str, Any]] | None:
    """The event itself, with the error beside it."""
    body = event.payload.decode("utf-8", "replace")
    code, text = "429", "Rate Exceeded."
    if ending.outcome is not None:
        code, text = "200", _error_message(ending.outcome.payload)
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": event.id},
        "ErrorCode": {"DataType": "Number", "StringValue": code},
        "ErrorMessage": {"DataType": "String", "StringValue": text},
    }
    service = Arn.parse(arn).service
    if service == "sqs":
        request = {"MessageBody": body, "MessageAttributes": attributes, **_traced(event)}
        return "sqs", "SendMessage", {"QueueUrl": queue_url(Arn.parse(arn)), **request}
    if service == "sns":
        return "sns", "Publish", {"TopicArn": arn, "Message": body, "MessageAttributes": attributes}
    return None


def _traced(event: QueuedEvent) -> dict[str, Any]:
    if not event.trace_id:
        return {}
    header = {"DataType": "String", "StringValue": event.trace_id}
    return {"MessageSystemAttributes": {"AWSTraceHeader": header}}


def _error_message(document: bytes) -> str:
    found = _value(document)
    text = found.get("errorMessage") if isinstance(found, dict) else None
    told = text if isinstance(text, str) and text else document.decode("utf-8", "replace")
    return told.encode()[:_ERROR_MESSAGE_BYTES].decode("utf-8", "ignore") or "-"


def _value(document: bytes) -> Any:
    """A document as a part of another; one that is no JSON as a text."""
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        return document.decode("utf-8", "replace")
