"""Velocity's arithmetic and comparisons over Java's numbers.

Must not raise for operands of the wrong kind: as in Velocity the result is then null, and a comparison false.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from .values import checked_integer, checked_text, equal, is_number, text_of


def add(left: Any, right: Any) -> Any:
    """Sum of numbers; text when either side is a string."""
    if isinstance(left, str) or isinstance(right, str):
        return checked_text(text_of(left) + text_of(right))
    return _calculated(left, right, lambda a, b: a + b)


def subtract(left: Any, right: Any) -> Any:
    """Difference of numbers."""
    return _calculated(left, right, lambda a, b: a - b)


def multiply(left: Any, right: Any) -> Any:
    """Product of numbers."""
    return _calculated(left, right, lambda a, b: a * b)


def divide(left: Any, right: Any) -> Any:
    """Quotient: of integers cut towards zero; null when the divisor is zero."""
    if right == 0:
        return None
    return _calculated(left, right, lambda a, b: _quotient(a, b) if isinstance(a, int) else a / b)


def remainder(left: Any, right: Any) -> Any:
    """Remainder with the sign of the dividend; null when the divisor is zero."""
    if right == 0:
        return None
    return _calculated(
        left, right, lambda a, b: a - b * _quotient(a, b) if isinstance(a, int) else math.fmod(a, b)
    )


def _quotient(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _calculated(left: Any, right: Any, operation: Callable[[Any, Any], Any]) -> Any:
    if not is_number(left) or not is_number(right):
        return None
    if isinstance(left, int) and isinstance(right, int):
        return checked_integer(operation(left, right))
    try:
        return operation(float(left), float(right))
    except (OverflowError, ValueError):
        return math.nan


def _ordered(operation: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        return is_number(left) and is_number(right) and operation(left, right)

    return compare


OPERATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
}

COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
}
