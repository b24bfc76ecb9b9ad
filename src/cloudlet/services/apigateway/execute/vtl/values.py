"""Values as Java has them: how they print, compare and count as true.

Must not know templates. A map is a dict; a list made in a template is an ArrayList and prints Java's way, a
list that came from JSON is a plain list and prints as JSON (what `$input.path` shows on AWS); None is
Java's null.
"""

from __future__ import annotations

import math
from json.encoder import encode_basestring
from typing import Any, Final

from msgspec import Struct

from .errors import TemplateError

MAX_CHARACTERS: Final = 10_000_000
MAX_ITEMS: Final = 100_000
MAX_INTEGER_BITS: Final = 8192
MAX_PRINT_DEPTH: Final = 100
# Double.toString leaves the plain form outside these bounds.
PLAIN_FROM: Final = 1e-3
PLAIN_BELOW: Final = 1e7


class ArrayList(list[Any]):
    """A list made in a template, or by a method of a value."""

    __slots__ = ()


class Entry(Struct, frozen=True, eq=False):
    """One key of a map with its value, as entrySet() gives them."""

    key: Any
    value: Any


class Iterator:
    """What iterator() of a list gives."""

    __slots__ = ("items", "position")

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.position = 0

    def has_next(self) -> bool:
        """Whether next() would answer."""
        return self.position < len(self.items)

    def next(self) -> Any:
        """The item after the last one given."""
        if not self.has_next():
            raise TemplateError("NoSuchElementException")
        self.position += 1
        return self.items[self.position - 1]


def is_number(value: Any) -> bool:
    """Whether it is a number; a boolean is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def checked_text(text: str) -> str:
    """The text itself; refuses one that a template should never build."""
    if len(text) > MAX_CHARACTERS:
        raise TemplateError("The text grew too large")
    return text


def checked_integer(number: int) -> int:
    """The number itself; refuses one that only serves to run away."""
    if number.bit_length() > MAX_INTEGER_BITS:
        raise TemplateError("The number grew too large")
    return number


def double_text(number: float) -> str:
    """A double as Java prints it: 1.0, 1.0E7, 1.0E-4."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0 or PLAIN_FROM <= abs(number) < PLAIN_BELOW:
        return repr(number)
    sign, digits, exponent = _decimal_parts(number)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def _decimal_parts(number: float) -> tuple[str, str, int]:
    text = repr(abs(number))
    mantissa, _, power = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = (
        int(power or 0) + len(whole) - 1 if whole != "0" else -(len(fraction) - len(fraction.lstrip("0")) + 1)
    )
    return "-" if number < 0 else "", digits.rstrip("0") or "0", exponent


def text_of(value: Any, depth: int = 0) -> str:
    """What toString() gives; null prints as "null", which only happens inside lists and maps."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return int_text(value)
    if kind is float:
        return double_text(value)
    if value is None:
        return "null"
    if depth > MAX_PRINT_DEPTH:
        raise TemplateError("StackOverflowError while printing a value that is nested too deeply")
    return _structure_text(value, depth + 1)


def int_text(number: int) -> str:
    """An integer in decimal digits."""
    return str(checked_integer(number))


def _structure_text(value: Any, depth: int) -> str:
    if isinstance(value, dict):
        entries = (f"{text_of(key, depth)}={text_of(item, depth)}" for key, item in value.items())
        return _join("{", entries, "}")
    if isinstance(value, ArrayList):
        return _join("[", (text_of(item, depth) for item in value), "]")
    if isinstance(value, list):
        return json_text(value, depth)
    if isinstance(value, Entry):
        return f"{text_of(value.key, depth)}={text_of(value.value, depth)}"
    return f"{type(value).__name__}@1"


def _join(opening: str, parts: Any, closing: str) -> str:
    collected: list[str] = []
    size = 0
    for part in parts:
        size += len(part) + 2
        if size > MAX_CHARACTERS:
            raise TemplateError("The text grew too large")
        collected.append(part)
    return opening + ", ".join(collected) + closing


def json_text(value: Any, depth: int = 0) -> str:
    """A value as compact JSON, its numbers as Java prints them."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict | list):
        return _json_structure(value, depth + 1)
    return text_of(value, depth)


def _json_structure(value: dict[Any, Any] | list[Any], depth: int) -> str:
    if depth > MAX_PRINT_DEPTH:
        raise TemplateError("StackOverflowError while printing a value that is nested too deeply")
    if isinstance(value, list):
        return checked_text("[" + ",".join([json_text(item, depth) for item in value]) + "]")
    members = [
        f"{encode_basestring(text_of(key, depth))}:{json_text(item, depth)}" for key, item in value.items()
    ]
    return checked_text("{" + ",".join(members) + "}")


def is_true(value: Any) -> bool:
    """Whether a reference counts as true in a condition: everything but false and null does, "" and 0 too."""
    return value is not False and value is not None


def equal(left: Any, right: Any) -> bool:
    """Velocity's ==: numbers by value, values of one class by equals, others by their text."""
    if left is None or right is None:
        return left is None and right is None
    if is_number(left) and is_number(right):
        return bool(left == right)
    if type(left) is type(right):
        return same(left, right)
    return text_of(left) == text_of(right)


def same(left: Any, right: Any, depth: int = 0) -> bool:
    """Java's equals(): an Integer never equals a Double, nor a Boolean a number."""
    if depth > MAX_PRINT_DEPTH:
        raise TemplateError("StackOverflowError while comparing values that are nested too deeply")
    if isinstance(left, list) and isinstance(right, list):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(same(one, other, depth + 1) for one, other in pairs)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key], depth + 1) for key in left)
    return type(left) is type(right) and bool(left == right)


def hash_code(value: Any, depth: int = 0) -> int:
    """Java's hashCode() of strings, numbers, booleans, lists and maps."""
    if depth > MAX_PRINT_DEPTH:
        raise TemplateError("StackOverflowError while hashing a value that is nested too deeply")
    if isinstance(value, bool):
        return 1231 if value else 1237
    if isinstance(value, int):
        return _signed32(value if -(2**31) <= value < 2**31 else value ^ (value >> 32))
    if isinstance(value, list):
        return _signed32(_polynomial([hash_code(item, depth + 1) for item in value], 1))
    if isinstance(value, dict):
        return _signed32(sum(hash_code(k, depth + 1) ^ hash_code(v, depth + 1) for k, v in value.items()))
    return _signed32(_polynomial(_utf16_units(text_of(value)), 0)) if value is not None else 0


def _utf16_units(text: str) -> list[int]:
    encoded = text.encode("utf-16-be", "surrogatepass")
    return [encoded[i] << 8 | encoded[i + 1] for i in range(0, len(encoded), 2)]


def _polynomial(numbers: list[int], start: int) -> int:
    total = start
    for number in numbers:
        total = (31 * total + number) & 0xFFFFFFFF
    return total


def _signed32(number: int) -> int:
    number &= 0xFFFFFFFF
    return number - 2**32 if number >= 2**31 else number
