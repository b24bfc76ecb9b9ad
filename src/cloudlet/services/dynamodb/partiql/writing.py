"""Trees written out as DynamoDB's own expressions, with placeholders for every name.

So that a statement is checked, compiled, judged and remembered by the code that expressions have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.services.dynamodb.expressions.syntax import (
    Add,
    And,
    Arithmetic,
    Between,
    Comparison,
    Delete,
    Function,
    In,
    Not,
    Or,
    Path,
    Remove,
    Set,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cloudlet.services.dynamodb.expressions.syntax import Action, Condition, Operand


class Writer:
    """Writes the expressions of one request."""

    def __init__(self, values: Mapping[str, dict[str, Any]]) -> None:
        self._given = values
        self._names: dict[str, str] = {}
        self._values: dict[str, dict[str, Any]] = {}

    def members(self) -> dict[str, Any]:
        """ExpressionAttributeNames and ExpressionAttributeValues of what was written."""
        answer: dict[str, Any] = {}
        if self._names:
            answer["ExpressionAttributeNames"] = {mark: name for name, mark in self._names.items()}
        if self._values:
            answer["ExpressionAttributeValues"] = dict(self._values)
        return answer

    def condition(self, tree: Condition) -> str:
        """A condition."""
        match tree:
            case And(conditions):
                return " AND ".join(self._enclosed(each) for each in conditions)
            case Or(conditions):
                return " OR ".join(self._enclosed(each) for each in conditions)
            case Not(inner):
                return f"NOT {self._enclosed(inner)}"
            case Comparison(operator, left, right):
                return f"{self._operand(left)} {operator} {self._operand(right)}"
            case Between(operand, lower, upper):
                bounds = f"{self._operand(lower)} AND {self._operand(upper)}"
                return f"{self._operand(operand)} BETWEEN {bounds}"
            case In(operand, choices):
                return f"{self._operand(operand)} IN ({', '.join(map(self._operand, choices))})"
            case Function():
                return self._operand(tree)

    def update(self, actions: Iterable[Action]) -> str:
        """An update: the actions by their sections."""
        sections: dict[str, list[str]] = {}
        for action in actions:
            target = self._operand(action.path)
            match action:
                case Set(_, operand):
                    sections.setdefault("SET", []).append(f"{target} = {self._operand(operand)}")
                case Remove():
                    sections.setdefault("REMOVE", []).append(target)
                case Add(_, value):
                    sections.setdefault("ADD", []).append(f"{target} {self._operand(value)}")
                case Delete(_, value):
                    sections.setdefault("DELETE", []).append(f"{target} {self._operand(value)}")
        return " ".join(f"{name} {', '.join(parts)}" for name, parts in sections.items())

    def _enclosed(self, tree: Condition) -> str:
        written = self.condition(tree)
        return f"({written})" if isinstance(tree, And | Or) else written

    def _operand(self, operand: Operand) -> str:
        match operand:
            case Path(elements):
                first, *rest = elements
                return self._name(str(first)) + "".join(map(self._step, rest))
            case Value(name):
                self._values[name] = self._given[name]
                return name
            case Function(name, arguments):
                return f"{name}({', '.join(map(self._operand, arguments))})"
            case Arithmetic(operator, left, right):
                return f"{self._operand(left)} {operator} {self._operand(right)}"

    def _step(self, element: str | int) -> str:
        return f"[{element}]" if isinstance(element, int) else f".{self._name(element)}"

    def _name(self, name: str) -> str:
        return self._names.setdefault(name, f"#n{len(self._names)}")
