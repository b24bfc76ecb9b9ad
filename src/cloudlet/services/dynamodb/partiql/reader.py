"""Walks along the tokens of one statement, handing out its parameters and placeholders for its values.

Knows no clause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions.syntax import Value
from cloudlet.services.dynamodb.partiql.tokens import Token, malformed, tokenize
from cloudlet.services.dynamodb.token_walk import TokenWalk

if TYPE_CHECKING:
    from collections.abc import Sequence

_MISCOUNTED = "Number of parameters in request and statement don't match."


class Reader(TokenWalk[Token]):
    """The tokens that are left, and the values met so far."""

    def __init__(self, text: str, parameters: Sequence[dict[str, Any]]) -> None:
        super().__init__(tokenize(text))
        self._parameters = list(parameters)
        self.values: dict[str, dict[str, Any]] = {}

    def skip_call(self) -> None:
        """Consumes a function's name and everything up to its closing parenthesis."""
        self.take()
        depth = 0
        while not self.is_over:
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
        if not self.is_over:
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
