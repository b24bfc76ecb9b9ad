"""Text of a filter to a predicate.

Must not know the other parts of a path; `parser.py` gives it the paths within a filter.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any, Final

from ..cursor import TextCursor
from ..escapes import unescaped
from ..java_regex import PatternError
from .errors import PathError
from .evaluation import MISSING, Evaluation, Predicate, Reader
from .filters import OPERATORS, RegexLiteral

BLANKS: Final = re.compile(r"\s*")
NUMBER: Final = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?(?![0-9])")
WORD: Final = re.compile(r"(true|false|null)(?![A-Za-z0-9_])")
STRING: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
REGEX: Final = re.compile(r"/((?:[^/\\]|\\.)+)/([a-zA-Z]*)")
OPERATOR: Final = re.compile(
    r"===|!==|==|!=|<=|>=|=~|<|>|(?:subsetof|anyof|noneof|contains|empty|size|nin|in)(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
MAX_DEPTH: Final = 30


class FilterParser(TextCursor, ABC):
    """Recursive descent over filters, on a cursor that the parser of paths shares."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self._nesting = 0

    @abstractmethod
    def nested_path(self) -> Reader:
        """A path that begins here with $ or @."""

    def expect_text(self, expected: str) -> None:
        """Step over these very characters; it is an error when they do not come next."""
        if not self.accept_text(expected):
            raise self.error(f"expected {expected}")

    def error(self, reason: str) -> PathError:
        """The error of finding something else here than the grammar allows."""
        return PathError(f"Could not parse token starting at position {self.position}: {reason}")

    def filter(self) -> Predicate:
        """(...) of a filter."""
        self.accept(BLANKS)
        self.expect_text("(")
        predicate = self._alternatives()
        self.accept(BLANKS)
        self.expect_text(")")
        return predicate

    def _alternatives(self) -> Predicate:
        self._enter()
        predicates = [self._conjunction()]
        while self._accept_spaced("||"):
            predicates.append(self._conjunction())
        self._nesting -= 1
        if len(predicates) == 1:
            return predicates[0]
        return lambda evaluation, node: any(predicate(evaluation, node) for predicate in predicates)

    def _conjunction(self) -> Predicate:
        predicates = [self._negation()]
        while self._accept_spaced("&&"):
            predicates.append(self._negation())
        if len(predicates) == 1:
            return predicates[0]
        return lambda evaluation, node: all(predicate(evaluation, node) for predicate in predicates)

    def _negation(self) -> Predicate:
        self.accept(BLANKS)
        if self.accept_text("!"):
            self._enter()
            predicate = self._negation()
            self._nesting -= 1
            return lambda evaluation, node: not predicate(evaluation, node)
        if self.accept_text("("):
            predicate = self._alternatives()
            self.accept(BLANKS)
            self.expect_text(")")
            return predicate
        return self._relation()

    def _accept_spaced(self, expected: str) -> bool:
        self.accept(BLANKS)
        return self.accept_text(expected)

    def _enter(self) -> None:
        self._nesting += 1
        if self._nesting > MAX_DEPTH:
            raise self.error("nested too deeply")

    def _relation(self) -> Predicate:
        is_path = self.text[self.position : self.position + 1] in ("@", "$")
        left = self.value()
        self.accept(BLANKS)
        match = self.accept(OPERATOR)
        if match is None:
            if not is_path:
                raise self.error("expected an operator")
            return _existence(left)
        compare = OPERATORS[match.group().upper()]
        right = self.value()

        def relation(evaluation: Evaluation, node: Any) -> bool:
            one, other = left(evaluation, node), right(evaluation, node)
            evaluation.spend(_weight(one) * _weight(other))
            return compare(one, other)

        return relation

    def value(self) -> Reader:
        """A path or a literal."""
        self.accept(BLANKS)
        character = self.text[self.position : self.position + 1]
        if character in ("@", "$"):
            return self.nested_path()
        constant = self._regex() if character == "/" else self._literal()
        return lambda evaluation, node: constant

    def _regex(self) -> RegexLiteral:
        match = self.accept(REGEX)
        if match is None:
            raise self.error("a pattern that is never closed")
        try:
            return RegexLiteral(match[1], match[2])
        except PatternError as error:
            raise self.error(str(error)) from error

    def _literal(self) -> Any:
        self.accept(BLANKS)
        if match := self.accept(STRING):
            return unescaped(match[1] if match[1] is not None else match[2])
        if match := self.accept(WORD):
            return WORDS[match[1]]
        if match := self.accept(NUMBER):
            text = match.group()
            return float(text) if any(mark in text for mark in ".eE") else int(text)
        if self.accept_text("["):
            return self._list()
        if self.accept_text("{"):
            return self._object()
        raise self.error("expected a value")

    def _list(self) -> list[Any]:
        self._enter()
        items: list[Any] = []
        while not self._accept_spaced("]"):
            if items:
                self.expect_text(",")
            items.append(self._literal())
        self._nesting -= 1
        return items

    def _object(self) -> dict[Any, Any]:
        self._enter()
        entries: dict[Any, Any] = {}
        while not self._accept_spaced("}"):
            if entries:
                self.expect_text(",")
                self.accept(BLANKS)
            key = self.accept(STRING)
            if key is None:
                raise self.error("expected a quoted property")
            self.accept(BLANKS)
            self.expect_text(":")
            entries[unescaped(key[1] if key[1] is not None else key[2])] = self._literal()
        self._nesting -= 1
        return entries


def _weight(value: Any) -> int:
    return len(value) + 1 if isinstance(value, list) else 1


def _existence(read: Reader) -> Predicate:
    def exists(evaluation: Evaluation, node: Any) -> bool:
        found = read(evaluation, node)
        return found is not MISSING and found != []

    return exists
