"""java.lang.Integer and Double for templates, with the static methods reached by `#set($Integer = 0)`.

Must not know templates.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from .errors import TemplateError
from .signatures import INT_BELOW, INT_FROM, Method, Methods
from .values import checked_integer, text_of

DECIMAL_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,20}")
DECIMAL_DOUBLE: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?")


def _parse_integer(_: Any, text: str) -> int:
    if not DECIMAL_INTEGER.fullmatch(text):
        raise TemplateError(f'NumberFormatException: For input string: "{text}"')
    return int(text)


def _parse_int(owner: Any, text: str) -> int:
    number = _parse_integer(owner, text)
    if not INT_FROM <= number < INT_BELOW:
        raise TemplateError(f'NumberFormatException: For input string: "{text}"')
    return number


def _parse_double(_: Any, text: str) -> float:
    if len(text) > 400 or not DECIMAL_DOUBLE.fullmatch(text.strip()):
        raise TemplateError(f'NumberFormatException: For input string: "{text}"')
    return float(text.strip().rstrip("dDfF"))


def _value_of(owner: Any, value: Any) -> Any:
    if isinstance(value, str):
        return _parse_integer(owner, value) if isinstance(owner, int) else _parse_double(owner, value)
    return value


def _integer(number: Any) -> int:
    if isinstance(number, float) and not math.isfinite(number):
        return 0 if math.isnan(number) else int(math.copysign(2**63 - 1, number))
    return checked_integer(int(number))


def _double(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


def _compare(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def _based(code: str) -> Method:
    return Method(lambda _, number: format(checked_integer(number) & 0xFFFFFFFF, code), "i")


METHODS: Final[Methods] = {
    ("intValue", 0): Method(_integer),
    ("longValue", 0): Method(_integer),
    ("doubleValue", 0): Method(_double),
    ("floatValue", 0): Method(_double),
    ("compareTo", 1): Method(_compare, "n"),
    ("parseInt", 1): Method(_parse_int, "s"),
    ("parseLong", 1): Method(_parse_integer, "s"),
    ("parseDouble", 1): Method(_parse_double, "s"),
    ("parseFloat", 1): Method(_parse_double, "s"),
    ("valueOf", 1): Method(_value_of, "o"),
    ("toString", 1): Method(lambda _, number: text_of(number), "n"),
    ("toHexString", 1): _based("x"),
    ("toBinaryString", 1): _based("b"),
    ("toOctalString", 1): _based("o"),
    ("max", 2): Method(lambda _, one, other: max(one, other), "nn"),
    ("min", 2): Method(lambda _, one, other: min(one, other), "nn"),
}
