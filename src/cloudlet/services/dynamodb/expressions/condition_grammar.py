"""The grammar of ConditionExpression, FilterExpression and KeyConditionExpression.

    condition  = and { OR and }            and   = not { AND not }          not = [NOT] not | test
    test       = operand comparator operand | operand BETWEEN operand AND operand
               | operand IN ( operand {, operand} ) | function | ( condition )
    operand    = path | :value | function | ( operand )

It only reads: what the names mean and whether a function may stand where it stands is checked elsewhere.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from cloudlet.services.dynamodb.expressions import reading
from cloudlet.services.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    Value,
)
from cloudlet.services.dynamodb.expressions.tokens import TokenReader

COMPARATORS: Final = frozenset(("=", "<>", "<", "<=", ">", ">="))
MAX_NESTING: Final = 250
"""Parentheses and NOTs within each other; 4 KB of text could hold more than the stack does."""
_LEVELS_OF_A_FUNCTION: Final = 2
"""A function within a function takes more of the stack than parentheses within parentheses."""
KEYWORDS: Final = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN"))

_Expression: TypeAlias = "Condition | Path | Value"


class TooDeepError(Exception):
    """Raised for a condition that nests deeper than it can be read."""


class ConditionParser:
    """Reads one condition. `redundant_parentheses` is set where they were doubled."""

    def __init__(self, reader: TokenReader) -> None:
        self._reader = reader
        self._depth = 0
        self._parenthesized = False
        self.redundant_parentheses = False

    def parse(self) -> Condition:
        """The whole expression. Raises ValidationException for a syntax error, TooDeepError."""
        condition = self._condition(self._or())
        self._reader.expect_end()
        return condition

    def _or(self) -> _Expression:
        """Reads ANDs and ORs in one frame, because parentheses nest deeply."""
        alternatives: list[_Expression] = []
        while True:
            conditions = [self._not()]
            while self._reader.at_word("AND"):
                self._condition(conditions[-1])
                self._reader.take()
                conditions.append(self._not())
            alternatives.append(conditions[0] if len(conditions) == 1 else self._all(conditions))
            if not self._reader.at_word("OR"):
                break
            self._condition(alternatives[-1])
            self._reader.take()
        if len(alternatives) == 1:
            return alternatives[0]
        self._parenthesized = False
        return Or(tuple(self._condition(each) for each in alternatives))

    def _all(self, conditions: list[_Expression]) -> And:
        self._parenthesized = False
        return And(tuple(self._condition(each) for each in conditions))

    def _not(self) -> _Expression:
        negations = 0
        while self._reader.accept_word("NOT"):
            negations += 1
            self._deeper()
        left = self._primary()
        expression = self._test(left)
        for _ in range(negations):
            expression = Not(self._condition(expression))
        if negations:
            self._parenthesized = False
            self._depth -= negations
        return expression

    def _test(self, left: _Expression) -> _Expression:
        reader = self._reader
        if reader.token.kind == "symbol" and reader.token.text in COMPARATORS:
            self._require_operand(left)
            operator = reader.take().text
            test: _Expression = Comparison(operator, self._as_operand(left), self._operand())
        elif reader.at_word("BETWEEN"):
            self._require_operand(left)
            reader.take()
            lower = self._operand()
            if not reader.accept_word("AND"):
                raise reader.syntax_error()
            test = Between(self._as_operand(left), lower, self._operand())
        elif reader.at_word("IN"):
            self._require_operand(left)
            reader.take()
            test = In(self._as_operand(left), self._list())
        else:
            return left
        self._parenthesized = False
        return test

    def _primary(self) -> _Expression:
        reader = self._reader
        if reader.accept("("):
            self._deeper()
            return self._closed(self._or())
        operand = self._bare_operand()
        self._parenthesized = False
        return operand

    def _closed(self, inner: _Expression) -> _Expression:
        """What stands in parentheses, once their end is read."""
        if self._parenthesized:
            self.redundant_parentheses = True
        self._reader.expect(")")
        self._depth -= 1
        if isinstance(inner, Path) and self._reader.token.text in (".", "["):
            self._parenthesized = False
            return reading.continued_path(self._reader, inner.elements)
        self._parenthesized = True
        return inner

    def _operand(self) -> Operand:
        operand = self._primary()
        self._require_operand(operand)
        return self._as_operand(operand)

    def _bare_operand(self) -> Path | Value | Function:
        reader = self._reader
        if reader.token.kind == "value":
            return reading.value(reader)
        if reader.token.kind == "word" and reader.token.text.upper() in KEYWORDS:
            raise reader.syntax_error()
        if reading.at_function(reader):
            name = reader.take().text
            return Function(name, self._list())
        return reading.path(reader)

    def _list(self) -> tuple[Operand, ...]:
        self._reader.expect("(")
        self._deeper(_LEVELS_OF_A_FUNCTION)
        operands = [self._operand()]
        while self._reader.accept(","):
            operands.append(self._operand())
        self._reader.expect(")")
        self._depth -= _LEVELS_OF_A_FUNCTION
        return tuple(operands)

    def _condition(self, expression: _Expression) -> Condition:
        """A bare path or value is no condition: the error is at what should have been a comparator."""
        if isinstance(expression, (Path, Value)):
            raise self._reader.syntax_error()
        return expression

    def _require_operand(self, expression: _Expression) -> None:
        if not isinstance(expression, (Path, Value, Function)):
            raise self._reader.syntax_error()

    def _as_operand(self, expression: _Expression) -> Operand:
        assert isinstance(expression, (Path, Value, Function))
        return expression

    def _deeper(self, levels: int = 1) -> None:
        self._depth += levels
        if self._depth > MAX_NESTING:
            raise TooDeepError
