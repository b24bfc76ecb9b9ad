"""The functions that may end a path.

Must not parse. What Jayway throws for is a PathError.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from .errors import PathError

Function = Callable[[Any, list[Any]], Any]


def _numbers(value: Any, arguments: list[Any]) -> list[float]:
    items = value if isinstance(value, list) else []
    nested = [
        part for argument in arguments for part in (argument if isinstance(argument, list) else [argument])
    ]
    found = [
        item for item in [*items, *nested] if isinstance(item, int | float) and not isinstance(item, bool)
    ]
    if not found:
        raise PathError("Aggregation function attempted to calculate value using empty array")
    try:
        return [float(item) for item in found]
    except OverflowError as error:
        raise PathError("A number is too large to aggregate") from error


def _average(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def _deviation(numbers: list[float]) -> float:
    average = _average(numbers)
    variance = sum(number * number for number in numbers) / len(numbers) - average * average
    return math.sqrt(max(variance, 0.0))


def _aggregate(calculate: Callable[[list[float]], float]) -> Function:
    return lambda value, arguments: calculate(_numbers(value, arguments))


def _length(value: Any, arguments: list[Any]) -> int | None:
    return len(value) if isinstance(value, list | dict | str) else None


def _keys(value: Any, arguments: list[Any]) -> list[Any] | None:
    return list(value) if isinstance(value, dict) else None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _concat(value: Any, arguments: list[Any]) -> str:
    items = value if isinstance(value, list) else []
    return "".join(
        [item for item in items if isinstance(item, str)] + [_text(argument) for argument in arguments]
    )


def _append(value: Any, arguments: list[Any]) -> Any:
    return [*value, *arguments] if isinstance(value, list) else value


def _item(value: Any, position: int) -> Any:
    if not isinstance(value, list) or not value:
        raise PathError("Aggregation function attempted to calculate value using empty array")
    if not -len(value) <= position < len(value):
        raise PathError(f"Target index {position} larger than object count {len(value)}")
    return value[position]


def _index(value: Any, arguments: list[Any]) -> Any:
    if len(arguments) != 1 or type(arguments[0]) is not int:
        raise PathError("index() takes one number")
    return _item(value, arguments[0])


FUNCTIONS: Final[dict[str, Function]] = {
    "min": _aggregate(min),
    "max": _aggregate(max),
    "avg": _aggregate(_average),
    "stddev": _aggregate(_deviation),
    "sum": _aggregate(sum),
    "length": _length,
    "size": _length,
    "keys": _keys,
    "concat": _concat,
    "append": _append,
    "first": lambda value, arguments: _item(value, 0),
    "last": lambda value, arguments: _item(value, -1),
    "index": _index,
}
