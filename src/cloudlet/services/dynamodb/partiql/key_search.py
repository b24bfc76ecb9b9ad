"""What a WHERE clause says of the key of a table or an index: one item, some partitions, or nothing.

It only reads trees and values; what is read of the store is said in selection.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions.key_conditions import KeyCondition
from cloudlet.services.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Function,
    In,
    Or,
    Path,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudlet.services.dynamodb.expressions.syntax import Condition

Values: TypeAlias = "Mapping[str, dict[str, Any]]"
INCOMPLETE_KEY: Final = "Where clause does not contain a mandatory equality on all key attributes"
_MIRRORED: Final = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def conjuncts(where: Condition | None) -> tuple[Condition, ...]:
    """The conditions that must all hold."""
    if where is None:
        return ()
    if isinstance(where, And):
        return tuple(part for each in where.conditions for part in conjuncts(each))
    return (where,)


def split_key(
    where: Condition | None, names: Sequence[str], values: Values
) -> tuple[dict[str, dict[str, Any]], list[Condition]] | None:
    """The key that equalities give, and the other conditions; None where an attribute of it is missing.

    Raises ValidationException for two conditions on one attribute of the key.
    """
    key: dict[str, dict[str, Any]] = {}
    rest: list[Condition] = []
    for part in conjuncts(where):
        found = key_condition(part, values)
        if found is None or found.operator != "=" or found.attribute not in names:
            rest.append(part)
        elif found.attribute in key:
            raise ValidationException(
                f"Multiple conditions on same key {found.attribute}. "
                "Only single item Update/Insert/Delete are supported"
            )
        else:
            key[found.attribute] = found.operands[0]
    return (key, rest) if len(key) == len(names) else None


def partitions(where: Condition | None, name: str, values: Values) -> list[dict[str, Any]] | None:
    """The partition keys that alone can match, each once; None where all of them may."""
    if isinstance(where, And):
        found = (partitions(each, name, values) for each in where.conditions)
        return next((each for each in found if each is not None), None)
    if isinstance(where, Or):
        found_of_all: list[dict[str, Any]] = []
        for each in where.conditions:
            of_one = partitions(each, name, values)
            if of_one is None:
                return None
            found_of_all += [value for value in of_one if value not in found_of_all]
        return found_of_all
    if isinstance(where, In) and _names(where.operand, name):
        if not all(isinstance(each, Value) for each in where.choices):
            return None
        chosen = [values[each.name] for each in where.choices if isinstance(each, Value)]
        return [value for at, value in enumerate(chosen) if value not in chosen[:at]]
    condition = None if where is None else key_condition(where, values)
    if condition is not None and condition.attribute == name and condition.operator == "=":
        return [condition.operands[0]]
    return None


def range_condition(where: Condition | None, name: str | None, values: Values) -> KeyCondition | None:
    """The first condition on the sort key that narrows what is read."""
    for part in conjuncts(where):
        found = key_condition(part, values)
        if found is not None and found.attribute == name:
            return found
    return None


def is_keyed(where: Condition | None, name: str) -> bool:
    """Whether a condition beside all others asks for partitions by = or IN."""
    return any(
        (isinstance(part, Comparison) and part.operator == "=" and _names(part.left, name))
        or (isinstance(part, In) and _names(part.operand, name))
        for part in conjuncts(where)
    )


def key_condition(part: Condition, values: Values) -> KeyCondition | None:
    """A condition that compares one attribute with values, as a key condition."""
    match part:
        case Comparison(operator, Path((str(name),)), Value(value)) if operator != "<>":
            return KeyCondition(name, operator, (values[value],))
        case Comparison(operator, Value(value), Path((str(name),))) if operator != "<>":
            return KeyCondition(name, _MIRRORED[operator], (values[value],))
        case Between(Path((str(name),)), Value(lower), Value(upper)):
            return KeyCondition(name, "BETWEEN", (values[lower], values[upper]))
        case Function("begins_with", (Path((str(name),)), Value(value))):
            return KeyCondition(name, "begins_with", (values[value],))
    return None


def _names(operand: object, name: str) -> bool:
    return isinstance(operand, Path) and operand.elements == (name,)
