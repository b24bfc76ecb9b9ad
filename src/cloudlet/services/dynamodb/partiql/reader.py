"""Walks along the tokens of one statement, handing out its parameters and placeholders for its values.

Knows no clause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions.syntax import Value
from cloudlet.services.dynamodb.partiql.tokens import malformed, tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.services.dynamodb.partiql.tokens import Token

_MISCOUNTED = "Number of parameters in request and statement don't match."


class Reader:
    """The tokens that are left, and the values met so far."""

    def __init__(self, text: str, parameters: Sequence[dict[str, Any]]) -> None:
        self._tokens = tokenize(text)
        self._index = 0
        self._parameters = list(parameters)
        self.values: dict[str, dict[str, Any]] = {}

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._index]

    def following(self) -> Token:
        """The token after the next one."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Consumes the next token."""
        token = self._tokens[self._index]
        if token.kind != "end":
            self._index += 1
        return token

    def accept(self, symbol: str) -> bool:
        """Consumes the next token if it is this symbol."""
        if self.token.is_symbol(symbol):
            self._index += 1
            return True
        return False

    def accept_word(self, word: str) -> bool:
        """Consumes the next token if it is this keyword."""
        if self.token.is_word(word):
            self._index += 1
            return True
        return False

    def skip_call(self) -> None:
        """Consumes a function's name and everything up to its closing parenthesis."""
        self.take()
        depth = 0
        while self.token.kind != "end":
            token = self.take()
            depth += token.is_symbol("(") - token.is_symbol(")")
            if depth == 0:
                return
        raise malformed("Expected RIGHT_PAREN")

    def expect(self, symbol: str, otherwise: str) -> None:
        """Consumes this symbol. Raises ValidationException with the detail `otherwise`."""
        if not self.accept(symbol):
            raise malformed(otherwise)

    def expect_word(self, word: str) -> None:
        """Consumes this keyword. Raises ValidationException."""
        if not self.accept_word(word):
            raise malformed(f"Expected {word}")

    def expect_end(self) -> None:
        """Raises ValidationException for tokens or parameters that are left over."""
        self.accept(";")
        if self.token.kind != "end":
            raise malformed("Unexpected token after expression")
        if self._parameters:
            raise ValidationException(_MISCOUNTED)

    def next_parameter(self) -> dict[str, Any]:
        """The request's next parameter. Raises ValidationException where there is none."""
        if not self._parameters:
            raise ValidationException(_MISCOUNTED)
        return self._parameters.pop(0)

    def keep(self, value: dict[str, Any]) -> Value:
        """A new placeholder for a value."""
        name = f":v{len(self.values)}"
        self.values[name] = value
        return Value(name)
