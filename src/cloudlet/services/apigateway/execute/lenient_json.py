"""JSON as loosely as AWS reads the rendered request template of a MOCK integration.

Must not be used for what a client sends. Quotes may be single or missing, commas may be too many, and what
follows the first value is ignored: the CDK sends `{ statusCode: 200 }`, and AWS takes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from .escapes import unescaped

WHITESPACE: Final = re.compile(r"\s*")
SEPARATORS: Final = re.compile(r"[\s,]*")
QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
BARE_KEY: Final = re.compile(r"[^:]+")
BARE_IN_OBJECT: Final = re.compile(r"[^,}]+")
BARE_IN_LIST: Final = re.compile(r"[^,\]]+")
BARE_ALONE: Final = re.compile(r".+", re.DOTALL)
INTEGER: Final = re.compile(r"-?[0-9]{1,300}")
FLOAT: Final = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")
WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
MAX_DEPTH: Final = 100


class LenientJsonError(ValueError):
    """Raised for text that even a lenient reader cannot take."""


def parse(text: str) -> Any:
    """The first value in a text."""
    return _Reader(text).value(BARE_ALONE)


def _bare(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


class _Reader:
    """Recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._depth = 0

    def value(self, bare: re.Pattern[str]) -> Any:
        """The value that begins here; `bare` is how far one without quotes goes."""
        self._skip(WHITESPACE)
        if self._accept("{"):
            return self._nested(self._object)
        if self._accept("["):
            return self._nested(self._list)
        if (quoted := self._quoted()) is not None:
            return quoted
        return _bare(self._match(bare))

    def _nested(self, read: Callable[[], Any]) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error("nested too deeply")
        value = read()
        self._depth -= 1
        return value

    def _object(self) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while True:
            self._skip(SEPARATORS)
            if self._accept("}"):
                return members
            key = self._key()
            self._skip(WHITESPACE)
            self._expect(":")
            members[key] = self.value(BARE_IN_OBJECT)
            self._end_of_item("}")

    def _key(self) -> str:
        if self._text[self._position : self._position + 1] in ("{", "[", ":"):
            raise self._error("expected a key")
        quoted = self._quoted()
        return self._match(BARE_KEY) if quoted is None else quoted

    def _list(self) -> list[Any]:
        items: list[Any] = []
        while True:
            self._skip(SEPARATORS)
            if self._accept("]"):
                return items
            items.append(self.value(BARE_IN_LIST))
            self._end_of_item("]")

    def _end_of_item(self, closing: str) -> None:
        self._skip(WHITESPACE)
        if not self._text.startswith((",", closing), self._position):
            raise self._error(f"expected a comma or {closing}")

    def _quoted(self) -> str | None:
        found = QUOTED.match(self._text, self._position)
        if found is None:
            return None
        self._position = found.end()
        return unescaped(found[1] if found[1] is not None else found[2])

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._position)
        if found is None or not found.group().strip():
            raise self._error("expected a value")
        self._position = found.end()
        return found.group().strip()

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._position)
        self._position = found.end() if found else self._position

    def _accept(self, expected: str) -> bool:
        if not self._text.startswith(expected, self._position):
            return False
        self._position += len(expected)
        return True

    def _expect(self, expected: str) -> None:
        if not self._accept(expected):
            raise self._error(f"expected {expected}")

    def _error(self, reason: str) -> LenientJsonError:
        return LenientJsonError(f"Unexpected character at position {self._position}: {reason}")
