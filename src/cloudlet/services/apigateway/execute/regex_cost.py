"""How long matching a pattern may take: by how many repetitions it has, and whether they nest.

Must not match anything. A backtracking engine tries every way to share the text among repetitions in a
row, which is polynomial; a repetition within a repetition can share it in exponentially many ways, unless
a character that occurs nowhere else in its body separates one turn from the next, as the dot does in
`([a-z]+\\.)+`.
"""

from __future__ import annotations

import math
import re
from re import _constants as opcodes  # type: ignore[attr-defined]  # nothing else tells how re reads
from re import _parser as sre  # type: ignore[attr-defined]  # as above
from typing import Any, Final

from msgspec import Struct

# About a second of the engine.
MAX_WORK_BITS: Final = 26.5
# A bounded repetition up to this often counts by its turns, a longer one as if it had no bound.
MANY: Final = 16
MAX_DEGREE: Final = 40
MAX_BITS: Final = 30
REPETITIONS: Final = (opcodes.MAX_REPEAT, opcodes.MIN_REPEAT)
CATEGORIES: Final = {
    opcodes.CATEGORY_DIGIT: re.compile(r"\d", re.ASCII),
    opcodes.CATEGORY_NOT_DIGIT: re.compile(r"\D", re.ASCII),
    opcodes.CATEGORY_SPACE: re.compile(r"\s", re.ASCII),
    opcodes.CATEGORY_NOT_SPACE: re.compile(r"\S", re.ASCII),
    opcodes.CATEGORY_WORD: re.compile(r"\w", re.ASCII),
    opcodes.CATEGORY_NOT_WORD: re.compile(r"\W", re.ASCII),
}


class Cost(Struct, frozen=True):
    """`degree` repetitions that share the text, `bits` of other choices, and whether repetitions nest."""

    degree: int = 0
    bits: float = 0.0
    nested: bool = False

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.degree + other.degree, self.bits + other.bits, self.nested or other.nested)

    def allows(self, length: int, starts: int) -> bool:
        """Whether matching a text this long ends soon; `starts` is 1 when it may begin anywhere."""
        if self.degree > MAX_DEGREE or self.bits > MAX_BITS:
            return False
        if self.nested:
            turns = math.log2(max(self.degree, 2)) + self.bits
            return starts * math.log2(length + 1) + turns * length <= MAX_WORK_BITS
        degree = self.degree + starts
        return math.log2(math.comb(length + degree, degree)) + self.bits <= MAX_WORK_BITS


def cost_of(pattern: str, flags: int) -> Cost:
    """The cost of a pattern that compiles."""
    return _sequence(sre.parse(pattern, flags))


def _sequence(parsed: Any) -> Cost:
    return sum((_item(operation, argument) for operation, argument in parsed), Cost())


def _item(operation: Any, argument: Any) -> Cost:
    inner = _within(argument)
    if operation is opcodes.BRANCH:
        return inner + Cost(bits=math.log2(len(argument[1])))
    if operation not in REPETITIONS:
        return inner
    low, high, body = argument
    if high > MANY:
        varies = inner.degree > 0 or inner.bits > 0
        may_be_empty = body.getwidth()[0] == 0
        nests = may_be_empty or (varies and not _is_separated(body))
        return Cost(inner.degree + 1, inner.bits, inner.nested or nests)
    return Cost(inner.degree * high, inner.bits * high + math.log2(high - low + 1), inner.nested)


def _within(argument: Any) -> Cost:
    if isinstance(argument, sre.SubPattern):
        return _sequence(argument)
    if isinstance(argument, tuple | list):
        return sum((_within(part) for part in argument), Cost())
    return Cost()


def _is_separated(body: Any) -> bool:
    items = _unwrapped(list(body))
    ends = ((items[0], items[1:]), (items[-1], items[:-1])) if items else ()
    return any(end[0] is opcodes.LITERAL and not _may_match(rest, end[1]) for end, rest in ends)


def _unwrapped(items: list[Any]) -> list[Any]:
    while len(items) == 1 and items[0][0] is opcodes.SUBPATTERN:
        items = list(items[0][1][-1])
    return items


def _may_match(items: Any, code: int) -> bool:
    return any(_may_match_item(operation, argument, code) for operation, argument in items)


def _may_match_item(operation: Any, argument: Any, code: int) -> bool:
    if operation is opcodes.LITERAL:
        return bool(argument == code)
    if operation is opcodes.NOT_LITERAL:
        return bool(argument != code)
    if operation is opcodes.IN:
        negated = argument[0][0] is opcodes.NEGATE
        return any(_in_class(kind, value, code) for kind, value in argument) is not negated
    if operation in REPETITIONS:
        return _may_match(argument[2], code)
    if operation is opcodes.SUBPATTERN:
        return _may_match(argument[-1], code)
    return operation is not opcodes.AT


def _in_class(kind: Any, value: Any, code: int) -> bool:
    if kind is opcodes.LITERAL:
        return bool(value == code)
    if kind is opcodes.RANGE:
        return bool(value[0] <= code <= value[1])
    return kind is opcodes.CATEGORY and CATEGORIES[value].match(chr(code)) is not None
