"""Key conditions: which partition a query reads and which range of its sort keys.

Whether the attributes are those of a table's or an index's key is checked where the table is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import names as naming
from cloudlet.services.dynamodb.expressions.conditions import compile_condition, operands_of
from cloudlet.services.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Function,
    In,
    Not,
    Or,
    Path,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.services.dynamodb.expressions.conditions import CompiledCondition
    from cloudlet.services.dynamodb.expressions.names import Names, Values
    from cloudlet.services.dynamodb.expressions.syntax import Condition, Operand
    from cloudlet.services.dynamodb.values import AttributeValue

KIND: Final = "KeyConditionExpression"
_NOT_ALLOWED: Final = ("attribute_exists", "attribute_not_exists", "attribute_type", "contains")
_MIRRORED: Final = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class KeyCondition(Struct, frozen=True):
    """One condition on one attribute: = < <= > >= BETWEEN or begins_with, with the operands' values."""

    attribute: str
    operator: str
    operands: tuple[AttributeValue, ...]


class _Part(Struct, frozen=True):
    attribute: str
    operator: str
    values: tuple[str, ...]


class CompiledKeyCondition(Struct, frozen=True):
    """A key condition that only waits for the values."""

    condition: CompiledCondition
    parts: tuple[_Part, ...]
    refusal: str | None
    """Why this is no key condition, said only after the values have been checked."""

    @property
    def names(self) -> frozenset[str]:
        """The #names in it."""
        return self.condition.names

    @property
    def values(self) -> frozenset[str]:
        """The :values in it."""
        return self.condition.values

    def check(self, values: Values) -> None:
        """Raises ValidationException where the values do not fit."""
        self.condition.check(values)

    def conditions(self, values: Values) -> tuple[KeyCondition, ...]:
        """The conditions with their values. Raises ValidationException if it is no key condition at all."""
        if self.refusal:
            raise ValidationException(self.refusal)
        return tuple(
            KeyCondition(part.attribute, part.operator, tuple(values[name] for name in part.values))
            for part in self.parts
        )


class _NoKeyCondition(Exception):
    """Raised within this module with the text of the refusal."""


def compile_key_condition(text: str, names: Names) -> CompiledKeyCondition:
    """The key condition ready to run. Raises ValidationException for what no values can mend."""
    condition = compile_condition(KIND, text, names)
    try:
        return CompiledKeyCondition(condition, _parts(condition.tree, names), None)
    except _NoKeyCondition as refused:
        return CompiledKeyCondition(condition, (), str(refused))


def _parts(tree: Condition, names: Names) -> tuple[_Part, ...]:
    parts: dict[str, _Part] = {}
    for condition in _flat(tree):
        part = _part(condition, names)
        if part.attribute in parts:
            raise _NoKeyCondition(
                f"Invalid {KIND}: KeyConditionExpressions must only contain one condition per key"
            )
        parts[part.attribute] = part
    return tuple(parts.values())


def _flat(tree: Condition) -> Iterator[Comparison | Between | Function]:
    if isinstance(tree, And):
        for condition in tree.conditions:
            yield from _flat(condition)
        return
    operator = _operator_of(tree)
    if isinstance(tree, (Or, Not, In)) or operator in ("<>", *_NOT_ALLOWED):
        raise _NoKeyCondition(f"Invalid operator used in {KIND}: {operator}")
    yield tree


def _operator_of(tree: Condition) -> str:
    if isinstance(tree, Comparison):
        return tree.operator
    if isinstance(tree, Function):
        return tree.name
    return type(tree).__name__.upper()


def _part(condition: Comparison | Between | Function, names: Names) -> _Part:
    operator, operands = _operator_of(condition), operands_of(condition)
    if not isinstance(condition, Comparison) and not isinstance(operands[0], Path):
        raise _NoKeyCondition(
            f"Invalid condition in {KIND}: {operator} operator must have the key attribute "
            "as its first operand"
        )
    position, attribute = _attribute(operands, names)
    values = tuple(operand.name for operand in operands if isinstance(operand, Value))
    return _Part(attribute, operator if position == 0 else _MIRRORED[operator], values)


def _attribute(operands: tuple[Operand, ...], names: Names) -> tuple[int, str]:
    """Where the one attribute stands and its name."""
    found: tuple[int, str] | None = None
    for position, operand in enumerate(operands):
        if isinstance(operand, Function):
            raise _NoKeyCondition("KeyConditionExpressions cannot contain nested operations")
        if not isinstance(operand, Path):
            continue
        if found:
            raise _NoKeyCondition(
                f"Invalid condition in {KIND}: Multiple attribute names used in one condition"
            )
        path = naming.resolve(operand, names)
        if len(path) > 1:
            raise _NoKeyCondition("KeyConditionExpressions cannot have conditions on nested attributes")
        found = position, str(path[0])
    if not found:
        raise _NoKeyCondition(f"Invalid condition in {KIND}: No key attribute specified")
    return found
