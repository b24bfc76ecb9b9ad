"""The JSON paths that EventBridge knows: members, places in arrays, the asterisk. Knows no event.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, TypeAlias

Step: TypeAlias = "str | int"
_STEP: Final = re.compile(
    r"""\.(?P<name>[A-Za-z0-9_/-]+|\*)|\[(?P<place>-?[0-9]+|\*)\]|\[(?P<quote>['"])(?P<text>.*?)(?P=quote)\]"""
)
_ALL: Final = "*"


class InvalidPath(Exception):
    """Raised for what is no path."""


class Missing:
    """The type of MISSING."""


MISSING: Final = Missing()
"""What a path leads to that leads nowhere."""


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[Step | None, ...]:
    """The steps of a path; None for all there is. Raises InvalidPath."""
    if not text.startswith("$"):
        raise InvalidPath(text)
    steps: list[Step | None] = []
    at = 1
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise InvalidPath(text)
        name, place, quoted = found["name"], found["place"], found["text"]
        if _ALL in (name, place):
            steps.append(None)
        else:
            steps.append(int(place) if place is not None else name or quoted)
        at = found.end()
    return tuple(steps)


def value(document: Any, path: str) -> Any:
    """What a path leads to in a document, or MISSING. With an asterisk it is a list. Raises InvalidPath."""
    return _follow(document, parse(path))


def _follow(value: Any, steps: tuple[Step | None, ...]) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step is None:
        inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        found = (_follow(each, rest) for each in inside)
        return [each for each in found if each is not MISSING]
    if isinstance(step, str) and isinstance(value, dict) and step in value:
        return _follow(value[step], rest)
    if isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
        return _follow(value[step], rest)
    return MISSING
