"""Rules of composite alarms: ALARM(a) AND NOT (OK("b") OR FALSE). Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from cloudlet.core.arn import find_arn

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|(?P<plain>[^()"']+?))\s*\)
      | (?P<word>AND|OR|NOT|TRUE|FALSE)\b
      | (?P<bracket>[()])
    )""",
    re.VERBOSE,
)
_MOST_ELEMENTS: Final = 500
_MOST_CHILDREN: Final = 100
_DEEPEST: Final = 60
Find = Callable[[str], str]
"""The state of the alarm of a name."""


class RuleError(Exception):
    """Raised for a rule that is malformed or too large."""


class _Token(Struct, frozen=True):
    kind: str
    text: str
    at: int
    child: str = ""


class Rule:
    """A parsed rule."""

    def __init__(self, children: Sequence[str], test: Callable[[Find], bool]) -> None:
        self.children = children
        """The names of the alarms it watches, in order."""
        self.is_met = test


def parse_rule(text: str) -> Rule:
    """A rule from its text. Raises RuleError."""
    tokens = _tokens(text)
    if len([token for token in tokens if token.text != ")"]) > _MOST_ELEMENTS:
        raise RuleError(f"the rule has more than {_MOST_ELEMENTS} elements")
    children = list(dict.fromkeys(token.child for token in tokens if token.kind == "state"))
    if len(children) > _MOST_CHILDREN:
        raise RuleError(f"the rule has more than {_MOST_CHILDREN} child alarms")
    return Rule(children, _Parser(tokens).whole())


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise _unsupported(text[place:].split()[0], place)
        if match["state"]:
            named = match["quoted"] or match["single"] or match["plain"] or ""
            child = _name(re.sub(r"\\(.)", r"\1", named))
            found.append(_Token("state", match["state"], match.start("state"), child))
        else:
            sign = match["word"] or match["bracket"]
            found.append(_Token("sign", sign, match.end() - len(sign)))
        place = match.end()
    return found


def _unsupported(token: str, at: int) -> RuleError:
    return RuleError(f"Unsupported token '{token}' at char {at}")


def _name(named: str) -> str:
    """The name of an alarm that is named by it or by its ARN."""
    arn = find_arn(named)
    return arn.resource.removeprefix("alarm:") if arn else named


class _Parser:
    """or := and ("OR" and)*; and := not ("AND" not)*; not := "NOT" not | "(" or ")" | term"""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def whole(self) -> Callable[[Find], bool]:
        test = self._either()
        if self._place < len(self._tokens):
            raise _unsupported(self._tokens[self._place].text, self._tokens[self._place].at)
        return test

    def _either(self) -> Callable[[Find], bool]:
        tests = [self._all()]
        while self._takes("OR"):
            tests.append(self._all())
        return lambda find: any(test(find) for test in tests)

    def _all(self) -> Callable[[Find], bool]:
        tests = [self._one()]
        while self._takes("AND"):
            tests.append(self._one())
        return lambda find: all(test(find) for test in tests)

    def _one(self) -> Callable[[Find], bool]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RuleError("the rule is nested too deeply")
        test = self._nested()
        self._depth -= 1
        return test

    def _nested(self) -> Callable[[Find], bool]:
        if self._takes("NOT"):
            negated = self._one()
            return lambda find: not negated(find)
        if self._takes("("):
            inner = self._either()
            if not self._takes(")"):
                raise RuleError("Expected ')'")
            return inner
        if self._place == len(self._tokens):
            raise RuleError("Unexpected end of rule")
        token = self._tokens[self._place]
        self._place += 1
        if token.kind == "state":
            return lambda find: find(token.child) == token.text
        if token.text in ("TRUE", "FALSE"):
            return lambda find: token.text == "TRUE"
        raise _unsupported(token.text, token.at)

    def _takes(self, text: str) -> bool:
        token = self._tokens[self._place] if self._place < len(self._tokens) else None
        if token is not None and (token.kind, token.text) == ("sign", text):
            self._place += 1
            return True
        return False
