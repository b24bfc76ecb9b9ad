"""The operators of filters.

Must not parse, and never evaluates text. A side that the document does not have is MISSING: it equals
nothing, not even null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..java_regex import pattern
from .evaluation import MISSING

Comparison = Callable[[Any, Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(left: Any, right: Any) -> bool:
    """Equal in type and value: 1 is not '1', nor true."""
    if left is MISSING or right is MISSING:
        return False
    if _is_number(left) and _is_number(right):
        return bool(left == right)
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Comparison:
    def comparison(left: Any, right: Any) -> bool:
        comparable = (_is_number(left) and _is_number(right)) or (
            isinstance(left, str) and isinstance(right, str)
        )
        return comparable and compare(left, right)

    return comparison


def _has(items: Any, value: Any) -> bool:
    return isinstance(items, list) and any(equal(item, value) for item in items)


def _lists(check: Callable[[list[Any], list[Any]], bool]) -> Comparison:
    return lambda left, right: isinstance(left, list) and isinstance(right, list) and check(left, right)


def _matches(left: Any, right: Any) -> bool:
    regex, text = (left, right) if isinstance(left, RegexLiteral) else (right, left)
    if not isinstance(regex, RegexLiteral) or not isinstance(text, str | int | float | bool):
        return False
    subject = str(text).lower() if isinstance(text, bool) else str(text)
    return regex.matches(subject)


class RegexLiteral:
    """/pattern/flags"""

    __slots__ = ("_pattern",)

    def __init__(self, text: str, flags: str) -> None:
        wanted = "".join(flag for flag in "imsx" if flag in flags)
        self._pattern = pattern(f"(?{wanted}){text}" if wanted else text)

    def matches(self, text: str) -> bool:
        """Whether it matches the whole text."""
        return self._pattern.matches(text)


def _size(left: Any, right: Any) -> bool:
    return isinstance(left, list | str) and _is_number(right) and len(left) == right


def _empty(left: Any, right: Any) -> bool:
    return isinstance(left, list | str | dict) and isinstance(right, bool) and (not left) == right


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return right in left
    return _has(left, right)


OPERATORS: Final[dict[str, Comparison]] = {
    "==": equal,
    "===": equal,
    "!=": lambda left, right: not equal(left, right),
    "!==": lambda left, right: not equal(left, right),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "=~": _matches,
    "IN": lambda left, right: _has(right, left),
    "NIN": lambda left, right: not _has(right, left),
    "SUBSETOF": _lists(lambda left, right: all(_has(right, item) for item in left)),
    "ANYOF": _lists(lambda left, right: any(_has(right, item) for item in left)),
    "NONEOF": _lists(lambda left, right: not any(_has(right, item) for item in left)),
    "CONTAINS": _contains,
    "SIZE": _size,
    "EMPTY": _empty,
}
