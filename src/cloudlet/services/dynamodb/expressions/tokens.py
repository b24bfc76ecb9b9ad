"""Expression text cut into tokens.

Nothing here knows what the tokens mean: the parsers decide whether a word is a keyword, a name or a function.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.token_walk import TokenWalk

END: Final = "<EOF>"
MAX_OPERATORS: Final = 300
_TOKEN: Final = re.compile(
    r"(?P<word>[A-Za-z][A-Za-z0-9_]*)|(?P<name>\#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)|(?P<number>[0-9]+)"
    r"|(?P<symbol>>=|<=|<>|.)",
    re.DOTALL,
)
_BLANK: Final = " \t\r\n"


class Token(Struct, frozen=True):
    """A piece of an expression. Its kind is one of word, name, value, number, symbol and end."""

    kind: str
    text: str
    start: int
    stop: int


def tokenize(text: str) -> list[Token]:
    """The tokens of an expression; the last one marks its end."""
    tokens = []
    position, length = 0, len(text)
    while position < length:
        if text[position] in _BLANK:
            position += 1
            continue
        match = _TOKEN.match(text, position)
        assert match is not None and match.lastgroup is not None
        tokens.append(Token(match.lastgroup, match.group(), position, match.end()))
        position = match.end()
    tokens.append(Token("end", END, length, length))
    return tokens


class TokenReader(TokenWalk[Token]):
    """Walks along the tokens of one expression; `kind` is the expression's name in error texts."""

    def __init__(self, kind: str, text: str) -> None:
        if not text:
            raise ValidationException(f"Invalid {kind}: The expression can not be empty;")
        super().__init__(tokenize(text))
        self.kind = kind
        self._text = text

    def expect(self, symbol: str) -> None:
        """Consumes this symbol, or raises the syntax error for what stands in its place."""
        if not self.accept(symbol):
            raise self.syntax_error()

    def expect_end(self) -> None:
        """Raises the syntax error for whatever follows."""
        if not self.is_over:
            raise self.syntax_error()

    def check_operators(self, count: int) -> None:
        """Raises ValidationException for more comparisons and functions than an expression may have."""
        if count > MAX_OPERATORS:
            raise self.invalid(
                f"The expression contains too many operators; operator count: {MAX_OPERATORS + 1}"
            )

    def syntax_error(self) -> ValidationException:
        """The error for the next token, shown between its neighbours as they were written."""
        index = self._index
        start = self._tokens[max(index - 1, 0)].start
        stop = self._tokens[min(index + 1, len(self._tokens) - 1)].stop
        if self._tokens[min(index + 1, len(self._tokens) - 1)].kind == "end":
            stop = self._tokens[max(index if self.token.kind != "end" else index - 1, 0)].stop
        return self.invalid(f'Syntax error; token: "{self.token.text}", near: "{self._text[start:stop]}"')

    def invalid(self, reason: str) -> ValidationException:
        """An error about this expression."""
        return ValidationException(f"Invalid {self.kind}: {reason}")
