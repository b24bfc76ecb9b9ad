"""A JSONPath, compiled once and read as often as wanted.

Must not know templates. Compiled paths are kept by their text, because templates spell them anew in every
request.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from ..java_regex import PatternError
from .errors import PathError
from .evaluation import MISSING, Evaluation, Reader
from .parser import Key, ParsedPath, parse, reader

MAX_PATH: Final = 10_000


class Path:
    """A compiled path. `definite` says whether it can only mean one place."""

    __slots__ = ("_keys", "_read", "definite")

    def __init__(self, read: Reader, definite: bool, keys: tuple[str, ...] | None) -> None:
        self._read = read
        self.definite = definite
        self._keys = keys

    @staticmethod
    @lru_cache(maxsize=2048)
    def compile(text: str) -> Path:
        """Parse and compile; raises PathError for what breaks the grammar."""
        if len(text) > MAX_PATH:
            raise PathError("The path is too long")
        try:
            parsed = parse(text)
        except RecursionError as error:
            raise PathError("The path is nested too deeply") from error
        return Path(reader(parsed), parsed.is_definite(), _plain_keys(parsed))

    def read(self, document: Any, missing: Any = None) -> Any:
        """The value of a definite path, or `missing`; for any other path the list of what it selects."""
        if self._keys is None:
            return self._evaluated(document, missing)
        for key in self._keys:
            if type(document) is not dict or key not in document:
                return missing
            document = document[key]
        return document

    def _evaluated(self, document: Any, missing: Any) -> Any:
        try:
            value = self._read(Evaluation(document), document)
        except PatternError as error:
            raise PathError(str(error)) from error
        except RecursionError as error:
            raise PathError("The document is nested too deeply") from error
        return missing if value is MISSING else value


def _plain_keys(parsed: ParsedPath) -> tuple[str, ...] | None:
    names = [part.names[0] for part in parsed.parts if isinstance(part, Key) and len(part.names) == 1]
    return tuple(names) if len(names) == len(parsed.parts) and parsed.call is None else None
