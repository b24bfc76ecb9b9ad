"""How a destination is told: by a message, a notification or an invocation, as S3 itself.

The destination's own policy decides whether it is, with the bucket as aws:SourceArn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.arn import Arn, queue_url
from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.services.s3.errors import UnusableDestinations
from cloudlet.services.s3.notifications import records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.s3.model import Bucket, Notification

_PRINCIPAL: Final = "s3.amazonaws.com"
_SUBJECT: Final = "Amazon S3 Notification"
_WORDS: Final[Mapping[str, str]] = {"sns": "topic", "sqs": "queue"}


def as_s3(call: Call, account: str, region: str, bucket: str, trace_id: str | None = None) -> Call:
    """S3's own call on behalf of a bucket."""
    there = replace(call, account=account, region=region, trace_id=trace_id)
    return there.as_service(_PRINCIPAL, f"arn:aws:s3:::{bucket}")


def question(arn: str, event: bytes) -> tuple[str, str, dict[str, Any]]:
    """Service, operation and request by which a destination is told."""
    parsed = Arn.parse(arn)
    match parsed.service:
        case "sqs":
            return "sqs", "SendMessage", {"QueueUrl": queue_url(parsed), "MessageBody": event.decode()}
        case "sns":
            return "sns", "Publish", {"TopicArn": arn, "Subject": _SUBJECT, "Message": event.decode()}
        case _:
            return "lambda", "Invoke", {"FunctionName": arn, "InvocationType": "Event", "Payload": event}


async def check(call: Call, bucket: Bucket, notifications: tuple[Notification, ...]) -> None:
    """Tells queues and topics that they are destinations. Raises UnusableDestinations."""
    there = as_s3(call, bucket.account, bucket.region, bucket.name)
    reasons: list[tuple[str, str]] = []
    for notification in notifications:
        service, operation, request = question(notification.arn, records.test_event(call, bucket))
        if service == "lambda":
            request["InvocationType"] = "DryRun"
        try:
            await there.ask(service, operation, request)
        except ServiceError as error:
            reasons.append(await _reason(call, notification, error))
    if reasons:
        raise UnusableDestinations(reasons)


async def _reason(call: Call, notification: Notification, error: ServiceError) -> tuple[str, str]:
    """Which destination cannot be told, and why."""
    arn = notification.arn
    if notification.service == "lambda":
        return f"{arn}, null", f"Not authorized to invoke function [{arn}]"
    what = _WORDS[notification.service]
    if isinstance(error, AccessDenied) and await _is_there(call, Arn.parse(arn)):
        return arn, (
            f"Permissions on the destination {what} do not allow S3 to publish notifications from this bucket"
        )
    return arn, f"The destination {what} does not exist"


async def _is_there(call: Call, arn: Arn) -> bool:
    """Whether there is such a queue or topic, as its owner would see it."""
    owner = replace(call, account=arn.account, region=arn.region).as_principal(Principal.root(arn.account))
    try:
        if arn.service == "sqs":
            await owner.ask("sqs", "GetQueueUrl", {"QueueName": arn.resource})
        else:
            await owner.ask("sns", "GetTopicAttributes", {"TopicArn": str(arn)})
    except ServiceError:
        return False
    return True
