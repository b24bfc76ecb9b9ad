"""What expressions compute with: scalars, time series, arrays of them; and operators on these.

A value that is not finite is none: its data point is dropped.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.services.cloudwatch.math.syntax import ExpressionError

_MOST_PERIODS: Final = 100_800


class Window(Struct, frozen=True):
    """The time that is asked about, in seconds since 1970."""

    start: int
    end: int

    def timestamps(self, period: int) -> range:
        """When its periods begin. Raises ExpressionError for too many."""
        found = range(self.start, self.end, period)
        if len(found) > _MOST_PERIODS:
            raise ExpressionError(f"The time range has more than {_MOST_PERIODS} periods")
        return found


class TimeSeries(Struct, frozen=True):
    """Values by timestamp, in order of time."""

    points: Mapping[int, float]
    period: int
    label: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    """What ${PROP('...')} in a label answers; empty for what was computed."""
    units: tuple[str, ...] = ()
    """The units that its data came in, where they are several."""

    def with_points(self, points: Mapping[int, float]) -> TimeSeries:
        """The same series with other values, those that are finite."""
        kept = {
            timestamp: points[timestamp] for timestamp in sorted(points) if math.isfinite(points[timestamp])
        }
        return replace(self, points=kept)

    def mapped(self, function: Callable[[float], float]) -> TimeSeries:
        """The same series with a function of each value."""
        return self.with_points({timestamp: function(value) for timestamp, value in self.points.items()})


Value: TypeAlias = "float | TimeSeries | list[TimeSeries]"


def _divide(left: float, right: float) -> float:
    return left / right if right else math.nan


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except (ValueError, OverflowError):
        return math.nan


_OPERATORS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    "<=": lambda left, right: float(left <= right),
    ">": lambda left, right: float(left > right),
    ">=": lambda left, right: float(left >= right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}


def binary(sign: str, left: Value, right: Value) -> Value:
    """The result of an operator. Raises ExpressionError for values that it is not for."""
    function = _OPERATORS[sign]
    if isinstance(left, list) and isinstance(right, list):
        raise ExpressionError(f"Unsupported operand types for {sign}: '[TimeSeries]' and '[TimeSeries]'")
    if isinstance(left, list):
        return [_combined(function, each, right) for each in left]
    if isinstance(right, list):
        return [_combined(function, left, each) for each in right]
    if isinstance(left, TimeSeries) or isinstance(right, TimeSeries):
        return _combined(function, left, right)
    return function(left, right)


def _combined(function: Callable[[float, float], float], left: Value, right: Value) -> TimeSeries:
    """Of two time series each value, one that is missing counted as 0; of a scalar with every value."""
    if isinstance(left, TimeSeries) and isinstance(right, TimeSeries):
        timestamps = left.points.keys() | right.points.keys()
        return left.with_points(
            {each: function(left.points.get(each, 0.0), right.points.get(each, 0.0)) for each in timestamps}
        )
    if isinstance(left, TimeSeries) and isinstance(right, float):
        return left.mapped(lambda value: function(value, right))
    if isinstance(right, TimeSeries) and isinstance(left, float):
        return right.mapped(lambda value: function(left, value))
    raise TypeError("one of the operands is a time series")


def scalar(value: Value) -> float:
    """A value that must be a scalar. Raises ExpressionError."""
    if not isinstance(value, float):
        raise ExpressionError("Expected a scalar")
    return value


def series(value: Value) -> TimeSeries:
    """A value that must be one time series. Raises ExpressionError."""
    if not isinstance(value, TimeSeries):
        raise ExpressionError("Expected a time series")
    return value


def array(value: Value) -> list[TimeSeries]:
    """A value that must be an array of time series. Raises ExpressionError."""
    if not isinstance(value, list):
        raise ExpressionError("Expected an array of time series")
    return value


def mapped(value: Value, function: Callable[[TimeSeries], TimeSeries]) -> Value:
    """A function of a time series, or of each in an array. Raises ExpressionError for a scalar."""
    return [function(each) for each in value] if isinstance(value, list) else function(series(value))
