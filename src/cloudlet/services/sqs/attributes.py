"""The attributes of queues: which there are for which kind of queue, and which values they can have.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
Whether a dead-letter queue is there and may be used is judged where queues can be looked up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from cloudlet.core.arn import find_arn
from cloudlet.services.sqs.errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValue,
)
from cloudlet.services.sqs.model import DEFAULTS, FIFO_DEFAULTS, FIFO_SUFFIX

_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "VisibilityTimeout": (0, 43_200),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "DelaySeconds": (0, 900),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "ContentBasedDeduplication": ("true", "false"),
    "SqsManagedSseEnabled": ("true", "false"),
    "FifoQueue": ("true", "false"),
    "DeduplicationScope": ("messageGroup", "queue"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
_DOCUMENTS: Final = frozenset({"Policy", "RedrivePolicy", "RedriveAllowPolicy"})
_SETTABLE: Final = frozenset((*_RANGES, *_CHOICES, *_DOCUMENTS, "KmsMasterKeyId"))
_FIFO_ONLY: Final = frozenset((*FIFO_DEFAULTS, "FifoQueue"))
_COUNTED: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
READABLE: Final = frozenset(
    (*_SETTABLE, *_COUNTED, "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn", "All")
)
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MOST_RECEIVES: Final = 1000
_MOST_SOURCES: Final = 10
_MOST_TAGS: Final = 50
_LONGEST_TAG_KEY: Final = 128
_LONGEST_TAG_VALUE: Final = 256
_PERMISSIONS: Final = ("allowAll", "denyAll", "byQueue")


def check_name(name: str, *, fifo: bool) -> None:
    """Raises InvalidParameterValue for a name that no queue of the kind can have."""
    stem = name.removesuffix(FIFO_SUFFIX) if fifo else name
    if fifo and (stem == name or not _NAME.fullmatch(stem) or len(name) > 80):
        raise InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
            "must end with .fifo suffix and be 1 to 80 in length."
        )
    if not _NAME.fullmatch(stem):
        raise InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )


def check_new(given: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    """The attributes of a new queue as they are kept. Raises InvalidAttributeName and others."""
    if not fifo and "FifoQueue" in given:
        raise InvalidAttributeName("Unknown Attribute FifoQueue.")
    kept = _checked(given, fifo=fifo)
    kept.pop("FifoQueue", None)
    _check_throughput({**FIFO_DEFAULTS, **kept})
    return kept


def check_change(given: Mapping[str, str], before: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    """The changed attributes of a queue as they are kept. Raises InvalidAttributeName and others."""
    if not fifo and "FifoQueue" in given:
        raise InvalidAttributeName("Unknown Attribute FifoQueue.")
    if given.get("FifoQueue", "true") != "true":
        raise InvalidAttributeValue(
            "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
        )
    kept = _checked(given, fifo=fifo)
    kept.pop("FifoQueue", None)
    _check_throughput({**FIFO_DEFAULTS, **before, **kept})
    return kept


def _checked(given: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    for name in given:
        if name not in _SETTABLE or (name in _FIFO_ONLY and not fifo):
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if given.get("KmsMasterKeyId") and given.get("SqsManagedSseEnabled") == "true":
        raise InvalidAttributeName(
            "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE "
            "or SQS SSE."
        )
    kept = {name: _canonical(name, value) for name, value in given.items()}
    if kept.get("KmsMasterKeyId"):
        kept["SqsManagedSseEnabled"] = "false"
    elif kept.get("SqsManagedSseEnabled") == "true":
        kept["KmsMasterKeyId"] = ""
    return kept


def _canonical(name: str, value: str) -> str:
    if name in _RANGES:
        return _number(name, value)
    if name in _CHOICES:
        return _choice(name, value)
    if name in _CHECKS and value:
        return _CHECKS[name](value)
    return value


def _number(name: str, value: str) -> str:
    low, high = _RANGES[name]
    if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return str(int(value))


def _choice(name: str, value: str) -> str:
    for choice in _CHOICES[name]:
        if value == choice or (choice in ("true", "false") and value.lower() == choice):
            return choice
    raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")


def _check_throughput(attributes: Mapping[str, str]) -> None:
    if attributes["FifoThroughputLimit"] == "perMessageGroupId" and (
        attributes["DeduplicationScope"] != "messageGroup"
    ):
        raise InvalidAttributeValue(
            "Invalid value for the parameter FifoThroughputLimit. Reason: The perMessageGroupId value is "
            "allowed only when the value for DeduplicationScope is messageGroup."
        )


def _document(name: str, value: str) -> dict[str, Any]:
    try:
        document = json.loads(value)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InvalidParameterValue.of(name, value, "Redrive policy is not a valid JSON map.")
    return document


def _redrive_policy(value: str) -> str:
    document = _document("RedrivePolicy", value)
    for name in ("maxReceiveCount", "deadLetterTargetArn"):
        if name not in document:
            reason = f"Redrive policy does not contain mandatory attribute: {name}."
            raise InvalidParameterValue.of("RedrivePolicy", value, reason)
    target = find_arn(str(document["deadLetterTargetArn"]))
    if target is None or target.service != "sqs" or not target.resource:
        raise InvalidParameterValue.of("RedrivePolicy", value, "Invalid value for deadLetterTargetArn.")
    count = str(document["maxReceiveCount"])
    if not count.isascii() or not count.isdigit() or not 1 <= int(count) <= _MOST_RECEIVES:
        reason = (
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive."
        )
        raise InvalidParameterValue.of("RedrivePolicy", value, reason)
    unknown = set(document) - {"deadLetterTargetArn", "maxReceiveCount"}
    if unknown:
        reason = f"Redrive policy contains unexpected attribute: {min(unknown)}."
        raise InvalidParameterValue.of("RedrivePolicy", value, reason)
    kept = {"deadLetterTargetArn": str(target), "maxReceiveCount": int(count)}
    return json.dumps(kept, separators=(",", ":"))


def _redrive_allow_policy(value: str) -> str:
    document = _document("RedriveAllowPolicy", value)
    permission = document.get("redrivePermission")
    if permission not in _PERMISSIONS:
        raise InvalidAttributeValue("Invalid value for the parameter RedriveAllowPolicy.")
    sources = document.get("sourceQueueArns")
    if (permission == "byQueue") != bool(sources):
        raise InvalidAttributeValue("Invalid value for the parameter RedriveAllowPolicy.")
    if sources and (not isinstance(sources, list) or len(sources) > _MOST_SOURCES):
        raise InvalidAttributeValue("Invalid value for the parameter RedriveAllowPolicy.")
    return value


_CHECKS: Final[Mapping[str, Callable[[str], str]]] = {
    "RedrivePolicy": _redrive_policy,
    "RedriveAllowPolicy": _redrive_allow_policy,
}


def check_tags(tags: Mapping[str, str], count: int) -> None:
    """Raises InvalidParameterValue for tags that a queue cannot have, or for too many of them."""
    if any(not 1 <= len(key) <= _LONGEST_TAG_KEY for key in tags):
        raise InvalidParameterValue("Tag keys must be between 1 and 128 characters in length.")
    if any(len(value) > _LONGEST_TAG_VALUE for value in tags.values()):
        raise InvalidParameterValue("Tag values must be between 0 and 256 characters in length.")
    if count > _MOST_TAGS:
        raise InvalidParameterValue(f"Too many tags added. Maximum number of tags allowed: {_MOST_TAGS}.")


def shown(attributes: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    """The settable attributes of a queue as GetQueueAttributes tells them."""
    told = dict(DEFAULTS)
    if fifo:
        told.update(FIFO_DEFAULTS, FifoQueue="true")
    told.update(attributes)
    if "KmsMasterKeyId" in told:
        told.setdefault("KmsDataKeyReusePeriodSeconds", "300")
    return told
