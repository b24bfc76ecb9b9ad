"""Text of references and expressions to nodes.

Must not know directives; `parser.py` adds them and tells how a double-quoted string is parsed.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Final

from . import lexer
from .nodes import (
    Binary,
    Block,
    Expression,
    Index,
    Interpolated,
    ListLiteral,
    Literal,
    MapLiteral,
    MethodCall,
    Not,
    Property,
    Range,
    Reference,
)

MAX_EXPRESSION_DEPTH: Final = 40
MAX_DIGITS: Final = 1000
UNICODE_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
# Weakest first; all bind to the left.
PRECEDENCE: Final[tuple[frozenset[str], ...]] = (
    frozenset(("||",)),
    frozenset(("&&",)),
    frozenset(("==", "!=")),
    frozenset(("<", ">", "<=", ">=")),
    frozenset(("+", "-")),
    frozenset(("*", "/", "%")),
)


class ExpressionParser(ABC):
    """Recursive descent over references and expressions."""

    def __init__(self, text: str, depth: int) -> None:
        self.cursor = lexer.Cursor(text)
        self.depth = depth
        self._expression_depth = 0

    @abstractmethod
    def parse_embedded(self, text: str) -> Block:
        """The template in a double-quoted string."""

    def reference(self, backslashes: int = 0) -> Reference:
        """A reference that is known to begin here."""
        cursor = self.cursor
        start = cursor.position
        match = cursor.accept(lexer.REFERENCE)
        if match is None:
            raise cursor.error("expected a reference")
        steps = self._steps()
        if match[1]:
            cursor.expect_text("}")
        return Reference(cursor.text[start : cursor.position], match[2], steps, backslashes)

    def _steps(self) -> tuple[Property | Index | MethodCall, ...]:
        cursor = self.cursor
        steps: list[Property | Index | MethodCall] = []
        while True:
            if cursor.accept_text("["):
                steps.append(Index(self._index_key()))
            elif match := cursor.accept(lexer.PROPERTY):
                steps.append(self._property_or_call(match[1]))
            else:
                return tuple(steps)

    def _index_key(self) -> Expression:
        self.cursor.skip_whitespace()
        key = self.operand()
        if not isinstance(key, Literal | Interpolated | Reference):
            raise self.cursor.error("after what cannot be an index")
        self.cursor.skip_whitespace()
        self.cursor.expect_text("]")
        return key

    def _property_or_call(self, name: str) -> Property | MethodCall:
        cursor = self.cursor
        # Velocity takes "$a.b(" at the very end of a template for text.
        if not cursor.text.startswith("(", cursor.position) or cursor.position + 1 == len(cursor.text):
            return Property(name)
        cursor.position += 1
        return MethodCall(name, self._parameters(")", bare_names=True))

    def _parameters(self, closing: str, bare_names: bool) -> tuple[Expression, ...]:
        cursor = self.cursor
        cursor.skip_whitespace()
        if cursor.accept_text(closing):
            return ()
        parameters = []
        while True:
            parameters.append(self._parameter(bare_names))
            if cursor.accept_text(closing):
                return tuple(parameters)
            cursor.expect_text(",")

    def _parameter(self, bare_names: bool) -> Expression:
        self.cursor.skip_whitespace()
        parameter = self.operand(bare_names)
        self.cursor.skip_whitespace()
        return parameter

    def operand(self, bare_names: bool = False) -> Expression:
        """A literal or a reference; among a method's arguments a bare name, as null, is a reference too."""
        cursor = self.cursor
        text, position = cursor.text, cursor.position
        character = text[position : position + 1]
        if character == "$":
            return self.reference()
        if character in ('"', "'") and character:
            return self._string()
        if character in ("[", "{") and character:
            return self._collection(character, bare_names)
        if match := cursor.accept(lexer.BOOLEAN):
            return Literal(match[1] == "true")
        if match := cursor.accept(lexer.FLOAT):
            return Literal(float(match.group()))
        if match := cursor.accept(lexer.INTEGER):
            if len(match.group()) > MAX_DIGITS:
                raise cursor.error("after a number that is too long")
            return Literal(int(match.group()))
        if bare_names and (match := cursor.accept(lexer.IDENTIFIER)):
            return Reference(match.group(), match.group(), self._steps())
        raise cursor.error("expected a value")

    def _string(self) -> Expression:
        match = self.cursor.accept(lexer.STRING)
        if match is None:
            raise self.cursor.error("a string that is never closed")
        quote, content = match.group()[0], match.group()[1:-1]
        content = content.replace(quote * 2, quote)
        if quote == "'":
            return Literal(content)
        content = UNICODE_ESCAPE.sub(lambda found: chr(int(found[1], 16)), content)
        if "$" in content or "#" in content:
            return Interpolated(self.parse_embedded(content))
        return Literal(content)

    def _collection(self, opening: str, bare_names: bool) -> Expression:
        self._enter()
        self.cursor.position += 1
        node = self._map(bare_names) if opening == "{" else self._list_or_range(bare_names)
        self._expression_depth -= 1
        return node

    def _map(self, bare_names: bool) -> MapLiteral:
        cursor = self.cursor
        cursor.skip_whitespace()
        if cursor.accept_text("}"):
            return MapLiteral(())
        entries = []
        while True:
            key = self._parameter(bare_names)
            cursor.expect_text(":")
            entries.append((key, self._parameter(bare_names)))
            if cursor.accept_text("}"):
                return MapLiteral(tuple(entries))
            cursor.expect_text(",")

    def _list_or_range(self, bare_names: bool) -> ListLiteral | Range:
        cursor = self.cursor
        cursor.skip_whitespace()
        if cursor.accept_text("]"):
            return ListLiteral(())
        first = self._parameter(bare_names)
        if cursor.accept_text(".."):
            end = self._parameter(bare_names)
            cursor.expect_text("]")
            return Range(first, end)
        if cursor.accept_text("]"):
            return ListLiteral((first,))
        cursor.expect_text(",")
        rest = self._parameters("]", bare_names)
        if not rest:
            raise cursor.error("after a comma without a value")
        return ListLiteral((first, *rest))

    def _enter(self) -> None:
        self._expression_depth += 1
        if self._expression_depth > MAX_EXPRESSION_DEPTH:
            raise self.cursor.error("which is nested too deeply")

    def expression(self) -> Expression:
        """A whole expression, as #if and #set take it."""
        self._enter()
        node = self._binary(0)
        self._expression_depth -= 1
        return node

    def _binary(self, level: int) -> Expression:
        if level == len(PRECEDENCE):
            return self._unary()
        left = self._binary(level + 1)
        while operator := self._operator(PRECEDENCE[level]):
            left = Binary(operator, left, self._binary(level + 1))
        return left

    def _operator(self, wanted: frozenset[str]) -> str:
        cursor = self.cursor
        cursor.skip_whitespace()
        # Velocity reads "5 -1" as two numbers in a row, which is an error there too.
        if lexer.INTEGER.match(cursor.text, cursor.position):
            return ""
        match = lexer.OPERATOR.match(cursor.text, cursor.position)
        if match is None:
            return ""
        operator = lexer.OPERATOR_WORDS.get(match.group(), match.group())
        if operator not in wanted:
            return ""
        cursor.position = match.end()
        return operator

    def _unary(self) -> Expression:
        cursor = self.cursor
        cursor.skip_whitespace()
        if cursor.accept(lexer.NOT):
            self._enter()
            operand = self._unary()
            self._expression_depth -= 1
            return Not(operand)
        if cursor.accept_text("("):
            node = self.expression()
            cursor.skip_whitespace()
            cursor.expect_text(")")
            return node
        return self.operand()
