"""The attributes of subscriptions, and the endpoints that protocols can have.

https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
Whether a queue or a function is there is not asked, as at AWS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cloudlet.core.arn import find_arn
from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.sns import delivery_policies, filter_policies
from cloudlet.services.sns.errors import InvalidParameterException
from cloudlet.services.sns.json_texts import NoDocument, read
from cloudlet.services.sns.model import FIFO_SUFFIX, FUNCTIONS, QUEUES, WEB

if TYPE_CHECKING:
    from cloudlet.services.sns.model import Topic

_SETTABLE: Final = frozenset(
    {"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"}
)
_NOT_HERE: Final = frozenset({"ReplayPolicy", "SubscriptionRoleArn"})
_RAW: Final = frozenset({QUEUES, *WEB})
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE: Final = re.compile(r"\+?[0-9](?:[-. ]?[0-9]){3,14}")
_MAIL: Final = frozenset({"email", "email-json"})
_SENT_NOWHERE: Final = frozenset({"application", "firehose", "sms"})
_KNOWN: Final = frozenset({QUEUES, FUNCTIONS, *WEB, *_MAIL, *_SENT_NOWHERE})


class _Wrong(Exception):
    """Raised for a value that an attribute cannot have; the message is SNS's reason."""


def check_endpoint(topic: Topic, protocol: str, endpoint: str) -> None:
    """Raises InvalidParameterException; NotImplementedHere for what could never be delivered."""
    if protocol in _KNOWN and protocol != QUEUES and topic.fifo:
        raise InvalidParameterException(
            "Invalid parameter: Invalid parameter: Endpoint Reason: Please use FIFO SQS queue"
        )
    if protocol in WEB:
        _check_url(protocol, endpoint)
    elif protocol == QUEUES:
        _check_queue(topic, endpoint)
    elif protocol == FUNCTIONS:
        _check_function(endpoint)
    elif protocol in _MAIL:
        if not _EMAIL.fullmatch(endpoint):
            raise InvalidParameterException("Invalid parameter: Email address")
    elif protocol in _SENT_NOWHERE:
        if protocol == "sms" and not _PHONE.fullmatch(endpoint):
            raise InvalidParameterException(f"Invalid parameter: Invalid SMS endpoint: {endpoint}")
        raise NotImplementedHere(f"cloudlet cannot deliver by the protocol {protocol}. Nothing was done.")
    else:
        raise InvalidParameterException(
            f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol}"
        )


def _check_url(protocol: str, endpoint: str) -> None:
    try:
        url = urlsplit(endpoint)
    except ValueError as error:
        raise InvalidParameterException(
            "Invalid parameter: Endpoint must match the specified protocol"
        ) from error
    if url.scheme != protocol or not url.hostname:
        raise InvalidParameterException("Invalid parameter: Endpoint must match the specified protocol")


def _check_queue(topic: Topic, endpoint: str) -> None:
    arn = find_arn(endpoint)
    if arn is None or arn.service != "sqs" or not arn.account or not arn.resource:
        raise InvalidParameterException("Invalid parameter: SQS endpoint ARN")
    if arn.resource.endswith(FIFO_SUFFIX) and not topic.fifo:
        raise InvalidParameterException(
            "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to "
            "standard SNS topics"
        )


def _check_function(endpoint: str) -> None:
    arn = find_arn(endpoint)
    if arn is None or arn.service != "lambda" or not arn.resource.startswith("function:"):
        raise InvalidParameterException("Invalid parameter: Lambda endpoint ARN")


def check_new(topic: Topic, protocol: str, endpoint: str, given: Mapping[str, str]) -> dict[str, str]:
    """The attributes of a new subscription as they are kept. Raises InvalidParameterException."""
    scope = given.get("FilterPolicyScope") or filter_policies.MESSAGE_ATTRIBUTES
    try:
        for name in given:
            _check_known(name, "Attributes")
        kept = {
            name: _checked(name, value, topic, protocol, endpoint, scope) for name, value in given.items()
        }
    except _Wrong as error:
        raise InvalidParameterException.of("Attributes", str(error)) from error
    return {name: value for name, value in kept.items() if value}


def check_change(
    topic: Topic, protocol: str, endpoint: str, before: Mapping[str, str], name: str, value: str
) -> str:
    """A changed attribute as it is kept. Raises InvalidParameterException."""
    _check_known(name, "AttributeName")
    scope = before.get("FilterPolicyScope") or filter_policies.MESSAGE_ATTRIBUTES
    try:
        kept = _checked(name, value, topic, protocol, endpoint, scope)
        if name == "FilterPolicyScope" and (policy := before.get("FilterPolicy")):
            _check_filter(policy, value)
    except _Wrong as error:
        raise InvalidParameterException(f"Invalid parameter: {error}") from error
    return kept


def _check_known(name: str, told: str) -> None:
    if name in _NOT_HERE:
        raise NotImplementedHere(f"cloudlet does not implement the subscription attribute {name} (yet).")
    if name not in _SETTABLE:
        raise InvalidParameterException.of(told)


def _checked(name: str, value: str, topic: Topic, protocol: str, endpoint: str, scope: str) -> str:
    match name:
        case "RawMessageDelivery":
            return _raw(value, protocol)
        case "FilterPolicyScope":
            return _scope(value)
        case "FilterPolicy":
            _check_filter(value, scope)
            return value
        case "RedrivePolicy":
            return _redrive_policy(value, topic, endpoint)
        case _:
            if protocol not in WEB:
                raise _Wrong("DeliveryPolicy: Delivery policies are only supported for HTTP/S subscriptions")
            return delivery_policies.subscription_policy(value)


def _raw(value: str, protocol: str) -> str:
    if value.lower() not in ("true", "false"):
        raise _Wrong(f"RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
    if value.lower() == "true" and protocol not in _RAW:
        raise _Wrong(
            f"RawMessageDelivery: Delivery protocol [{protocol}] does not support raw message delivery."
        )
    return value.lower()


def _scope(value: str) -> str:
    if value not in (filter_policies.MESSAGE_ATTRIBUTES, filter_policies.MESSAGE_BODY):
        raise _Wrong(
            f"FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
        )
    return value


def _check_filter(value: str, scope: str) -> None:
    if not value:
        return
    try:
        filter_policies.check(value, scope)
    except filter_policies.InvalidFilterPolicy as error:
        raise _Wrong(str(error)) from error


def _redrive_policy(value: str, topic: Topic, endpoint: str) -> str:
    if not value:
        return ""
    try:
        document = read(value)
    except NoDocument as error:
        raise _Wrong(f"RedrivePolicy: {error}") from error
    target = document.get("deadLetterTargetArn") if isinstance(document, dict) else None
    arn = find_arn(str(target))
    if arn is None or arn.service != "sqs" or not arn.resource:
        raise _Wrong("RedrivePolicy: deadLetterTargetArn is an invalid arn")
    if topic.fifo and endpoint.endswith(FIFO_SUFFIX) and not arn.resource.endswith(FIFO_SUFFIX):
        raise _Wrong("RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")
    return value
