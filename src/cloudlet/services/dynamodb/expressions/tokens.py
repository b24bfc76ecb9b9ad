"""Expression text cut into tokens.

Nothing here knows what the tokens mean: the parsers decide whether a word is a keyword, a name or a function.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from cloudlet.services.dynamodb.errors import ValidationException

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


class TokenReader:
    """Walks along the tokens of one expression; `kind` is the expression's name in error texts."""

    def __init__(self, kind: str, text: str) -> None:
        if not text:
            raise ValidationException(f"Invalid {kind}: The expression can not be empty;")
        self.kind = kind
        self._text = text
        self._tokens = tokenize(text)
        self._index = 0

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
        if self.token.text == symbol and self.token.kind == "symbol":
            self._index += 1
            return True
        return False

    def expect(self, symbol: str) -> None:
        """Consumes this symbol, or raises the syntax error for what stands in its place."""
        if not self.accept(symbol):
            raise self.syntax_error()

    def at_keyword(self, keyword: str) -> bool:
        """Whether the next token is this keyword, in any case."""
        return self.token.kind == "word" and self.token.text.upper() == keyword

    def accept_keyword(self, keyword: str) -> bool:
        """Consumes the next token if it is this keyword."""
        if self.at_keyword(keyword):
            self._index += 1
            return True
        return False

    def expect_end(self) -> None:
        """Raises the syntax error for whatever follows."""
        if self.token.kind != "end":
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
