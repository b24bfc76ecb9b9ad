"""How many steps of a rendering the work on large values counts for.

Must not do any of it. Small values are as good as free; without this, a loop over a large text would take
minutes in few turns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from .methods import HostObject
from .values import ArrayList

StepsOfCall: TypeAlias = Callable[[Any, tuple[Any, ...], int], int]

_SIZED: Final = frozenset({str, list, ArrayList, dict})
_UNITS_A_STEP: Final = 512
"""Characters or items that an ordinary method takes in one step."""
_UNITS_A_STEP_OF: Final[Mapping[str, int]] = MappingProxyType(
    {
        "replaceAll": 1,
        "replaceFirst": 1,
        "split": 1,
        "matches": 1,
        "compareTo": 4,
        "compareToIgnoreCase": 4,
        "toCharArray": 4,
        "addAll": 8,
        "putAll": 8,
        "keySet": 8,
        "values": 8,
        "entrySet": 4,
        "hashCode": 1,
        "escapeJavaScript": 1,
        "parseJson": 16,
        "json": 1,
        "urlEncode": 16,
        "urlDecode": 16,
    }
)
_DEEP: Final = frozenset(
    {
        "toString",
        "equals",
        "hashCode",
        "contains",
        "containsValue",
        "containsAll",
        "indexOf",
        "lastIndexOf",
        "remove",
        "removeAll",
        "retainAll",
        "join",
        "format",
        "valueOf",
    }
)
"""Methods that look at what is in lists and maps, however deep."""
_OF_INPUT: Final = frozenset({"json", "path"})


def steps_of_calls(name: str) -> StepsOfCall:
    """What tells what calls of a method cost beside the call itself.

    It is given the owner, the arguments and a number; what is more than that is told as just that.
    """
    units = _UNITS_A_STEP_OF.get(name, _UNITS_A_STEP)
    if name in _DEEP:
        return lambda owner, arguments, most: (
            size_of(owner) // units
            if type(owner) is str
            else sum(steps_of_whole(each, most) for each in (owner, *arguments))
        )
    if name in _OF_INPUT:
        return lambda owner, arguments, _: size_of(owner) // (1 if _looks_everywhere(arguments) else units)

    def steps_of_call(owner: Any, arguments: tuple[Any, ...], _: int) -> int:
        size = len(owner) if type(owner) in _SIZED else 0
        for argument in arguments:
            if type(argument) in _SIZED:
                size += len(argument)
        return size // units

    return steps_of_call


def _looks_everywhere(arguments: tuple[Any, ...]) -> bool:
    path = arguments[0] if arguments else None
    return type(path) is str and (".." in path or "*" in path or "?" in path)


def steps_of_whole(value: Any, most: int) -> int:
    """What looking at all of a value costs; more than `most` is told as just that."""
    kind = type(value)
    if kind not in _SIZED:
        return 0
    if kind is str:
        return len(value) // _UNITS_A_STEP
    steps, waiting = 0, [value]
    while waiting and steps <= most:
        each = waiting.pop()
        if isinstance(each, dict):
            steps += len(each)
            waiting += each
            waiting += each.values()
        elif isinstance(each, list):
            steps += len(each)
            waiting += each
        elif type(each) is str:
            steps += len(each) // _UNITS_A_STEP
    return steps


def size_of(value: Any) -> int:
    """Characters or items; nothing for what has neither."""
    kind = type(value)
    if kind in _SIZED:
        return len(value)
    return value.size if kind is HostObject else 0
