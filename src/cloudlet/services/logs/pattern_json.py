"""Filter patterns on JSON events: { ($.status = 5* || $.level = "ERROR") && $.user.name NOT EXISTS }"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from cloudlet.services.logs.errors import InvalidParameterException
from cloudlet.services.logs.pattern_values import compile_comparison

Condition: TypeAlias = Callable[[Any], bool]
Selector: TypeAlias = Callable[[Any], list[Any]]

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<selector>\$(?:\.[^\s=!<>&|(){}\[\].]+|\[(?:\d+|\*|"[^"]*"|'[^']*')\])*)|(?P<sign>&&|\|\||!=|<=|>=|=|<|>|\(|\))"""
    r"""|(?P<word>(?:IS|NOT|EXISTS|NULL|TRUE|FALSE)\b)|(?P<value>"(?:[^"\\]|\\.)*"|%[^%]*%|[^\s&|(){}=<>!]+))"""
)
_STEP: Final = re.compile(r"""\.([^\s.\[]+)|\[(\d+|\*)\]|\["([^"]*)"\]|\['([^']*)'\]""")
_DEPTH: Final = 32
_MISSING: Final = object()


def compile_json(text: str) -> Callable[[str], bool]:
    """A function that says whether a message is JSON that meets the conditions."""
    if not text.endswith("}"):
        raise InvalidParameterException("Invalid filter pattern")
    parser = _Parser(_tokens(text[1:-1]))
    condition = parser.alternatives(0)
    parser.expect_end()

    def matches(message: str) -> bool:
        try:
            event = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return isinstance(event, dict | list) and condition(event)

    return matches


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise InvalidParameterException("Invalid filter pattern")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        place = found.end()
    return tokens


class _Parser:
    """Recursive descent: || binds weaker than &&, brackets strongest."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0

    def alternatives(self, depth: int) -> Condition:
        conditions = [self._all(depth)]
        while self._take("||"):
            conditions.append(self._all(depth))
        return lambda event: any(condition(event) for condition in conditions)

    def expect_end(self) -> None:
        if self._place < len(self._tokens):
            raise InvalidParameterException("Invalid filter pattern")

    def _all(self, depth: int) -> Condition:
        conditions = [self._one(depth)]
        while self._take("&&"):
            conditions.append(self._one(depth))
        return lambda event: all(condition(event) for condition in conditions)

    def _one(self, depth: int) -> Condition:
        if depth > _DEPTH:
            raise InvalidParameterException("Invalid filter pattern")
        if self._take("("):
            condition = self.alternatives(depth + 1)
            if not self._take(")"):
                raise InvalidParameterException("Invalid filter pattern")
            return condition
        kind, text = self._next()
        if kind != "selector":
            raise InvalidParameterException("Invalid filter pattern")
        return self._test(_selector(text))

    def _test(self, select: Selector) -> Condition:
        kind, text = self._next()
        if (kind, text) == ("word", "NOT") and self._next() == ("word", "EXISTS"):
            return lambda event: not select(event)
        if (kind, text) == ("word", "IS"):
            return _is(select, self._next()[1])
        if kind != "sign" or text in ("&&", "||", "(", ")"):
            raise InvalidParameterException("Invalid filter pattern")
        compare = compile_comparison(text, self._next()[1])
        return lambda event: any(compare(value) for value in select(event))

    def _take(self, sign: str) -> bool:
        found = self._place < len(self._tokens) and self._tokens[self._place] == ("sign", sign)
        self._place += found
        return found

    def _next(self) -> tuple[str, str]:
        if self._place == len(self._tokens):
            raise InvalidParameterException("Invalid filter pattern")
        self._place += 1
        return self._tokens[self._place - 1]


def _is(select: Selector, word: str) -> Condition:
    wanted = {"NULL": None, "TRUE": True, "FALSE": False}.get(word, _MISSING)
    if wanted is _MISSING:
        raise InvalidParameterException("Invalid filter pattern")
    return lambda event: any(value is wanted for value in select(event))


def _selector(text: str) -> Selector:
    steps = [next(part for part in found.groups() if part is not None) for found in _STEP.finditer(text)]

    def select(event: Any) -> list[Any]:
        values = [event]
        for step in steps:
            values = [inner for value in values for inner in _inside(value, step)]
        return values

    return select


def _inside(value: Any, step: str) -> list[Any]:
    if isinstance(value, dict):
        return [value[step]] if step in value else []
    if isinstance(value, list) and step == "*":
        return value
    if isinstance(value, list) and step.isdecimal():
        return value[int(step) : int(step) + 1]
    return []
