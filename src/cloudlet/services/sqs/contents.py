"""What a message may hold, how long it is, and the MD5s by which clients check it.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
Asks for no queue.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Mapping
from typing import Any, Final

from cloudlet.services.sqs.errors import (
    InvalidMessageContents,
    InvalidParameterValue,
    MissingParameter,
)
from cloudlet.services.sqs.model import MessageAttribute

LONGEST_BYTES: Final = 1_048_576
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_RESERVED: Final = ("aws.", "amazon.")
_MOST_ATTRIBUTES: Final = 10
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TEXT_TRANSPORT: Final = b"\x01"
_BINARY_TRANSPORT: Final = b"\x02"


def check_body(body: str) -> None:
    """Raises what AWS says to a body that is empty or holds characters that XML does not."""
    if not body:
        raise MissingParameter("The request must contain the parameter MessageBody.")
    if _FORBIDDEN.search(body):
        raise InvalidMessageContents(
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | "
            "#xE000 to #xFFFD | #x10000 to #x10FFFF"
        )


def message_attributes(given: Mapping[str, Any]) -> dict[str, MessageAttribute]:
    """Message attributes as they are kept. Raises InvalidParameterValue."""
    if len(given) > _MOST_ATTRIBUTES:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(given)}] exceeds the allowed maximum [{_MOST_ATTRIBUTES}]."
        )
    return {name: _attribute(name, value) for name, value in given.items()}


def _attribute(name: str, given: Mapping[str, Any]) -> MessageAttribute:
    if name.lower().startswith(_RESERVED):
        raise InvalidParameterValue(
            "Message attribute name can not start with any of these substrings: aws., amazon."
        )
    if not _NAME.fullmatch(name) or name[0] == "." or name[-1] == "." or ".." in name:
        raise InvalidParameterValue(
            f"The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, "
            "underscore (_), hyphen (-), and period (.) characters."
        )
    return _value(name, given)


def _value(name: str, given: Mapping[str, Any]) -> MessageAttribute:
    data_type = given.get("DataType") or ""
    if not data_type:
        raise InvalidParameterValue(
            f"The message attribute '{name}' must contain non-empty message attribute type."
        )
    kind = data_type.split(".", 1)[0]
    if kind not in ("String", "Number", "Binary"):
        raise InvalidParameterValue(
            f"The type of message (user) attribute '{name}' is invalid. You must use only the following "
            "supported type prefixes: Binary, Number, String."
        )
    if "StringListValues" in given or "BinaryListValues" in given:
        raise InvalidParameterValue(
            "Message attribute list values in SendMessage operation are not supported."
        )
    value = given.get("BinaryValue" if kind == "Binary" else "StringValue")
    if not value:
        raise InvalidParameterValue(
            f"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
        )
    if kind == "Number" and not _NUMBER.fullmatch(value):
        raise InvalidParameterValue(f"Can't cast the value of message attribute '{name}' to a number.")
    if isinstance(value, str) and _FORBIDDEN.search(value):
        raise InvalidMessageContents(
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | "
            "#xE000 to #xFFFD | #x10000 to #x10FFFF"
        )
    return MessageAttribute(data_type, value.encode() if isinstance(value, str) else bytes(value))


def trace_header(given: Mapping[str, Any]) -> str | None:
    """The AWSTraceHeader among message system attributes, the only one that a sender may give."""
    value = given.get("AWSTraceHeader")
    unknown = [name for name in given if name != "AWSTraceHeader"]
    if unknown:
        raise InvalidParameterValue(f"Message system attribute name '{unknown[0]}' is invalid.")
    if value is None:
        return None
    if value.get("DataType") != "String":
        raise InvalidParameterValue(
            "The message system attribute 'AWSTraceHeader' is reserved for AWS X-Ray trace header. "
            "The type must be String."
        )
    text = value.get("StringValue")
    if not text:
        raise InvalidParameterValue(
            "Message (system) attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'."
        )
    return str(text)


def size_bytes(body: str, attributes: Mapping[str, MessageAttribute]) -> int:
    """How long a message is: its body, and its attributes' names, types and values."""
    return len(body.encode()) + sum(
        len(name.encode()) + len(attribute.data_type.encode()) + len(attribute.value)
        for name, attribute in attributes.items()
    )


def md5_of_body(body: str) -> str:
    """MD5OfMessageBody."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def md5_of_attributes(attributes: Mapping[str, MessageAttribute]) -> str:
    """MD5OfMessageAttributes: every name, type and value with its length, by the order of names."""
    digest = hashlib.md5(usedforsecurity=False)
    for name, attribute in sorted(attributes.items()):
        for part in (name.encode(), attribute.data_type.encode()):
            digest.update(struct.pack(">I", len(part)) + part)
        transport = _BINARY_TRANSPORT if attribute.is_binary else _TEXT_TRANSPORT
        digest.update(transport + struct.pack(">I", len(attribute.value)) + attribute.value)
    return digest.hexdigest()


def md5_of_trace_header(header: str) -> str:
    """MD5OfMessageSystemAttributes of a message with a trace header."""
    return md5_of_attributes({"AWSTraceHeader": MessageAttribute("String", header.encode())})


def content_deduplication_id(body: str) -> str:
    """The deduplication id of a message in a queue with content-based deduplication."""
    return hashlib.sha256(body.encode()).hexdigest()
