"""What the grammars of all expressions share: document paths, placeholders and function calls.

Nothing here knows a whole expression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.services.dynamodb.expressions.syntax import Path, Value

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.expressions.tokens import TokenReader


def at_path(reader: TokenReader) -> bool:
    """Whether a document path begins here."""
    return reader.token.kind in ("word", "name")


def path(reader: TokenReader) -> Path:
    """A document path such as a.#b[3].c."""
    if not at_path(reader):
        raise reader.syntax_error()
    return continued_path(reader, (reader.take().text,))


def continued_path(reader: TokenReader, elements: tuple[str | int, ...]) -> Path:
    """The path that these first elements begin."""
    while True:
        if reader.accept("."):
            if not at_path(reader):
                raise reader.syntax_error()
            elements = (*elements, reader.take().text)
        elif reader.accept("["):
            if reader.token.kind != "number":
                raise reader.syntax_error()
            elements = (*elements, int(reader.take().text))
            reader.expect("]")
        else:
            return Path(elements)


def value(reader: TokenReader) -> Value:
    """A :placeholder."""
    if reader.token.kind != "value":
        raise reader.syntax_error()
    return Value(reader.take().text)


def at_function(reader: TokenReader) -> bool:
    """Whether a function call begins here."""
    following = reader.following()
    return reader.token.kind == "word" and following.kind == "symbol" and following.text == "("
