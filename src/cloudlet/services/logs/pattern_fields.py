"""Filter patterns on the fields of an event between blanks: [ip, user, ..., status = 4*, size > 100]"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from cloudlet.services.logs.errors import InvalidParameterException
from cloudlet.services.logs.pattern_values import compile_comparison

Test: TypeAlias = Callable[[list[str]], bool]

_FIELD: Final = re.compile(r'\[[^\]]*\]|"[^"]*"|\S+')
_COMPARISON: Final = re.compile(r'\s*[\w.-]+\s*(!=|<=|>=|=|<|>)\s*("[^"]*"|%[^%]*%|\S+?)\s*')
_ELLIPSIS: Final = "..."


def compile_fields(text: str) -> Callable[[str], bool]:
    """A function that says whether a message has such fields."""
    if not text.endswith("]"):
        raise InvalidParameterException("Invalid filter pattern")
    columns = [column.strip() for column in text[1:-1].split(",")]
    if columns.count(_ELLIPSIS) > 1 or "" in columns:
        raise InvalidParameterException("Invalid filter pattern")
    if _ELLIPSIS in columns:
        gap = columns.index(_ELLIPSIS)
        before, after = columns[:gap], columns[gap + 1 :]
    else:
        gap, before, after = None, columns, []
    tests = [_test(column, place) for place, column in enumerate(before)]
    tests += [_test(column, place - len(after)) for place, column in enumerate(after)]
    least = len(before) + len(after)

    def matches(message: str) -> bool:
        fields = _FIELD.findall(message)
        fits = len(fields) >= least if gap is not None else len(fields) == least
        return fits and all(test(fields) for test in tests)

    return matches


def _test(column: str, place: int) -> Test:
    """Several comparisons of one field are joined by && or ||, which bind as usual."""
    any_of = [
        [_comparison(one, place) for one in alternative.split("&&")] for alternative in column.split("||")
    ]
    return lambda fields: any(all(compare(fields) for compare in alternative) for alternative in any_of)


def _comparison(text: str, place: int) -> Test:
    if re.fullmatch(r"\s*[\w.-]+\s*", text):
        return lambda fields: True
    found = _COMPARISON.fullmatch(text)
    if found is None:
        raise InvalidParameterException("Invalid filter pattern")
    compare = compile_comparison(found[1], found[2])
    return lambda fields: compare(fields[place].strip('"[]'))
