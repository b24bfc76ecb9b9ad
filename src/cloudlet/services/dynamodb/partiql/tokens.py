"""The text of a PartiQL statement cut into tokens, each with the place that error texts name.

Nothing here knows statements. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from cloudlet.services.dynamodb.errors import ValidationException

NOT_WELL_FORMED: Final = "Statement wasn't well formed, can't be processed: "
_TOKEN: Final = re.compile(
    r"(?P<blank>\s+|--[^\n]*|/\*.*?\*/)"
    r'|(?P<quoted>"(?:[^"]|"")*")'
    r"|(?P<string>'(?:[^']|'')*')"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[A-Za-z_$][A-Za-z0-9_$]*)"
    r"|(?P<parameter>\?)"
    r"|(?P<symbol><<|>>|<=|>=|<>|!=|[=<>()\[\]{},.:*+\-;])",
    re.DOTALL,
)


class Token(Struct, frozen=True):
    """A piece of a statement. Its kind is one of quoted, string, number, word, parameter, symbol, end."""

    kind: str
    text: str
    """What it says: without quotes."""
    place: str
    """line:column:length, counted from 1."""

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in any case."""
        return self.kind == "word" and self.text.upper() in words

    def is_symbol(self, *symbols: str) -> bool:
        """Whether it is one of these symbols."""
        return self.kind == "symbol" and self.text in symbols


def malformed(detail: str = "") -> ValidationException:
    """The refusal of a statement that cannot be read."""
    return ValidationException(NOT_WELL_FORMED + detail)


def tokenize(text: str) -> list[Token]:
    """The tokens of a statement; the last one marks its end. Raises ValidationException."""
    tokens = []
    position, line, line_start = 0, 1, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise malformed()
        written = match.group()
        if match.lastgroup != "blank":
            place = f"{line}:{position - line_start + 1}:{len(written)}"
            tokens.append(Token(match.lastgroup, _said(match.lastgroup, written), place))
        if breaks := written.count("\n"):
            line += breaks
            line_start = position + written.rindex("\n") + 1
        position = match.end()
    tokens.append(Token("end", "", f"{line}:{position - line_start + 1}:0"))
    return tokens


def _said(kind: str, written: str) -> str:
    if kind in ("quoted", "string"):
        mark = written[0]
        return written[1:-1].replace(mark * 2, mark)
    return written
