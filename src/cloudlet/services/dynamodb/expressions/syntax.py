"""The syntax trees of DynamoDB's expressions, as written: names and values are still placeholders.

Nothing here evaluates or checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Path:
    """A document path: names (with a leading # for a placeholder) and list indexes."""

    elements: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A :placeholder."""

    name: str


@dataclass(frozen=True, slots=True)
class Function:
    """A call of a function, known or not."""

    name: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """left + right or left - right, in an update."""

    operator: str
    left: Operand
    right: Operand


Operand: TypeAlias = "Path | Value | Function | Arithmetic"


@dataclass(frozen=True, slots=True)
class Comparison:
    """left operator right."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """operand BETWEEN lower AND upper."""

    operand: Operand
    lower: Operand
    upper: Operand


@dataclass(frozen=True, slots=True)
class In:
    """operand IN (choices)."""

    operand: Operand
    choices: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """NOT condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All of the conditions hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of the conditions holds."""

    conditions: tuple[Condition, ...]


Condition: TypeAlias = "Comparison | Between | In | Function | Not | And | Or"


@dataclass(frozen=True, slots=True)
class Set:
    """SET path = operand."""

    path: Path
    operand: Operand


@dataclass(frozen=True, slots=True)
class Remove:
    """REMOVE path."""

    path: Path


@dataclass(frozen=True, slots=True)
class Add:
    """ADD path :value."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE path :value."""

    path: Path
    value: Value


Action: TypeAlias = "Set | Remove | Add | Delete"
