"""Attribute values in their wire form, {"S": "a"}: what they may be, how they compare, what they weigh.

Nothing here knows of tables or keys beyond the order of single values.
"""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from typing import Any, Final, TypeAlias

import msgspec

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.numbers import Wording, canonical_number, number_order, number_size

AttributeValue: TypeAlias = dict[str, Any]
"""One member, named by its type: S N B SS NS BS M L BOOL NULL. Binary is bytes, numbers are text."""
Item: TypeAlias = dict[str, AttributeValue]

_ENCODER: Final = msgspec.msgpack.Encoder()
MAX_ITEM_BYTES: Final = 400 * 1024
MAX_DEPTH: Final = 32
"""Levels with the scalar at the bottom: at most 31 maps and lists around it."""
TOO_DEEP: Final = (
    "Nesting Levels have exceeded supported limits: "
    "Attributes in the item have nested levels beyond supported limit"
)
INVALID: Final = "One or more parameter values were invalid: "
EMPTY: Final = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
AMBIGUOUS: Final = (
    "Supplied AttributeValue has more than one datatypes set, "
    "must contain exactly one of the supported datatypes"
)
SETS: Final = frozenset(("SS", "NS", "BS"))
DOCUMENT_OVERHEAD_BYTES: Final = 3
"""What a list or a map weighs beside its elements, each of which weighs one byte more than its content."""


def type_of(value: AttributeValue) -> str:
    """The name of a checked value's type."""
    return next(iter(value))


def checked_item(item: dict[str, AttributeValue], wording: Wording = Wording.CURRENT) -> Item:
    """The item with canonical numbers. Raises ValidationException for what DynamoDB refuses."""
    if "" in item:
        raise ValidationException("Empty attribute name")
    return {name: checked_value(value, wording) for name, value in item.items()}


def checked_value(
    value: AttributeValue, wording: Wording = Wording.CURRENT, depth: int = 0
) -> AttributeValue:
    """The value with canonical numbers. Raises ValidationException for what DynamoDB refuses."""
    if len(value) != 1:
        raise _miscounted(value, wording)
    kind, content = next(iter(value.items()))
    if kind == "S" or kind == "BOOL" or kind == "B":
        return value
    if kind == "N":
        number = canonical_number(content, wording)
        return value if number == content else {"N": number}
    if kind == "NULL":
        if content is True:
            return value
        if wording is Wording.CURRENT:
            return {"NULL": True}
        raise ValidationException(INVALID + "Null attribute value types must have the value of true")
    if kind in SETS:
        return {kind: _checked_set(kind, content, wording)}
    return _checked_document(kind, content, wording, depth)


def _checked_document(kind: str, content: Any, wording: Wording, depth: int) -> AttributeValue:
    if depth >= MAX_DEPTH - 1:
        raise ValidationException(TOO_DEEP)
    if kind == "M":
        return {"M": {name: checked_value(value, wording, depth + 1) for name, value in content.items()}}
    if kind == "L":
        return {"L": [checked_value(value, wording, depth + 1) for value in content]}
    raise ValidationException(EMPTY)


def _checked_set(kind: str, content: list[Any], wording: Wording) -> list[Any]:
    if not content:
        raise ValidationException(INVALID + _EMPTY_SETS[kind])
    members = [canonical_number(member, wording) for member in content] if kind == "NS" else content
    if len(set(members)) == len(members):
        return sorted_set(kind, members)
    if wording is Wording.OLDER:
        raise ValidationException(_duplicates_older(kind, members))
    raise ValidationException(_duplicates(kind, members))


_EMPTY_SETS: Final = {
    "SS": "An string set  may not be empty",
    "NS": "An number set  may not be empty",
    "BS": "Binary sets should not be empty",
}


def sorted_set(kind: str, members: list[Any]) -> list[Any]:
    """The members in the order in which DynamoDB gives them back: by their bytes, numbers by their value."""
    if kind == "BS":
        return sorted(members)
    return sorted(members, key=str.encode if kind == "SS" else number_order)


def _duplicates(kind: str, members: list[Any]) -> str:
    """DynamoDB lists the members sorted up to the first repeat, and from there on as they were sent."""
    if kind == "NS":
        return INVALID + "Input collection contains duplicates."
    repeat = next(index for index, member in enumerate(members) if member in members[:index])
    if kind == "SS":
        listed = [f'"{member}"' for member in [*sorted(members[:repeat], key=str.encode), *members[repeat:]]]
        return f"{INVALID}Input collection [{', '.join(listed)}] contains duplicates."
    listed = [f'"{_base64(member)}"' for member in [*sorted(members[:repeat]), *members[repeat:]]]
    return f"{INVALID}Input collection [{','.join(listed)}]of type BS contains duplicates."


def _duplicates_older(kind: str, members: list[Any]) -> str:
    if kind == "NS":
        return "Input collection contains duplicates"
    if kind == "SS":
        return f"{INVALID}Input collection [{', '.join(members)}] contains duplicates."
    return f"{INVALID}Input collection [{', '.join(map(_base64, members))}]of type BS contains duplicates."


def _base64(member: bytes) -> str:
    return b64encode(member).decode("ascii")


def _miscounted(value: AttributeValue, wording: Wording) -> ValidationException:
    """DynamoDB judges each member before it notices that there is not exactly one."""
    for kind, content in value.items():
        checked_value({kind: content}, wording)
    return ValidationException(AMBIGUOUS if value else EMPTY)


def value_size(value: AttributeValue) -> int:
    """The bytes DynamoDB counts for a value."""
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content) if content.isascii() else len(content.encode())
    if kind == "N":
        return number_size(content)
    if kind == "B":
        return len(content)
    if kind == "SS":
        return sum(len(member.encode()) for member in content)
    if kind == "NS":
        return sum(map(number_size, content))
    if kind == "BS":
        return sum(map(len, content))
    if kind == "M":
        return DOCUMENT_OVERHEAD_BYTES + len(content) + item_size(content)
    if kind == "L":
        return DOCUMENT_OVERHEAD_BYTES + len(content) + sum(map(value_size, content))
    return 1


def item_size(item: Item) -> int:
    """The bytes DynamoDB counts for an item: names and values."""
    total = 0
    for name, value in item.items():
        total += (len(name) if name.isascii() else len(name.encode())) + value_size(value)
    return total


def check_depth(value: AttributeValue, depth: int = 0) -> None:
    """Raises ValidationException for a computed value that is nested too deeply."""
    kind, content = next(iter(value.items()))
    if kind not in ("M", "L"):
        return
    if depth >= MAX_DEPTH - 1:
        raise ValidationException(TOO_DEEP)
    for each in content.values() if kind == "M" else content:
        check_depth(each, depth + 1)


def is_too_large(item: Item) -> bool:
    """Whether an item weighs more than DynamoDB keeps.

    What an item weighs is never more than its encoding, which is much faster to make than to weigh.
    """
    return len(_ENCODER.encode(item)) > MAX_ITEM_BYTES and item_size(item) > MAX_ITEM_BYTES


def order(value: AttributeValue) -> bytes:
    """Bytes that sort as the scalar does among its own type: for keys and comparisons."""
    kind, content = next(iter(value.items()))
    if kind == "S":
        encoded: bytes = content.encode()
        return encoded
    if kind == "N":
        return number_order(content)
    raw: bytes = content
    return raw


def equal(left: AttributeValue, right: AttributeValue) -> bool:
    """Whether two values are the same; the order in sets does not count."""
    if left == right:
        return True
    kind, content = next(iter(left.items()))
    other = right.get(kind)
    if other is None or kind in ("S", "N", "B", "BOOL", "NULL"):
        return False
    if kind in SETS:
        return set(content) == set(other)
    if len(content) != len(other):
        return False
    if kind == "L":
        return all(map(equal, content, other))
    return all(name in other and equal(value, other[name]) for name, value in content.items())


def less(left: AttributeValue, right: AttributeValue) -> bool | None:
    """Whether left < right; None for values that have no order between them."""
    kind, content = next(iter(left.items()))
    other = right.get(kind)
    if other is None:
        return None
    if kind == "N":
        return Decimal(content) < Decimal(other)
    if kind == "S":
        if content.isascii() and other.isascii():
            return bool(content < other)
        return bool(content.encode() < other.encode())
    if kind == "B":
        return bool(content < other)
    return None
