"""What a message may hold and how long it may be.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html. Asks for no topic.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from cloudlet.services.sns.errors import InvalidParameterException, InvalidParameterValueException
from cloudlet.services.sns.json_texts import NoDocument, read
from cloudlet.services.sns.model import MessageAttribute

LONGEST_BYTES: Final = 262_144
_LONGEST_SUBJECT: Final = 100
_LONGEST_NAME_BYTES: Final = 256
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_.-]")
_TYPES: Final = ("String", "Number", "Binary")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_STRUCTURE: Final = "Message Structure - "
_NOT_IN_SUBJECTS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def subject(given: str | None) -> str | None:
    """A subject. Raises InvalidParameterException."""
    if given is not None and (not 0 < len(given) <= _LONGEST_SUBJECT or _NOT_IN_SUBJECTS.search(given)):
        raise InvalidParameterException.of("Subject")
    return given


def bodies(message: str, structure: str | None) -> dict[str, str]:
    """The text for each protocol. Raises InvalidParameterException."""
    if not message:
        raise InvalidParameterException("Invalid parameter: Empty message")
    if _FORBIDDEN.search(message):
        raise InvalidParameterException.of("Message", "Invalid characters found.")
    if structure is None:
        return {"default": message}
    if structure != "json":
        raise InvalidParameterException.of("MessageStructure")
    try:
        document = read(message)
    except NoDocument as error:
        raise InvalidParameterException.of(f"{_STRUCTURE}JSON message body failed to parse") from error
    if not isinstance(document, dict) or not isinstance(document.get("default"), str):
        raise InvalidParameterException.of(f"{_STRUCTURE}No default entry in JSON message body")
    return {protocol: text for protocol, text in document.items() if isinstance(text, str)}


def message_attributes(given: Mapping[str, Any]) -> dict[str, MessageAttribute]:
    """Message attributes as they are kept. Raises InvalidParameterValueException."""
    for name in given:
        _check_name(name)
    return {name: _attribute(name, value) for name, value in given.items()}


def size_bytes(message: str, attributes: Mapping[str, MessageAttribute]) -> int:
    """How long a message is: its text, and its attributes' names, types and values."""
    return len(message.encode()) + sum(
        len(name.encode()) + len(attribute.data_type.encode()) + len(attribute.value)
        for name, attribute in attributes.items()
    )


def deduplication_id(message: str) -> str:
    """The deduplication id of a message in a topic with content-based deduplication."""
    return hashlib.sha256(message.encode()).hexdigest()


def _check_name(name: str) -> None:
    if len(name.encode()) > _LONGEST_NAME_BYTES:
        raise InvalidParameterValueException("Length of message attribute name must be less than 256 bytes.")
    if found := _NOT_IN_NAMES.search(name):
        raise InvalidParameterValueException(
            f"Invalid non-alphanumeric character '#x{ord(found[0]):X}' was found in the message attribute "
            "name. Can only include alphanumeric characters, hyphens, underscores, or dots."
        )
    if name.startswith("."):
        raise InvalidParameterValueException(
            "Invalid message attribute name starting with character '.' was found."
        )
    if name.endswith("."):
        raise InvalidParameterValueException(
            "Invalid message attribute name ending with character '.' was found."
        )
    if ".." in name:
        raise InvalidParameterValueException("Message attribute name can not have successive '.' character.")


def _attribute(name: str, given: Mapping[str, Any]) -> MessageAttribute:
    data_type: str = given["DataType"]
    kind = data_type.partition(".")[0]
    if kind not in _TYPES:
        raise InvalidParameterValueException(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported "
            "type prefixes is Binary, Number, and String."
        )
    used, other = ("BinaryValue", "StringValue") if kind == "Binary" else ("StringValue", "BinaryValue")
    value = given.get(used)
    if not value and given.get(other):
        raise InvalidParameterValueException(
            f"The message attribute '{name}' with type '{data_type}' must use field '{used[:6]}'."
        )
    if not value:
        raise InvalidParameterValueException(
            f"The message attribute '{name}' must contain non-empty message attribute value for message "
            f"attribute type '{data_type}'."
        )
    if kind != "Binary" and _FORBIDDEN.search(value):
        raise InvalidParameterValueException(
            f"The message attribute '{name}' has a value with invalid characters."
        )
    if kind == "Number" and not _NUMBER.fullmatch(value):
        raise InvalidParameterValueException(f"Could not cast message attribute '{name}' value to number.")
    return MessageAttribute(data_type, value.encode() if isinstance(value, str) else bytes(value))
