"""Comparisons of filter patterns: a value as a pattern writes it against a value as an event has it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from cloudlet.services.logs.errors import InvalidParameterException

Comparison: TypeAlias = Callable[[Any], bool]

_ORDER: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def compile_comparison(sign: str, wanted: str) -> Comparison:
    """A function that says whether a value compares as wanted. Raises InvalidParameterException."""
    if sign in _ORDER:
        return _ordered(sign, wanted)
    equal = _equal(wanted)
    return equal if sign == "=" else lambda value: not equal(value)


def _ordered(sign: str, wanted: str) -> Comparison:
    number = find_number(wanted)
    if number is None:
        raise InvalidParameterException("Invalid filter pattern")
    compare = _ORDER[sign]

    def ordered(value: Any) -> bool:
        given = find_number(value)
        return given is not None and compare(given, number)

    return ordered


def _equal(wanted: str) -> Comparison:
    number = find_number(wanted)
    if wanted.startswith("%") and wanted.endswith("%") and len(wanted) > 1:
        matches = compile_expression(wanted[1:-1]).search
    else:
        text = wanted[1:-1] if wanted.startswith('"') else wanted
        matches = re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL).fullmatch

    def equal(value: Any) -> bool:
        if number is not None and not isinstance(value, bool):
            given = find_number(value)
            if given is not None:
                return given == number
        return value is not None and matches(_text(value)) is not None

    return equal


def compile_expression(text: str) -> re.Pattern[str]:
    """A regular expression of a pattern. Raises InvalidParameterException."""
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidParameterException("Invalid filter pattern") from error


def find_number(value: Any) -> float | None:
    """A value as a number, or None."""
    if isinstance(value, bool) or value is None or isinstance(value, list | dict):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
