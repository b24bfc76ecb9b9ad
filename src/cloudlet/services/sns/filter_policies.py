"""Filter policies: which messages a subscription wants, by their attributes or by their body.

https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
The language is EventBridge's, as core/patterns.py has it; here are SNS's limits, and what it is asked of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core import patterns
from cloudlet.core.pattern_operators import FILTER, Dialect, InvalidPattern
from cloudlet.core.patterns import Pattern
from cloudlet.services.sns.json_texts import NoDocument, read

if TYPE_CHECKING:
    from cloudlet.services.sns.model import Message, MessageAttribute, Subscription

MESSAGE_ATTRIBUTES: Final = "MessageAttributes"
MESSAGE_BODY: Final = "MessageBody"
_DIALECT: Final = Dialect(FILTER.operators, frozenset({"prefix"}))
_MOST_KEYS: Final = 5
_MOST_COMBINATIONS: Final = 150
_LONGEST_BYTES: Final = 256 * 1024


class InvalidFilterPolicy(Exception):
    """Raised for what is no filter policy; the message is SNS's reason."""


def check(text: str, scope: str) -> None:
    """Raises InvalidFilterPolicy."""
    if len(text.encode()) > _LONGEST_BYTES:
        raise InvalidFilterPolicy("FilterPolicy: Filter policy is too large")
    try:
        document = read(text)
        if not isinstance(document, dict):
            raise InvalidPattern("Filter is not an object")
        if document:
            _check_size(document, scope)
            _compiled(text, scope)
    except (NoDocument, InvalidPattern) as error:
        raise InvalidFilterPolicy(f"FilterPolicy: {error}") from error


def objection(subscription: Subscription, message: Message) -> str | None:
    """Why a subscription does not want a message, in the word of SNS's metrics; None if it does."""
    text = subscription.attributes.get("FilterPolicy")
    if text is None or text == "{}":
        return None
    scope = subscription.attributes.get("FilterPolicyScope", MESSAGE_ATTRIBUTES)
    if scope == MESSAGE_ATTRIBUTES:
        subject: Any = {name: _value(attribute) for name, attribute in message.attributes.items()}
        why = scope if subject else "NoMessageAttributes"
    else:
        subject = _document(message.body(subscription.protocol))
        why = scope if isinstance(subject, dict) else "InvalidMessageBody"
    return None if isinstance(subject, dict) and _compiled(text, scope).matches(subject) else why


@lru_cache(maxsize=4096)
def _compiled(text: str, scope: str) -> Pattern:
    document = json.loads(text)
    if scope == MESSAGE_ATTRIBUTES:
        document = {key: _null_is_absent(values) for key, values in document.items()}
    return patterns.compile_pattern(document, _DIALECT)


def _null_is_absent(values: Any) -> Any:
    """Among attributes null means that there is no such attribute."""
    return [*values, {"exists": False}] if isinstance(values, list) and None in values else values


def _value(attribute: MessageAttribute) -> Any:
    """What an attribute is to a policy; bytes are nothing that can be compared."""
    if attribute.is_binary:
        return None
    text = attribute.value.decode()
    if attribute.data_type == "String.Array":
        return _document(text)
    if attribute.data_type.startswith("Number"):
        return float(text)
    return text


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _check_size(document: Mapping[str, Any], scope: str) -> None:
    fields = list(_fields(document, 1))
    if scope == MESSAGE_ATTRIBUTES and any(depth > 1 for depth, _ in fields):
        raise InvalidFilterPolicy(
            "Filter policy scope MessageAttributes does not support nested filter policy"
        )
    if len(fields) > _MOST_KEYS:
        raise InvalidPattern("Filter policy can not have more than 5 keys")
    if _combinations(document, 1, scope) > _MOST_COMBINATIONS:
        raise InvalidPattern("Filter policy is too complex")


def _fields(document: Mapping[str, Any], depth: int) -> Iterator[tuple[int, Any]]:
    """Every key with values, and how deep it stands; what stands below $or is no deeper for it."""
    for key, value in document.items():
        if key == "$or" and isinstance(value, list):
            for choice in value:
                if isinstance(choice, dict):
                    yield from _fields(choice, depth)
        elif isinstance(value, dict):
            yield from _fields(value, depth + 1)
        else:
            yield depth, value


def _combinations(document: Mapping[str, Any], depth: int, scope: str) -> int:
    """The values of all keys multiplied, each as many times as its key is deep; of $or the sum."""
    return prod(_factor(key, value, depth, scope) for key, value in document.items())


def _factor(key: str, value: Any, depth: int, scope: str) -> int:
    if key == "$or" and isinstance(value, list):
        return sum(_combinations(choice, depth, scope) for choice in value if isinstance(choice, dict))
    if isinstance(value, dict):
        return _combinations(value, depth + 1, scope)
    count = len(value) if isinstance(value, list) else 1
    return count * depth if scope == MESSAGE_BODY else count
