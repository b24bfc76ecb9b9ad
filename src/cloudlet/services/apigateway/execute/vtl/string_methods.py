"""java.lang.String for templates.

Must not know templates. Positions count characters, and one outside the string fails as in Java.
"""

from __future__ import annotations

from typing import Any, Final

from .. import java_regex as regex
from .errors import TemplateError
from .formatting import java_format
from .signatures import Method, Methods
from .values import MAX_CHARACTERS, ArrayList, checked_text, text_of


def _substring(text: str, start: int, end: int) -> str:
    if not 0 <= start <= end <= len(text):
        raise TemplateError(f"StringIndexOutOfBoundsException: begin {start}, end {end}, length {len(text)}")
    return text[start:end]


def _char_at(text: str, index: int) -> str:
    return _substring(text, index, index + 1)


def _compare(left: str, right: str) -> int:
    for one, other in zip(left, right, strict=False):
        if one != other:
            return ord(one) - ord(other)
    return len(left) - len(right)


def _replace(text: str, old: str, new: str) -> str:
    if (text.count(old) + 1) * len(new) + len(text) > MAX_CHARACTERS:
        raise TemplateError("The text grew too large")
    return text.replace(old, new)


def _replace_all(text: str, pattern: str, replacement: str) -> str:
    return checked_text(regex.replace(text, pattern, replacement, 0))


def _repeat(text: str, count: int) -> str:
    if count < 0:
        raise TemplateError(f"IllegalArgumentException: count is negative: {count}")
    if len(text) * count > MAX_CHARACTERS:
        raise TemplateError("The text grew too large")
    return text * count


def _split(text: str, pattern: str, limit: int = 0) -> ArrayList:
    return ArrayList(regex.split(text, pattern, limit))


def _format(_: str, text: str, *arguments: Any) -> str:
    return java_format(text, arguments)


def _value_of(_: str, value: Any) -> str:
    return text_of(value)


def _join(_: str, separator: str, items: list[Any]) -> str:
    return checked_text(separator.join(text_of(item) for item in items))


METHODS: Final[Methods] = {
    ("length", 0): Method(len),
    ("isEmpty", 0): Method(lambda text: not text),
    ("charAt", 1): Method(_char_at, "i"),
    ("codePointAt", 1): Method(lambda text, index: ord(_char_at(text, index)), "i"),
    ("substring", 1): Method(lambda text, start: _substring(text, start, len(text)), "i"),
    ("substring", 2): Method(_substring, "ii"),
    ("subSequence", 2): Method(_substring, "ii"),
    ("contains", 1): Method(lambda text, part: part in text, "s"),
    ("indexOf", 1): Method(lambda text, part: text.find(part), "s"),
    ("indexOf", 2): Method(lambda text, part, start: text.find(part, max(start, 0)), "si"),
    ("lastIndexOf", 1): Method(lambda text, part: text.rfind(part), "s"),
    ("startsWith", 1): Method(lambda text, part: text.startswith(part), "s"),
    ("endsWith", 1): Method(lambda text, part: text.endswith(part), "s"),
    ("matches", 1): Method(regex.matches, "s"),
    ("split", 1): Method(_split, "s"),
    ("split", 2): Method(_split, "si"),
    ("replace", 2): Method(_replace, "ss"),
    ("replaceAll", 2): Method(_replace_all, "ss"),
    ("replaceFirst", 2): Method(lambda text, old, new: checked_text(regex.replace(text, old, new, 1)), "ss"),
    ("toUpperCase", 0): Method(lambda text: text.upper()),
    ("toLowerCase", 0): Method(lambda text: text.lower()),
    ("trim", 0): Method(lambda text: text.strip("".join(map(chr, range(33))))),
    ("strip", 0): Method(lambda text: text.strip()),
    ("repeat", 1): Method(_repeat, "i"),
    ("concat", 1): Method(lambda text, other: checked_text(text + other), "s"),
    ("equals", 1): Method(lambda text, other: isinstance(other, str) and text == other, "o"),
    ("equalsIgnoreCase", 1): Method(lambda text, other: text.casefold() == other.casefold(), "s"),
    ("compareTo", 1): Method(_compare, "s"),
    ("compareToIgnoreCase", 1): Method(lambda text, other: _compare(text.lower(), other.lower()), "s"),
    ("toCharArray", 0): Method(lambda text: ArrayList(text)),
    ("valueOf", 1): Method(_value_of, "o"),
    ("join", 2): Method(_join, "sl"),
    **{("format", count + 1): Method(_format, "s" + "o" * count) for count in range(10)},
}
