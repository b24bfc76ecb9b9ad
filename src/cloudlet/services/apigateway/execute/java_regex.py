"""Java's regular expressions on Python's engine, kept from running away.

Must not match a pattern on text that could take more than a moment; `regex_cost.py` judges that.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from .regex_cost import Cost, cost_of

MAX_PATTERN: Final = 2000


class PatternError(Exception):
    """Raised for what is no pattern, and for a pattern that could take too long on its text."""


POSIX: Final = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\s",
    "XDigit": "0-9a-fA-F",
    "ASCII": r"\x00-\x7f",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
}
JAVA_ONLY: Final = re.compile(
    r"\\\\|\\p\{(\w+)\}|\\P\{(\w+)\}|\(\?<(?=[A-Za-z])|\\z|\\Q(.*?)(?:\\E|$)|\\h|\\R", re.DOTALL
)
REPLACEMENT: Final = re.compile(r"\\(.)|\$([0-9])|\$\{(\w+)\}|([\\$])", re.DOTALL)


class Pattern:
    """A compiled pattern with what it may cost."""

    __slots__ = ("_compiled", "_cost")

    def __init__(self, compiled: re.Pattern[str], cost: Cost) -> None:
        self._compiled = compiled
        self._cost = cost

    def matches(self, text: str) -> bool:
        """Whether it matches the whole text."""
        return self._on(text, starts=0).fullmatch(text) is not None

    def searching(self, text: str) -> re.Pattern[str]:
        """The pattern itself, if searching this text is bound to end soon."""
        return self._on(text, starts=1)

    def _on(self, text: str, starts: int) -> re.Pattern[str]:
        if not self._cost.allows(len(text), starts):
            raise PatternError("The regular expression could take too long on this text")
        return self._compiled


@lru_cache(maxsize=512)
def pattern(text: str) -> Pattern:
    """A Java pattern; raises PatternError where it is no pattern."""
    if len(text) > MAX_PATTERN:
        raise PatternError("The regular expression is too long")
    try:
        translated = JAVA_ONLY.sub(_translated, text)
        compiled = re.compile(translated, re.ASCII)
        cost = cost_of(translated, re.ASCII)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        raise PatternError(f"PatternSyntaxException: {error}") from error
    return Pattern(compiled, cost)


def _translated(found: re.Match[str]) -> str:
    token = found.group()
    if token == "(?<":
        return "(?P<"
    if token == r"\z":
        return r"\Z"
    if token == r"\h":
        return r"[ \t]"
    if token == r"\R":
        return r"(?:\r\n|[\n\r])"
    if found[3] is not None:
        return re.escape(found[3])
    return _posix(found) if len(token) > 2 else token


def _posix(found: re.Match[str]) -> str:
    name = found[1] or found[2]
    if name not in POSIX:
        raise PatternError(f"PatternSyntaxException: Unknown character property name {{{name}}}")
    return f"[{'^' if found[2] else ''}{POSIX[name]}]"


def matches(text: str, regex: str) -> bool:
    """Whether the pattern matches the whole text."""
    return pattern(regex).matches(text)


def replace(text: str, regex: str, replacement: str, count: int) -> str:
    """Replace matches, $1 and ${name} in the replacement standing for groups; all of them when count is 0."""
    compiled = pattern(regex).searching(text)

    def filled(match: re.Match[str]) -> str:
        return REPLACEMENT.sub(lambda part: _replacement_part(part, match), replacement)

    return compiled.sub(filled, text, count=count)


def _replacement_part(part: re.Match[str], match: re.Match[str]) -> str:
    if part[1] is not None:
        return part[1]
    if part[4] is not None:
        raise PatternError("IllegalArgumentException: Illegal group reference")
    try:
        return match[int(part[2]) if part[2] is not None else part[3]] or ""
    except IndexError as error:
        raise PatternError(f"IndexOutOfBoundsException: No group {part[2] or part[3]}") from error


def split(text: str, regex: str, limit: int) -> list[str]:
    """Java's split(): with limit 0 empty strings at the end are dropped, with a negative one they stay."""
    pieces: list[str] = []
    start = 0
    for match in pattern(regex).searching(text).finditer(text):
        if 0 < limit == len(pieces) + 1:
            break
        if match.end() == 0 or match.start() == match.end() == len(text):
            continue
        pieces.append(text[start : match.start()])
        start = match.end()
    if not pieces:
        return [text]
    pieces.append(text[start:])
    while limit == 0 and pieces and not pieces[-1]:
        pieces.pop()
    return pieces
