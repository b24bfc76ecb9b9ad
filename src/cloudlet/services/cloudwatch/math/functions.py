"""The functions of metric math that get the values of their arguments. What reads names is in evaluate.py."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Final, TypeAlias

from cloudlet.services.cloudwatch.math.syntax import ExpressionError
from cloudlet.services.cloudwatch.math.values import (
    TimeSeries,
    Value,
    Window,
    array,
    mapped,
    scalar,
    series,
)

Compute: TypeAlias = Callable[[Sequence[Value], Window], Value]
Aggregate: TypeAlias = Callable[[Sequence[float]], float]

AGGREGATES: Final[Mapping[str, Aggregate]] = {
    "AVG": lambda values: math.fsum(values) / len(values) if values else math.nan,
    "MAX": lambda values: max(values, default=math.nan),
    "MIN": lambda values: min(values, default=math.nan),
    "STDDEV": lambda values: statistics.pstdev(values) if values else math.nan,
    "SUM": lambda values: math.fsum(values) if values else math.nan,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}
_MISSING_IS_ZERO: Final = frozenset({"AVG", "SUM"})


def _aggregate(name: str) -> Compute:
    """Of a time series a scalar; of an array a time series of what the members have at each timestamp."""
    compute = AGGREGATES[name]

    def function(arguments: Sequence[Value], window: Window) -> Value:
        value = arguments[0]
        if isinstance(value, TimeSeries):
            return compute(list(value.points.values()))
        members = array(value)
        if not members:
            return []
        timestamps = set[int]().union(*(each.points for each in members))
        points = {each: compute(_at(members, each, fill=name in _MISSING_IS_ZERO)) for each in timestamps}
        return TimeSeries({}, members[0].period).with_points(points)

    return function


def _at(members: Sequence[TimeSeries], timestamp: int, *, fill: bool) -> list[float]:
    if fill:
        return [each.points.get(timestamp, 0.0) for each in members]
    return [each.points[timestamp] for each in members if timestamp in each.points]


def _each_value(compute: Callable[[float], float]) -> Compute:
    def function(arguments: Sequence[Value], window: Window) -> Value:
        value = arguments[0]
        return (
            compute(value) if isinstance(value, float) else mapped(value, lambda each: each.mapped(compute))
        )

    return function


def _each_series(compute: Callable[[TimeSeries], Mapping[int, float]]) -> Compute:
    def function(arguments: Sequence[Value], window: Window) -> Value:
        return mapped(arguments[0], lambda each: each.with_points(compute(each)))

    return function


def _logarithm(compute: Callable[[float], float]) -> Compute:
    return _each_value(lambda value: compute(value) if value > 0 else math.nan)


def _differences(each: TimeSeries) -> Mapping[int, float]:
    return {timestamp: value - before for (_, before), (timestamp, value) in pairwise(each.points.items())}


def _time_differences(each: TimeSeries) -> Mapping[int, float]:
    return {timestamp: float(timestamp - before) for before, timestamp in pairwise(each.points)}


def _rates(each: TimeSeries) -> Mapping[int, float]:
    seconds = _time_differences(each)
    return {timestamp: value / seconds[timestamp] for timestamp, value in _differences(each).items()}


def _running_sum(each: TimeSeries) -> Mapping[int, float]:
    return dict(zip(each.points, accumulate(each.points.values()), strict=True))


def _of_time(compute: Callable[[datetime], float]) -> Compute:
    """A value for every period of the window, from its timestamp."""

    def function(arguments: Sequence[Value], window: Window) -> Value:
        each = series(arguments[0])
        timestamps = window.timestamps(each.period)
        return each.with_points({at: compute(datetime.fromtimestamp(at, UTC)) for at in timestamps})

    return function


def _condition(arguments: Sequence[Value], window: Window) -> Value:
    """IF: for a scalar one of the two; else for every value of the condition."""
    condition, chosen = arguments[0], arguments[1]
    other = arguments[2] if len(arguments) == 3 else None
    if isinstance(condition, float):
        if condition:
            return chosen
        return TimeSeries({}, window.end - window.start) if other is None else other
    points = {}
    for timestamp, value in series(condition).points.items():
        taken = (
            _one_at(chosen, timestamp, missing=0.0) if value else _one_at(other, timestamp, missing=math.nan)
        )
        points[timestamp] = taken
    return series(condition).with_points(points)


def _one_at(value: Value | None, timestamp: int, *, missing: float) -> float:
    if value is None:
        return missing
    return value if isinstance(value, float) else series(value).points.get(timestamp, missing)


def _slice(arguments: Sequence[Value], window: Window) -> Value:
    start = int(scalar(arguments[1]))
    end = int(scalar(arguments[2])) if len(arguments) == 3 else None
    return array(arguments[0])[start:end]


def _time_series(arguments: Sequence[Value], window: Window) -> Value:
    value = scalar(arguments[0])
    period = int(scalar(arguments[1]))
    return TimeSeries({}, period).with_points(dict.fromkeys(window.timestamps(period), value))


def _end_of(place: int) -> Compute:
    def function(arguments: Sequence[Value], window: Window) -> Value:
        members = array(arguments[0])
        if not members:
            raise ExpressionError("The array of time series is empty")
        return members[place]

    return function


def filled(each: TimeSeries, filler: Value | str, window: Window) -> TimeSeries:
    """A time series with a value in every period that can be filled."""
    known = list(each.points)
    points = dict(each.points)
    for at in window.timestamps(each.period):
        if at not in points:
            points[at] = _filler(each, known, at, filler)
    return each.with_points(points)


def _filler(each: TimeSeries, known: Sequence[int], at: int, filler: Value | str) -> float:
    place = bisect_left(known, at)
    match filler:
        case float():
            return filler
        case TimeSeries():
            return filler.points.get(at, math.nan)
        case "REPEAT":
            return each.points[known[place - 1]] if place else math.nan
        case "LINEAR" if 0 < place < len(known):
            first, last = known[place - 1], known[place]
            share = (at - first) / (last - first)
            return each.points[first] + share * (each.points[last] - each.points[first])
        case "LINEAR":
            return math.nan
    raise ExpressionError("FILL takes a scalar, a time series, REPEAT or LINEAR")


FUNCTIONS: Final[Mapping[str, tuple[int, int, Compute]]] = {
    **{name: (1, 1, _aggregate(name)) for name in AGGREGATES},
    "ABS": (1, 1, _each_value(abs)),
    "CEIL": (1, 1, _each_value(lambda value: float(math.ceil(value)))),
    "FLOOR": (1, 1, _each_value(lambda value: float(math.floor(value)))),
    "LOG": (1, 1, _logarithm(math.log)),
    "LOG10": (1, 1, _logarithm(math.log10)),
    "DIFF": (1, 1, _each_series(_differences)),
    "DIFF_TIME": (1, 1, _each_series(_time_differences)),
    "RATE": (1, 1, _each_series(_rates)),
    "RUNNING_SUM": (1, 1, _each_series(_running_sum)),
    "FIRST": (1, 1, _end_of(0)),
    "LAST": (1, 1, _end_of(-1)),
    "METRIC_COUNT": (1, 1, lambda arguments, _: float(len(array(arguments[0])))),
    "REMOVE_EMPTY": (1, 1, lambda arguments, _: [each for each in array(arguments[0]) if each.points]),
    "PERIOD": (1, 1, lambda arguments, _: float(series(arguments[0]).period)),
    "IF": (2, 3, _condition),
    "SLICE": (2, 3, _slice),
    "TIME_SERIES": (2, 2, _time_series),
    "MINUTE": (1, 1, _of_time(lambda time: float(time.minute))),
    "HOUR": (1, 1, _of_time(lambda time: float(time.hour))),
    "DAY": (1, 1, _of_time(lambda time: float(time.isoweekday()))),
    "DATE": (1, 1, _of_time(lambda time: float(time.day))),
    "MONTH": (1, 1, _of_time(lambda time: float(time.month))),
    "YEAR": (1, 1, _of_time(lambda time: float(time.year))),
    "EPOCH": (1, 1, _of_time(lambda time: time.timestamp())),
}
"""How many arguments each takes at least and at most, and what computes it.

TIME_SERIES gets the period of the query as its second argument from the evaluation.
"""
