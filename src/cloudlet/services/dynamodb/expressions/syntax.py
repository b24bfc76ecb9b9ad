"""The syntax trees of DynamoDB's expressions, as written: names and values are still placeholders.

Nothing here evaluates or checks.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Path(Struct, frozen=True):
    """A document path: names (with a leading # for a placeholder) and list indexes."""

    elements: tuple[str | int, ...]


class Value(Struct, frozen=True):
    """A :placeholder."""

    name: str


class Function(Struct, frozen=True):
    """A call of a function, known or not."""

    name: str
    arguments: tuple[Operand, ...]


class Arithmetic(Struct, frozen=True):
    """left + right or left - right, in an update."""

    operator: str
    left: Operand
    right: Operand


Operand: TypeAlias = "Path | Value | Function | Arithmetic"


class Comparison(Struct, frozen=True):
    """left operator right."""

    operator: str
    left: Operand
    right: Operand


class Between(Struct, frozen=True):
    """operand BETWEEN lower AND upper."""

    operand: Operand
    lower: Operand
    upper: Operand


class In(Struct, frozen=True):
    """operand IN (choices)."""

    operand: Operand
    choices: tuple[Operand, ...]


class Not(Struct, frozen=True):
    """NOT condition."""

    condition: Condition


class And(Struct, frozen=True):
    """All of the conditions hold."""

    conditions: tuple[Condition, ...]


class Or(Struct, frozen=True):
    """One of the conditions holds."""

    conditions: tuple[Condition, ...]


Condition: TypeAlias = "Comparison | Between | In | Function | Not | And | Or"


class Set(Struct, frozen=True):
    """SET path = operand."""

    path: Path
    operand: Operand


class Remove(Struct, frozen=True):
    """REMOVE path."""

    path: Path


class Add(Struct, frozen=True):
    """ADD path :value."""

    path: Path
    value: Value


class Delete(Struct, frozen=True):
    """DELETE path :value."""

    path: Path
    value: Value


Action: TypeAlias = "Set | Remove | Add | Delete"
