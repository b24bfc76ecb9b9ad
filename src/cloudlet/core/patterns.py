"""Event patterns: compiled once, asked of many events. EventBridge's language, which filters speak too.

Holds no state and knows no service; what a field of an event means is its sender's affair.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeAlias

from msgspec import Struct

from cloudlet.core.pattern_operators import (
    EVENT_BUS,
    TOO_COMPLEX,
    Dialect,
    InvalidPattern,
    Test,
    is_one_of,
    read_operator,
    test_of,
)

_Membership: TypeAlias = tuple[tuple[int, int], ...]
"""In which places of which arrays a value stands."""
_Found: TypeAlias = dict[str, list[tuple[Any, _Membership]]]

_LONGEST_OR: Final = 1000


class _Field(Struct, frozen=True):
    """What a pattern wants of the values under one path."""

    path: str
    tests: tuple[Test, ...]
    may_be_absent: bool

    def candidates(self, found: _Found) -> list[_Membership] | None:
        """Where the wanted values stand; None if nothing need stand there."""
        values = found.get(self.path)
        if values is None:
            return None if self.may_be_absent else []
        return [place for value, place in values if any(test(value) for test in self.tests)]


class Pattern(Struct, frozen=True):
    """A compiled pattern."""

    alternatives: tuple[tuple[_Field, ...], ...]
    """A pattern with $or is as many patterns without, of which one must match."""
    steps: frozenset[str]
    """Every path that leads to a field of the pattern, and the fields' own."""

    def matches(self, event: Any) -> bool:
        """Whether an event is what the pattern describes."""
        found: _Found = {}
        self._collect(event, "", (), found)
        return any(_consistent(fields, found) for fields in self.alternatives)

    def _collect(self, value: Any, path: str, place: _Membership, found: _Found) -> None:
        if isinstance(value, dict):
            for key, child in value.items():
                below = f"{path}.{key}" if path else key
                if below in self.steps:
                    self._collect(child, below, place, found)
        elif isinstance(value, list):
            for index, child in enumerate(value):
                inside = (*place, (id(value), index)) if isinstance(child, dict | list) else place
                self._collect(child, path, inside, found)
        else:
            found.setdefault(path, []).append((value, place))


def parse(text: str, dialect: Dialect = EVENT_BUS) -> Pattern:
    """A pattern from its JSON. Raises InvalidPattern."""
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidPattern("Filter is not an object") from error
    return compile_pattern(document, dialect)


def compile_pattern(document: Any, dialect: Dialect = EVENT_BUS) -> Pattern:
    """A pattern from its document. Raises InvalidPattern."""
    if not isinstance(document, dict):
        raise InvalidPattern("Filter is not an object")
    alternatives = _alternatives(document, "", dialect, [{}])
    fields = tuple(tuple(each.values()) for each in alternatives)
    steps = {step for each in alternatives for path in each for step in _prefixes(path)}
    return Pattern(fields, frozenset(steps))


def _consistent(fields: Sequence[_Field], found: _Found) -> bool:
    """Whether every field has a wanted value, and all of them in the same elements of the event's arrays."""
    needed = []
    for field in fields:
        candidates = field.candidates(found)
        if candidates is None or () in candidates:
            continue
        if not candidates:
            return False
        needed.append(candidates)
    return _agree(needed, {})


def _agree(needed: Sequence[list[_Membership]], chosen: Mapping[int, int]) -> bool:
    if not needed:
        return True
    return any(
        all(chosen.get(array, index) == index for array, index in place)
        and _agree(needed[1:], {**chosen, **dict(place)})
        for place in needed[0]
    )


def _prefixes(path: str) -> Iterable[str]:
    steps = path.split(".")
    return (".".join(steps[:count]) for count in range(1, len(steps) + 1))


# --- from the document to fields


def _alternatives(
    document: Mapping[str, Any], path: str, dialect: Dialect, so_far: list[dict[str, _Field]]
) -> list[dict[str, _Field]]:
    """What was gathered so far, with what an object of the pattern adds to each of it."""
    if not document:
        raise InvalidPattern("Empty objects are not allowed")
    for key, value in document.items():
        below = f"{path}.{key}" if path else key
        if key == "$or":
            so_far = _either(value, path, dialect, so_far)
        elif isinstance(value, dict):
            so_far = _alternatives(value, below, dialect, so_far)
        elif isinstance(value, list):
            field = _field(below, value, dialect)
            so_far = [{**each, below: field} for each in so_far]
        else:
            raise InvalidPattern(f'"{key}" must be an object or an array')
    return so_far


def _either(
    choices: Any, path: str, dialect: Dialect, so_far: list[dict[str, _Field]]
) -> list[dict[str, _Field]]:
    if not isinstance(choices, list):
        raise InvalidPattern("It must be an Array followed with $or.")
    if any(not isinstance(choice, dict) for choice in choices):
        raise InvalidPattern("Only JSON object is allowed in array of $or relationship.")
    if len(choices) < 2:
        raise InvalidPattern("There must have at least 2 Objects in $or relationship.")
    for choice in choices:
        for reserved in EVENT_BUS.operators & choice.keys():
            raise InvalidPattern(f"{reserved} is Ruler reserved fieldName which cannot be used inside $or.")
    every = [one for choice in choices for one in _alternatives(choice, path, dialect, so_far)]
    if len(every) > _LONGEST_OR:
        raise InvalidPattern(TOO_COMPLEX)
    return every


def _field(path: str, values: list[Any], dialect: Dialect) -> _Field:
    if not values:
        raise InvalidPattern("Empty arrays are not allowed")
    if any(isinstance(value, list) for value in values):
        raise InvalidPattern("Match value must be String, number, true, false, or null")
    expressions = [read_operator(value, dialect) for value in values if isinstance(value, dict)]
    plain = [value for value in values if not isinstance(value, dict)]
    tests = [is_one_of(plain)] if plain else []
    absent = [argument for name, argument in expressions if name == "exists" and argument is False]
    tests += [test_of(name, argument, dialect) for name, argument in expressions if argument is not False]
    return _Field(path, tuple(tests), bool(absent))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
