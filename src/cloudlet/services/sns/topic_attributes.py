"""The attributes of topics: which there are for which kind of topic, and which values they can have.

https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import MalformedPolicyDocument, PolicyKind
from cloudlet.core.arn import find_arn
from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.sns import delivery_policies, topic_policies
from cloudlet.services.sns.errors import InvalidParameterException
from cloudlet.services.sns.model import FIFO_SUFFIX

if TYPE_CHECKING:
    from cloudlet.core.access import Access
    from cloudlet.services.sns.model import Topic

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "ContentBasedDeduplication": ("true", "false"),
    "FifoThroughputScope": ("Topic", "MessageGroup"),
    "SignatureVersion": ("1", "2"),
    "TracingConfig": ("PassThrough", "Active"),
}
_FIFO_ONLY: Final = frozenset({"ContentBasedDeduplication", "FifoThroughputScope"})
FEEDBACK: Final = frozenset(
    f"{kind}{what}"
    for kind in ("Application", "Firehose", "HTTP", "Lambda", "SQS")
    for what in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
)
"""The attributes that ask for delivery status logs."""
_SETTABLE: Final = frozenset(
    (*_CHOICES, *FEEDBACK, "DeliveryPolicy", "DisplayName", "KmsMasterKeyId", "Policy")
)
_WHOLE_PERCENT: Final = 100
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LONGEST_NAME: Final = 256
_LONGEST_DISPLAY_NAME: Final = 100
_LONGEST_POLICY_BYTES: Final = 30_720


def check_name(name: str, *, fifo: bool) -> None:
    """Raises InvalidParameterException for a name that no topic of the kind can have."""
    if fifo:
        stem = name.removesuffix(FIFO_SUFFIX)
        if stem == name or not _NAME.fullmatch(stem) or len(name) > _LONGEST_NAME:
            raise InvalidParameterException(
                "Invalid parameter: Topic Name Reason: Fifo Topic names must end with .fifo and must be made "
                "up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and "
                "must be between 1 and 256 characters long."
            )
    elif not _NAME.fullmatch(name):
        raise InvalidParameterException.of("Topic Name")


def check_new(access: Access, given: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    """The attributes of a new topic as they are kept. Raises InvalidParameterException."""
    if given.get("FifoTopic", "false").lower() not in ("true", "false"):
        raise InvalidParameterException.of("Attributes", "FifoTopic: Invalid value. Must be true or false.")
    kept: dict[str, str] = {}
    for name, value in given.items():
        if name != "FifoTopic":
            kept[name] = _checked(access, name, value, fifo=fifo, unknown="Attributes")
    return {name: value for name, value in kept.items() if value}


def check_change(access: Access, name: str, value: str, topic: Topic) -> str:
    """A changed attribute as it is kept. Raises InvalidParameterException."""
    return _checked(access, name, value, fifo=topic.fifo, unknown="AttributeName")


def _checked(access: Access, name: str, value: str, *, fifo: bool, unknown: str) -> str:
    if name == "ArchivePolicy":
        raise NotImplementedHere(f"cloudlet does not implement the topic attribute {name} (yet).")
    if name not in _SETTABLE or (name in _FIFO_ONLY and not fifo):
        raise InvalidParameterException.of(unknown)
    if name in _CHOICES:
        return _choice(name, value)
    if name in FEEDBACK and value:
        return _feedback(name, value)
    if name == "DeliveryPolicy":
        return delivery_policies.topic_policy(value)
    if name == "Policy":
        return _policy(access, value)
    if name == "DisplayName" and len(value) > _LONGEST_DISPLAY_NAME:
        raise InvalidParameterException.of("DisplayName", "must be at most 100 characters long")
    return value


def _choice(name: str, value: str) -> str:
    for choice in _CHOICES[name]:
        if value == choice or (choice in ("true", "false") and value.lower() == choice):
            return choice
    raise InvalidParameterException.of(name)


def _feedback(name: str, value: str) -> str:
    if name.endswith("SampleRate"):
        if not re.fullmatch(r"[0-9]{1,3}", value) or int(value) > _WHOLE_PERCENT:
            raise InvalidParameterException.of(name)
        return str(int(value))
    arn = find_arn(value)
    if arn is None or arn.service != "iam" or not arn.resource.startswith("role/"):
        raise InvalidParameterException.of(name)
    return value


def roles(attributes: Mapping[str, str]) -> list[str]:
    """The roles among attributes, which whoever sets them must be allowed to hand on."""
    return [value for name, value in attributes.items() if name in FEEDBACK and name.endswith("RoleArn")]


def _policy(access: Access, value: str) -> str:
    if not value:
        return ""
    if len(value.encode()) > _LONGEST_POLICY_BYTES:
        raise InvalidParameterException.of("Policy", "Policy is too large")
    try:
        access.validate(value, PolicyKind.RESOURCE)
        document = json.loads(value)
    except (MalformedPolicyDocument, ValueError) as error:
        raise InvalidParameterException("Invalid parameter: Policy Error: null") from error
    topic_policies.check_actions(document)
    return value
