"""Search expressions: which metrics SEARCH('{AWS/Lambda,FunctionName} Errors', ...) finds.

Pure. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from cloudlet.services.cloudwatch.math.syntax import ExpressionError
from cloudlet.services.cloudwatch.model import Metric

Test: TypeAlias = Callable[[Metric], bool]

_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_SCHEMA: Final = re.compile(rf'\s*\{{((?:{_QUOTED}|[^"}}])*)\}}\s*,?')
_SCHEMA_PART: Final = re.compile(rf"\s*({_QUOTED}|[^,\"]+?)\s*(?:,|$)")
_TERM: Final = re.compile(
    rf"""\s*(?:
        (?P<sign>[()])
      | (?P<property>[^\s()"=,]+|{_QUOTED})\s*=\s*(?P<of>{_QUOTED}|[^\s()",]+)
      | (?P<exact>{_QUOTED})
      | (?P<word>[^\s()",]+)
      | (?P<comma>,)
    )""",
    re.VERBOSE,
)
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_DEEPEST: Final = 40


class _Term(Struct, frozen=True):
    """One word of a search: what it must be found in, and how."""

    kind: str
    text: str
    name: str = ""


def compile_search(text: str) -> Test:
    """The test of a search expression. Raises ExpressionError."""
    schema = _SCHEMA.match(text)
    rest = text[schema.end() :] if schema else text
    terms = list(_terms(rest))
    if schema is None and not terms:
        raise ExpressionError("A search needs a metric schema or a search term")
    in_schema = _schema_test(schema[1]) if schema else None
    matches = _Parser(terms).whole() if terms else None
    return lambda metric: (in_schema is None or in_schema(metric)) and (matches is None or matches(metric))


def _schema_test(text: str) -> Test:
    parts = [_plain(found[1]) for found in _parts(text)]
    if not parts:
        raise ExpressionError("A metric schema needs a namespace")
    namespace, dimensions = parts[0], sorted(parts[1:])
    if not dimensions:
        return lambda metric: metric.namespace == namespace
    return lambda metric: (
        metric.namespace == namespace and sorted(name for name, _ in metric.dimensions) == dimensions
    )


def _parts(text: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(text.rstrip()):
        found = _SCHEMA_PART.match(text, place)
        if found is None:
            raise ExpressionError("The metric schema is malformed")
        yield found
        place = found.end()


def _terms(text: str) -> Iterator[_Term]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TERM.match(text, place)
        if found is None:
            raise ExpressionError(f"Unexpected '{text[place:].strip()[:20]}' in the search")
        place = found.end()
        if found["sign"]:
            yield _Term("sign", found["sign"])
        elif found["of"]:
            yield _property_term(found["property"], found["of"])
        elif found["exact"]:
            yield _Term("exact", _plain(found["exact"]))
        elif found["word"]:
            word = found["word"]
            yield _Term("sign" if word in ("AND", "OR", "NOT") else "word", word)


def _property_term(name: str, of: str) -> _Term:
    return _Term("exact" if of.startswith('"') else "word", _plain(of), _plain(name))


def _plain(text: str) -> str:
    """A text without its quotes and escapes, if it has them."""
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


class _Parser:
    """or := and ("OR" and)*; and := not (["AND"] not)*; not := "NOT" not | "(" or ")" | term"""

    def __init__(self, terms: Sequence[_Term]) -> None:
        self._terms = terms
        self._place = 0
        self._depth = 0

    def whole(self) -> Test:
        test = self._either()
        if self._place < len(self._terms):
            raise ExpressionError(f"Unexpected '{self._terms[self._place].text}' in the search")
        return test

    def _either(self) -> Test:
        tests = [self._all()]
        while self._sign("OR"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda metric: any(test(metric) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._sign("AND") or not self._at("OR", ")"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda metric: all(test(metric) for test in tests)

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("The search is nested too deeply")
        test = self._nested()
        self._depth -= 1
        return test

    def _nested(self) -> Test:
        if self._sign("NOT"):
            negated = self._one()
            return lambda metric: not negated(metric)
        if self._sign("("):
            inner = self._either()
            if not self._sign(")"):
                raise ExpressionError("Expected ')' in the search")
            return inner
        if self._place == len(self._terms) or self._terms[self._place].kind == "sign":
            raise ExpressionError("The search ends where a term should be")
        self._place += 1
        return _term_test(self._terms[self._place - 1])

    def _sign(self, text: str) -> bool:
        """Takes a sign if it is the next term."""
        if self._place < len(self._terms) and self._terms[self._place] == _Term("sign", text):
            self._place += 1
            return True
        return False

    def _at(self, *signs: str) -> bool:
        """Whether one of some signs, or the end, comes next."""
        if self._place == len(self._terms):
            return True
        term = self._terms[self._place]
        return term.kind == "sign" and term.text in signs


def _term_test(term: _Term) -> Test:
    found = _equals(term.text) if term.kind == "exact" else _partly(term.text)
    return lambda metric: any(found(text) for text in _texts(metric, term.name))


def _texts(metric: Metric, name: str) -> Iterator[str]:
    """Where a term may be found: in one property, or in all names and values."""
    match name:
        case "Namespace":
            yield metric.namespace
        case "MetricName":
            yield metric.name
        case "":
            yield metric.namespace
            yield metric.name
            for pair in metric.dimensions:
                yield from pair
        case _:
            yield from (value for dimension, value in metric.dimensions if dimension == name)


def _equals(wanted: str) -> Callable[[str], bool]:
    return lambda text: text == wanted


def _partly(term: str) -> Callable[[str], bool]:
    """One token, or several that follow each other in the text."""
    words = _WORDS.findall(term)
    whole = _joined(term)
    if len(words) == 1:
        return lambda text: whole in _tokens(text)
    return lambda text: whole == _joined(text) or _follow(words, _WORDS.findall(text))


def _follow(words: Sequence[str], found: Sequence[str]) -> bool:
    wanted = [word.lower() for word in words]
    lowered = [word.lower() for word in found]
    return any(lowered[place : place + len(wanted)] == wanted for place in range(len(lowered)))


def _tokens(text: str) -> set[str]:
    return {_joined(text), *(word.lower() for word in _WORDS.findall(text))}


def _joined(text: str) -> str:
    return "".join(_WORDS.findall(text)).lower()
