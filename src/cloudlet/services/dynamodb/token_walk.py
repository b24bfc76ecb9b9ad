"""Walking along tokens: what readers of expressions and of statements have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

_END: Final = "end"
"""The kind of the last token, which nobody wrote."""


class AnyToken(Protocol):
    """A piece of text; words and symbols are told apart by its kind."""

    @property
    def kind(self) -> str:
        """What it is, such as word, symbol or end."""

    @property
    def text(self) -> str:
        """What it says."""


T = TypeVar("T", bound=AnyToken)


class TokenWalk(Generic[T]):
    """The tokens of one text, the last of which marks its end, and how many of them were read."""

    def __init__(self, tokens: Sequence[T]) -> None:
        self._tokens = tokens
        self._index = 0

    @property
    def token(self) -> T:
        """The token that comes next."""
        return self._tokens[self._index]

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self.token.kind == _END

    def following(self) -> T:
        """The token after the next one."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def take(self) -> T:
        """Consumes the next token."""
        token = self._tokens[self._index]
        if token.kind != _END:
            self._index += 1
        return token

    def accept(self, symbol: str) -> bool:
        """Consumes the next token if it is this symbol."""
        if self.token.text == symbol and self.token.kind == "symbol":
            self._index += 1
            return True
        return False

    def at_word(self, word: str) -> bool:
        """Whether the next token is this keyword, in any case."""
        return self.token.kind == "word" and self.token.text.upper() == word

    def accept_word(self, word: str) -> bool:
        """Consumes the next token if it is this keyword."""
        if self.at_word(word):
            self._index += 1
            return True
        return False
