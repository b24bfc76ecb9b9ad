"""The parts of an expression: tokens, and the tree that they make. Computes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from msgspec import Struct


class ExpressionError(Exception):
    """Raised for an expression that is no metric math."""


class Number(Struct, frozen=True):
    """5, 2.5"""

    value: float


class Text(Struct, frozen=True):
    """'Average', "errors" """

    value: str


class Name(Struct, frozen=True):
    """The id of a query; for SORT and FILL a word such as DESC or REPEAT."""

    value: str


class Minus(Struct, frozen=True):
    """-m1"""

    operand: Node


class Binary(Struct, frozen=True):
    """m1 + 5, m1 > m2, a AND b"""

    operator: str
    left: Node
    right: Node


class Items(Struct, frozen=True):
    """[m1, m2]"""

    items: tuple[Node, ...]


class Function(Struct, frozen=True):
    """SUM(METRICS())"""

    name: str
    arguments: tuple[Node, ...]


Node: TypeAlias = "Number | Text | Name | Minus | Binary | Items | Function"


def walk(node: Node) -> Iterator[Node]:
    """A tree's nodes, each before what is below it."""
    yield node
    match node:
        case Minus(operand):
            yield from walk(operand)
        case Binary(_, left, right):
            yield from walk(left)
            yield from walk(right)
        case Items(nodes) | Function(_, nodes):
            for each in nodes:
                yield from walk(each)


_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>'[^']*'|"(?:[^"\\]|\\.)*")
      | (?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],])
    )""",
    re.VERBOSE,
)
_SYNONYMS: Final = {"&&": "AND", "||": "OR"}


class Token(Struct, frozen=True):
    """One token and what sort it is."""

    kind: str
    text: str


def tokens(expression: str) -> list[Token]:
    """The tokens of an expression. Raises ExpressionError."""
    found: list[Token] = []
    place, end = 0, len(expression.rstrip())
    while place < end:
        match = _TOKEN.match(expression, place)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f"Unexpected character '{expression[place:].lstrip()[0]}'")
        text = match[match.lastgroup]
        found.append(Token(match.lastgroup, _SYNONYMS.get(text, text)))
        place = match.end()
    return found
