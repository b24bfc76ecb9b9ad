"""The ARNs of topics and subscriptions in requests, and the words for those that are none.

Asks for no topic.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cloudlet.core.arn import Arn
from cloudlet.services.sns.errors import InvalidParameterException
from cloudlet.services.sns.model import SubscriptionAddress, TopicAddress

if TYPE_CHECKING:
    from cloudlet.core.call import Call

_ELEMENTS: Final = 6
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def topic(call: Call, arn: str, parameter: str = "TopicArn") -> TopicAddress:
    """The topic of the call's region that an ARN means. Raises InvalidParameterException."""
    parsed = _parsed(arn, parameter)
    if parsed.service != "sns" or parsed.region != call.region or ":" in parsed.resource:
        raise InvalidParameterException.of(parameter)
    return TopicAddress(parsed.account, parsed.region, parsed.resource)


def subscription(call: Call, arn: str) -> SubscriptionAddress:
    """The subscription of the call's region that an ARN means. Raises InvalidParameterException."""
    if not arn:
        raise InvalidParameterException.of("SubscriptionArn", "no value for required parameter")
    parsed = _parsed(arn, "SubscriptionArn")
    name, _, identifier = parsed.resource.partition(":")
    if parsed.service != "sns" or parsed.region != call.region:
        raise InvalidParameterException.of("SubscriptionArn")
    if not _UUID.fullmatch(identifier):
        raise InvalidParameterException.of("SubscriptionId")
    return SubscriptionAddress(TopicAddress(parsed.account, parsed.region, name), identifier)


def _parsed(arn: str, parameter: str) -> Arn:
    count = len(arn.split(":"))
    if count < _ELEMENTS:
        raise InvalidParameterException.of(
            parameter, f"An ARN must have at least {_ELEMENTS} elements, not {count}"
        )
    try:
        return Arn.parse(arn)
    except ValueError as error:
        raise InvalidParameterException.of(parameter) from error
