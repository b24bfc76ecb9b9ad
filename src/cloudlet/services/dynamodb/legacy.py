"""The parameters of the time before expressions: Expected, AttributeUpdates, KeyConditions and filters.

They are read into the same functions and changes as expressions; nothing here touches the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import operands
from cloudlet.services.dynamodb.expressions.changes import BAD_TYPE, Change, added, apply_changes, subtracted
from cloudlet.services.dynamodb.expressions.key_conditions import KeyCondition
from cloudlet.services.dynamodb.numbers import Wording
from cloudlet.services.dynamodb.values import INVALID, SETS, checked_value, less, type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.values import AttributeValue, Item

_ARGUMENT_COUNTS: Final = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2}
_SCALARS: Final = ("S", "N", "B")
_TYPES: Final = {
    "LE": _SCALARS,
    "LT": _SCALARS,
    "GE": _SCALARS,
    "GT": _SCALARS,
    "IN": _SCALARS,
    "BETWEEN": _SCALARS,
    "CONTAINS": (*_SCALARS, "BOOL", "NULL"),
    "NOT_CONTAINS": (*_SCALARS, "BOOL", "NULL"),
    "BEGINS_WITH": ("S", "B"),
}
_KEY_OPERATORS: Final = {
    "EQ": "=",
    "LE": "<=",
    "LT": "<",
    "GE": ">=",
    "GT": ">",
    "BEGINS_WITH": "begins_with",
    "BETWEEN": "BETWEEN",
}
_COMPARATORS: Final[dict[str, operands.Comparator]] = {
    "EQ": operands.is_equal,
    "NE": operands.is_not_equal,
    "LE": operands.is_less_or_equal,
    "LT": operands.is_less,
    "GE": operands.is_greater_or_equal,
    "GT": operands.is_greater,
    "BEGINS_WITH": operands.begins_with,
    "CONTAINS": operands.contains,
    "NOT_CONTAINS": operands.lacks,
}
MAX_KEY_CONDITIONS: Final = 2


class Condition(Struct, frozen=True):
    """One comparison of an attribute with some values."""

    attribute: str
    operator: str
    arguments: tuple[AttributeValue, ...]

    def holds(self, item: Item) -> bool:
        """Whether it is true of an item."""
        value = item.get(self.attribute)
        if self.operator == "NULL":
            return value is None
        if self.operator == "NOT_NULL":
            return value is not None
        if self.operator == "IN":
            return any(operands.is_equal(value, argument) for argument in self.arguments)
        if self.operator == "BETWEEN":
            lower, upper = self.arguments
            return operands.is_less_or_equal(lower, value) and operands.is_less_or_equal(value, upper)
        return _COMPARATORS[self.operator](value, self.arguments[0])


class Conditions(Struct, frozen=True):
    """Several conditions, of which all or any must hold."""

    conditions: tuple[Condition, ...]
    any_of: bool = False

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes they are about."""
        return frozenset(condition.attribute for condition in self.conditions)

    def holds(self, item: Item) -> bool:
        """Whether they are true of an item."""
        combine: Callable[[Any], bool] = any if self.any_of else all
        return combine(condition.holds(item) for condition in self.conditions)


class Updates(Struct, frozen=True):
    """AttributeUpdates, ready to be made."""

    changes: tuple[Change, ...]
    known: dict[str, str]
    """The types of the values that are put, by attribute."""
    creates: bool
    """Whether they make an item where there is none; not if all they do is to remove."""

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that are written."""
        return tuple(str(change.path[0]) for change in self.changes)

    def applied(self, item: Item) -> Item:
        """The item as they leave it. Raises ValidationException."""
        try:
            return apply_changes(self.changes, item, {})
        except ValidationException as refused:
            if refused.message == BAD_TYPE:
                raise ValidationException("Type mismatch for attribute to update") from refused
            raise


def read_expected(request: Request, wording: Wording = Wording.CURRENT) -> Conditions | None:
    """The request's Expected. Raises ValidationException."""
    expected = request.get("Expected")
    any_of = _any_of(request, expected)
    if not expected:
        return None
    conditions = tuple(_expected(name, each, wording) for name, each in expected.items())
    return Conditions(conditions, any_of)


def read_filter(request: Request, member: str, wording: Wording = Wording.CURRENT) -> Conditions | None:
    """The request's QueryFilter or ScanFilter. Raises ValidationException."""
    conditions = request.get(member)
    any_of = _any_of(request, conditions)
    if not conditions:
        return None
    return Conditions(tuple(_condition(name, each, wording) for name, each in conditions.items()), any_of)


def read_key_conditions(request: Request) -> tuple[Condition, ...]:
    """The request's KeyConditions. Raises ValidationException."""
    requested = request["KeyConditions"]
    conditions = tuple(_condition(name, each, Wording.CURRENT) for name, each in requested.items())
    if not 1 <= len(conditions) <= MAX_KEY_CONDITIONS:
        raise ValidationException("Conditions can be of length 1 or 2 only")
    return conditions


def key_condition(condition: Condition) -> KeyCondition:
    """The same as a key condition. Raises ValidationException for what no key can be asked."""
    operator = _KEY_OPERATORS.get(condition.operator)
    if operator is None:
        raise ValidationException("Attempted conditional constraint is not an indexable operation")
    return KeyCondition(condition.attribute, operator, condition.arguments)


def read_attributes_to_get(request: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The request's AttributesToGet. Raises ValidationException."""
    names = request.get("AttributesToGet")
    if names is None:
        return None
    for position, name in enumerate(names):
        if name in names[:position]:
            raise ValidationException(f"{INVALID}Duplicate value in attribute name: {name}")
    return tuple(names)


def read_updates(request: Request, wording: Wording = Wording.CURRENT) -> Updates | None:
    """The request's AttributeUpdates. Raises ValidationException."""
    updates = request.get("AttributeUpdates")
    if updates is None:
        return None
    changes, known = [], {}
    for name, update in updates.items():
        action = update.get("Action", "PUT")
        value = checked_value(update["Value"], wording) if "Value" in update else None
        changes.append(_change(name, action, value))
        if action == "PUT" and value is not None:
            known[name] = type_of(value)
    creates = not updates or any(update.get("Action") != "DELETE" for update in updates.values())
    return Updates(tuple(changes), known, creates)


def _change(name: str, action: str, value: AttributeValue | None) -> Change:
    path = (name,)
    if value is None:
        if action != "DELETE":
            raise ValidationException(
                f"{INVALID}Only DELETE action is allowed when no attribute value is specified"
            )
        return Change(path, lambda _item, _values: None, removes=True)
    given, kind = value, type_of(value)
    if action == "PUT":
        return Change(path, lambda _item, _values: given, removes=False)
    if action == "DELETE":
        if kind not in SETS:
            raise ValidationException(
                f"{INVALID}DELETE action with value is not supported for the type {kind}"
            )
        return Change(path, lambda item, _values: subtracted(item.get(name), given), removes=False)
    if kind not in ("N", "L", *SETS):
        raise ValidationException(f"{INVALID}ADD action is not supported for the type {kind}")
    return Change(path, lambda item, _values: _added(item.get(name), given), removes=False)


def _added(current: AttributeValue | None, value: AttributeValue) -> AttributeValue:
    if current is not None and "L" in value and "L" in current:
        return {"L": [*current["L"], *value["L"]]}
    return added(current, value)


def _any_of(request: Request, conditions: Mapping[str, Any] | None) -> bool:
    operator = request.get("ConditionalOperator")
    if operator is None:
        return False
    if not conditions:
        raise ValidationException("ConditionalOperator cannot be used without Filter or Expected")
    if len(conditions) == 1:
        raise ValidationException(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        )
    return bool(operator == "OR")


def _expected(name: str, expected: Mapping[str, Any], wording: Wording) -> Condition:
    if "Value" in expected and "AttributeValueList" in expected:
        raise ValidationException(
            f"{INVALID}Value and AttributeValueList cannot be used together for Attribute: {name}"
        )
    if "ComparisonOperator" in expected:
        return _compared(name, expected, wording)
    if "AttributeValueList" in expected:
        raise ValidationException(
            f"{INVALID}AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}"
        )
    exists = expected.get("Exists")
    if exists is not False:
        if "Value" not in expected:
            shown = "null" if exists is None else "true"
            raise ValidationException(
                f"{INVALID}Value must be provided when Exists is {shown} for Attribute: {name}"
            )
        return Condition(name, "EQ", (checked_value(expected["Value"], wording),))
    if "Value" in expected:
        raise ValidationException(f"{INVALID}Value cannot be used when Exists is false for Attribute: {name}")
    return Condition(name, "NULL", ())


def _compared(name: str, expected: Mapping[str, Any], wording: Wording) -> Condition:
    operator = expected["ComparisonOperator"]
    if "Exists" in expected:
        raise ValidationException(
            f"{INVALID}Exists and ComparisonOperator cannot be used together for Attribute: {name}"
        )
    given = "Value" in expected or "AttributeValueList" in expected
    if not given and operator not in ("NULL", "NOT_NULL"):
        raise ValidationException(
            f"{INVALID}Value or AttributeValueList must be used with ComparisonOperator: {operator} "
            f"for Attribute: {name}"
        )
    arguments = [expected["Value"]] if "Value" in expected else expected.get("AttributeValueList", [])
    return _condition(name, {"ComparisonOperator": operator, "AttributeValueList": arguments}, wording)


def _condition(name: str, condition: Mapping[str, Any], wording: Wording) -> Condition:
    operator = condition["ComparisonOperator"]
    arguments = tuple(checked_value(each, wording) for each in condition.get("AttributeValueList", ()))
    wanted = _ARGUMENT_COUNTS.get(operator, 1)
    if len(arguments) != wanted and not (operator == "IN" and arguments):
        raise ValidationException(
            f"{INVALID}Invalid number of argument(s) for the {operator} ComparisonOperator"
        )
    _check_types(operator, arguments)
    if operator == "BETWEEN" and less(arguments[1], arguments[0]):
        raise ValidationException(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )
    return Condition(name, operator, arguments)


def _check_types(operator: str, arguments: Sequence[AttributeValue]) -> None:
    kinds = [type_of(argument) for argument in arguments]
    if len(set(kinds)) > 1:
        raise ValidationException(f"{INVALID}AttributeValues inside AttributeValueList must be of same type")
    allowed = _TYPES.get(operator)
    if allowed is not None and kinds and kinds[0] not in allowed:
        raise ValidationException(
            f"{INVALID}ComparisonOperator {operator} is not valid for {kinds[0]} AttributeValue type"
        )
