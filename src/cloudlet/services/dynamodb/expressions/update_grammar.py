"""The grammar of UpdateExpression.

    update  = section { section }, each of SET, REMOVE, ADD and DELETE at most once
    SET     path = value {, ...}         value   = operand [(+|-) operand] | ( value )
    REMOVE  path {, ...}                 operand = path | :value | function | ( operand )
    ADD, DELETE  path :value {, ...}

It only reads: names, values and types are checked elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.dynamodb.expressions import reading
from cloudlet.services.dynamodb.expressions.syntax import (
    Action,
    Add,
    Arithmetic,
    Delete,
    Function,
    Operand,
    Remove,
    Set,
)

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.expressions.tokens import TokenReader

SECTIONS: Final = ("SET", "REMOVE", "ADD", "DELETE")
MAX_NESTING: Final = 100
"""Parentheses and functions within each other; 4 KB of text could hold more than the stack does."""


class UpdateParser:
    """Reads one update. `repeated_section` names the first section that came twice."""

    def __init__(self, reader: TokenReader) -> None:
        self._reader = reader
        self._depth = 0
        self.repeated_section: str | None = None

    def parse(self) -> tuple[Action, ...]:
        """The actions in the order of the text. Raises ValidationException for a syntax error."""
        actions: list[Action] = []
        seen: set[str] = set()
        while not self._reader.is_over or not seen:
            section = self._section_name()
            if section in seen and self.repeated_section is None:
                self.repeated_section = section
            seen.add(section)
            actions.append(self._action(section))
            while self._reader.accept(","):
                actions.append(self._action(section))
        return tuple(actions)

    def _section_name(self) -> str:
        token = self._reader.token
        if token.kind != "word" or token.text.upper() not in SECTIONS:
            raise self._reader.syntax_error()
        return self._reader.take().text.upper()

    def _action(self, section: str) -> Action:
        self._refuse_keyword()
        path = reading.path(self._reader)
        if section == "SET":
            self._reader.expect("=")
            return Set(path, self._set_value())
        if section == "REMOVE":
            return Remove(path)
        value = reading.value(self._reader)
        return Add(path, value) if section == "ADD" else Delete(path, value)

    def _set_value(self) -> Operand:
        """Parentheses may stand around the sum or around an operand; only what follows them tells."""
        if self._reader.accept("("):
            self._deeper()
            value = self._set_value()
            self._reader.expect(")")
            self._depth -= 1
            if isinstance(value, Arithmetic):
                return value
        else:
            value = self._bare_operand()
        return self._sum(value)

    def _sum(self, left: Operand) -> Operand:
        for operator in ("+", "-"):
            if self._reader.accept(operator):
                return Arithmetic(operator, left, self._operand())
        return left

    def _operand(self) -> Operand:
        if not self._reader.accept("("):
            return self._bare_operand()
        self._deeper()
        operand = self._operand()
        self._reader.expect(")")
        self._depth -= 1
        return operand

    def _bare_operand(self) -> Operand:
        reader = self._reader
        if reader.token.kind == "value":
            return reading.value(reader)
        self._refuse_keyword()
        if not reading.at_function(reader):
            return reading.path(reader)
        name = reader.take().text
        reader.expect("(")
        self._deeper()
        arguments = [self._operand()]
        while reader.accept(","):
            arguments.append(self._operand())
        reader.expect(")")
        self._depth -= 1
        return Function(name, tuple(arguments))

    def _refuse_keyword(self) -> None:
        token = self._reader.token
        if token.kind == "word" and token.text.upper() in SECTIONS:
            raise self._reader.syntax_error()

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise self._reader.invalid("The expression has too many nested levels;")
