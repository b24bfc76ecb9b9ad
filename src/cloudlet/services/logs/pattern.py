"""Filter patterns: which log events does a pattern match?

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html

    ERROR "out of memory" -exit          all terms, none of the excluded ones
    ?ERROR ?WARN                         any of the terms
    %40[0-9]%                            a regular expression
    { $.status = 5* && $.size > 10 }     conditions on a JSON event
    [ip, ..., status = 4*, size]         conditions on the fields between blanks
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from cloudlet.services.logs.errors import InvalidParameterException
from cloudlet.services.logs.pattern_fields import compile_fields
from cloudlet.services.logs.pattern_json import compile_json
from cloudlet.services.logs.pattern_values import compile_expression

Matcher: TypeAlias = Callable[[str], bool]

_TERM: Final = re.compile(
    r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]*)%|([\w@#$:./\\+=!<>&|*,;\'()-]+))', re.UNICODE
)


def compile_pattern(pattern: str) -> Matcher:
    """A function that says whether a message matches. Raises InvalidParameterException."""
    text = pattern.strip()
    if not text:
        return lambda message: True
    if text.startswith("{"):
        return compile_json(text)
    if text.startswith("["):
        return compile_fields(text)
    return _compile_terms(text)


def _compile_terms(text: str) -> Matcher:
    required: list[Matcher] = []
    optional: list[Matcher] = []
    excluded: list[Matcher] = []
    kinds = {"": required, "?": optional, "-": excluded}
    place = 0
    while place < len(text):
        found = _TERM.match(text, place)
        if found is None:
            raise InvalidParameterException("Invalid filter pattern")
        sign, quoted, expression, word = found.groups()
        kinds[sign].append(_term(quoted, expression, word))
        place = found.end()
        while place < len(text) and text[place].isspace():
            place += 1
    # AWS: once there are optional terms beside required ones, the optional ones are ignored.
    return lambda message: (
        all(term(message) for term in required)
        and not any(term(message) for term in excluded)
        and (bool(required) or not optional or any(term(message) for term in optional))
    )


def _term(quoted: str | None, expression: str | None, word: str | None) -> Matcher:
    if expression is not None:
        search = compile_expression(expression).search
        return lambda message: search(message) is not None
    literal = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else word or ""
    return lambda message: literal in message
