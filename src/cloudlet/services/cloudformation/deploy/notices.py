"""Tells a stack's topics of its events, in the transaction that writes them.

It publishes as whoever began the operation; a topic that does not take it is not told, and the stack goes on.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cloudlet.core.arn import find_arn
from cloudlet.core.errors import ServiceError
from cloudlet.services.cloudformation import state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.cloudformation.model import Stack, StackEvent

_PRINCIPAL: Final = "cloudformation.amazonaws.com"
_SUBJECT: Final = "AWS CloudFormation Notification"
_LOG: Final = logging.getLogger("cloudlet.cloudformation")


def tell(call: Call, stack: Stack, event: StackEvent) -> None:
    """Publishes an event to the topics that the stack was given."""
    if stack.input is None or not stack.input.notification_arns:
        return
    begun = state.find_operation(call, stack.stack_id)
    principal = call.principal if begun is None else begun.principal
    message = _message(call, stack, event, principal.unique_id or principal.arn)
    for arn in stack.input.notification_arns:
        topic = find_arn(arn)
        there = call.where(call.account, topic.region if topic else call.region).as_principal(principal)
        request = {"TopicArn": arn, "Subject": _SUBJECT, "Message": message}
        try:
            there.on_behalf(_PRINCIPAL).ask_within("sns", "Publish", request)
        except ServiceError as error:
            _LOG.warning("%s is not told of %s: %s", arn, stack.stack_name, error.message)


def _message(call: Call, stack: Stack, event: StackEvent, principal_id: str) -> str:
    """The event in CloudFormation's lines."""
    at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    members = {
        "StackId": stack.stack_id,
        "Timestamp": at,
        "EventId": event.event_id,
        "LogicalResourceId": event.logical_id,
        "Namespace": call.account,
        "PhysicalResourceId": event.physical_id,
        "PrincipalId": principal_id,
        "ResourceProperties": event.properties or "null",
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or "",
        "ResourceType": event.resource_type,
        "StackName": stack.stack_name,
        "ClientRequestToken": event.client_request_token or "null",
    }
    return "".join(f"{name}='{value}'\n" for name, value in members.items())
