r"""Java's regular expressions as Python's: the service models write their patterns for Java.

Judges no value. Classes are worked out to ranges: `\p{L}`, `&&` and nested classes keep their meaning.
https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, TypeAlias

Ranges: TypeAlias = list[tuple[int, int]]

_LAST: Final = 0x10FFFF
# Beyond these only private use and unassigned code points follow, but for one block of tags.
_ASSIGNED: Final = (range(0x32400), range(0xE0000, 0xE01F0))

_POSIX: Final[dict[str, Ranges]] = {
    "ASCII": [(0, 0x7F)],
    "Alnum": [(0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)],
    "Alpha": [(0x41, 0x5A), (0x61, 0x7A)],
    "Blank": [(0x09, 0x09), (0x20, 0x20)],
    "Cntrl": [(0, 0x1F), (0x7F, 0x7F)],
    "Digit": [(0x30, 0x39)],
    "Graph": [(0x21, 0x7E)],
    "Lower": [(0x61, 0x7A)],
    "Print": [(0x20, 0x7E)],
    "Punct": [(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)],
    "Space": [(0x09, 0x0D), (0x20, 0x20)],
    "Upper": [(0x41, 0x5A)],
    "XDigit": [(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
}
_BINARY: Final = {
    "IsAlphabetic": ("L", "Nl"),
    "IsLetter": ("L",),
    "IsDigit": ("Nd",),
    "IsPunctuation": ("P",),
    "IsUppercase": ("Lu",),
    "IsLowercase": ("Ll",),
    "IsWhite_Space": ("Z",),
}
_SHORT: Final[dict[str, Ranges]] = {
    "d": _POSIX["Digit"],
    "s": _POSIX["Space"],
    "w": [*_POSIX["Alnum"], (0x5F, 0x5F)],
    "h": [
        (9, 9),
        (0x20, 0x20),
        (0xA0, 0xA0),
        (0x1680, 0x1680),
        (0x2000, 0x200A),
        (0x202F, 0x202F),
        (0x3000, 0x3000),
    ],
    "v": [(0x0A, 0x0D), (0x85, 0x85), (0x2028, 0x2029)],
}
_CONTROL: Final = {"t": 9, "n": 10, "r": 13, "f": 12, "a": 7, "e": 27}


class Untranslatable(ValueError):
    """Raised for a pattern that Python's `re` cannot express; it is then not judged."""


class Translator:
    """Translates patterns; keeps what it had to find out about Unicode's categories."""

    def __init__(self) -> None:
        self._categories: dict[str, Ranges] = {}

    def compile(self, pattern: str) -> re.Pattern[str]:
        """A pattern to be used with `fullmatch`, as Java's `matches` is. Raises Untranslatable."""
        translated = _Translation(pattern, self).result()
        try:
            # Java's \b and (?i) look at ASCII only, unless told otherwise.
            return re.compile(translated, re.ASCII)
        except (re.error, OverflowError, RecursionError) as error:
            raise Untranslatable(f"{pattern}: {error}") from error

    def property(self, name: str) -> Ranges:
        r"""The code points of a \p{...}. Raises Untranslatable."""
        if name in _POSIX:
            return _POSIX[name]
        if name in _BINARY:
            return _union(*(self.category(category) for category in _BINARY[name]))
        name = name.removeprefix("general_category=").removeprefix("gc=").removeprefix("Is")
        if name and name[0] in "LMNPSZC" and len(name) <= 2:
            return self.category(name)
        raise Untranslatable(f"unknown property: {name}")

    def category(self, name: str) -> Ranges:
        """The code points of a general category, or of all that begin with its letter."""
        if not self._categories:
            self._categories = _all_categories()
        return _union(*(ranges for category, ranges in self._categories.items() if category.startswith(name)))


def _all_categories() -> dict[str, Ranges]:
    categories: dict[str, Ranges] = {}
    for block in _ASSIGNED:
        start, current = block[0], unicodedata.category(chr(block[0]))
        for point in block:
            category = unicodedata.category(chr(point))
            if category != current:
                categories.setdefault(current, []).append((start, point - 1))
                start, current = point, category
        categories.setdefault(current, []).append((start, block[-1]))
    return categories


def _union(*parts: Ranges) -> Ranges:
    merged: Ranges = []
    for low, high in sorted(pair for part in parts for pair in part):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _complement(ranges: Ranges) -> Ranges:
    result, at = [], 0
    for low, high in _union(ranges):
        if low > at:
            result.append((at, low - 1))
        at = high + 1
    return [*result, (at, _LAST)] if at <= _LAST else result


def _intersection(one: Ranges, other: Ranges) -> Ranges:
    return _complement(_union(_complement(one), _complement(other)))


def _as_class(ranges: Ranges) -> str:
    if not ranges:
        return r"(?!)"
    parts = (
        re.escape(chr(low)) if low == high else f"{re.escape(chr(low))}-{re.escape(chr(high))}"
        for low, high in _union(ranges)
    )
    return f"[{''.join(parts)}]"


class _Translation:
    """One pass over one pattern."""

    def __init__(self, pattern: str, translator: Translator) -> None:
        self._pattern = pattern
        self._translator = translator
        self._at = 0

    def result(self) -> str:
        out = []
        while self._at < len(self._pattern):
            out.append(self._next())
        return "".join(out)

    def _next(self) -> str:
        character = self._pattern[self._at]
        if character == "\\":
            return self._escape()
        if character == "[":
            return _as_class(self._class())
        if self._pattern.startswith("(?<", self._at) and self._pattern[self._at + 3 : self._at + 4] not in (
            "=",
            "!",
        ):
            self._at += 3
            return "(?P<"
        self._at += 1
        # Java's dot stops at every line terminator.
        return r"[^\n\r\x85\u2028\u2029]" if character == "." else character

    def _escape(self) -> str:
        quoted = re.compile(r"\\Q(.*?)(?:\\E|\Z)", re.DOTALL).match(self._pattern, self._at)
        if quoted:
            self._at = quoted.end()
            return re.escape(quoted[1])
        letter = self._pattern[self._at + 1 : self._at + 2]
        if letter in ("b", "B", "A") or (letter.isdigit() and letter != "0"):
            self._at += 2
            return "\\" + letter
        if letter in ("z", "Z", "k", "R", "G", "X"):
            return self._rare(letter)
        ranges = self._escaped_ranges()
        return re.escape(chr(ranges[0][0])) if _is_one(ranges) else _as_class(ranges)

    def _rare(self, letter: str) -> str:
        named = re.compile(r"\\k<(\w+)>").match(self._pattern, self._at)
        if named:
            self._at = named.end()
            return f"(?P={named[1]})"
        self._at += 2
        replacements = {"z": r"\Z", "Z": r"(?=\n?\Z)", "R": r"(?:\r\n|[\n-\r\x85\u2028\u2029])"}
        if letter not in replacements:
            raise Untranslatable(self._pattern)
        return replacements[letter]

    def _escaped_ranges(self) -> Ranges:
        """What an escape that stands for characters means; moves past it."""
        rest = self._pattern[self._at :]
        prop = re.match(r"\\([pP])(?:\{\^?([^}]+)\}|(\w))", rest)
        if prop:
            self._at += prop.end()
            ranges = self._translator.property(prop[2] or prop[3])
            return _complement(ranges) if (prop[1] == "P") != ("{^" in prop[0]) else ranges
        letter = rest[1:2]
        if letter.lower() in _SHORT and letter:
            self._at += 2
            ranges = _SHORT[letter.lower()]
            return _complement(ranges) if letter.isupper() else ranges
        point = self._escaped_point(rest, letter)
        return [(point, point)]

    def _escaped_point(self, rest: str, letter: str) -> int:
        pair = re.match(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})", rest)
        if pair:
            self._at += pair.end()
            return 0x10000 + ((int(pair[1], 16) - 0xD800) << 10) + int(pair[2], 16) - 0xDC00
        coded = re.match(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]+)\})", rest)
        if coded:
            self._at += coded.end()
            return int(coded[1] or coded[2] or coded[3], 16)
        octal = re.match(r"\\0([0-3]?[0-7]{1,2})", rest)
        if octal:
            self._at += octal.end()
            return int(octal[1], 8)
        self._at += 2
        if letter in _CONTROL:
            return _CONTROL[letter]
        if not letter or letter.isalnum():
            raise Untranslatable(self._pattern)
        return ord(letter)

    def _class(self) -> Ranges:
        """The code points of a [...]; moves past it."""
        self._at += 1
        negated = self._pattern.startswith("^", self._at)
        self._at += negated
        ranges: Ranges = []
        left: Ranges | None = None
        first = True
        while True:
            if self._at >= len(self._pattern):
                raise Untranslatable(self._pattern)
            if self._pattern[self._at] == "]" and not first:
                self._at += 1
                break
            first = False
            if self._pattern.startswith("&&", self._at):
                self._at += 2
                left = ranges if left is None else _intersection(left, ranges)
                ranges = []
                continue
            ranges += self._class_item()
        result = ranges if left is None else _intersection(left, ranges)
        return _complement(result) if negated else _union(result)

    def _class_item(self) -> Ranges:
        if self._pattern[self._at] == "[":
            return self._class()
        low = self._class_point()
        dash = self._pattern[self._at : self._at + 1] == "-"
        after = self._pattern[self._at + 1 : self._at + 2]
        if not _is_one(low) or not dash or after in ("]", "[", ""):
            return low
        mark = self._at
        self._at += 1
        high = self._class_point()
        if not _is_one(high):
            self._at = mark
            return low
        if high[0][0] < low[0][0]:
            raise Untranslatable(self._pattern)
        return [(low[0][0], high[0][0])]

    def _class_point(self) -> Ranges:
        if self._pattern[self._at] == "\\":
            return self._escaped_ranges()
        point = ord(self._pattern[self._at])
        self._at += 1
        return [(point, point)]


def _is_one(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]
