"""Queries of metric data: what GetMetricData and alarms ask, and the time series that answer.

Reads datapoints in the open transaction; knows nothing of pages or of answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.distribution import Distribution
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.metrics import Dimensions
from cloudlet.services.cloudwatch.errors import ValidationException
from cloudlet.services.cloudwatch.labels import Asked, default_labels, properties
from cloudlet.services.cloudwatch.math.evaluate import WORDS, check_functions, evaluate, names_in
from cloudlet.services.cloudwatch.math.parser import parse
from cloudlet.services.cloudwatch.math.syntax import ExpressionError, Node
from cloudlet.services.cloudwatch.math.values import TimeSeries, Value, Window
from cloudlet.services.cloudwatch.model import MINUTE, Metric, dimensions_of, in_periods, is_period
from cloudlet.services.cloudwatch.search import compile_search
from cloudlet.services.cloudwatch.state import metrics
from cloudlet.services.cloudwatch.statistics import find_statistic

_PATTERN: Final = "^[a-z][a-zA-Z0-9_]*$"
_ID: Final = re.compile(_PATTERN)
_SELECT: Final = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_MOST_FOUND: Final = 500
# Which unit's data are told where none is asked for and there are several.
_UNIT_ORDER: Final = (
    "Megabits", "Terabits", "Gigabits", "Count", "Bytes", "Gigabytes", "Gigabytes/Second", "Kilobytes",
    "Kilobits/Second", "Terabytes", "Terabits/Second", "Bytes/Second", "Percent", "Megabytes",
    "Megabits/Second", "Milliseconds", "Microseconds", "Kilobytes/Second", "Gigabits/Second",
    "Megabytes/Second", "Bits", "Bits/Second", "Count/Second", "Seconds", "Kilobits", "Terabytes/Second",
    "None",
)  # fmt: skip


class Query(Struct, frozen=True):
    """One MetricDataQuery: a metric's statistic, or an expression."""

    id: str
    asked: Asked | None
    tree: Node | None
    """Of an expression."""
    label: str | None
    returned: bool
    period: int | None
    """Of an expression that has no metric of its own, such as TIME_SERIES(5)."""


def read_queries(given: Sequence[Mapping[str, Any]], path: str) -> list[Query]:
    """The queries of a request, checked. Raises ValidationException, or NotImplementedHere."""
    faults = [
        fault for number, each in enumerate(given, 1) for fault in _faults(each, f"{path}.member.{number}")
    ]
    if faults:
        raise ValidationException("\n".join(faults))
    ids = [each["Id"] for each in given]
    if len(set(ids)) < len(ids):
        raise ValidationException(f"The values for parameter id in {path} are not unique.")
    return [_read(each, ids) for each in given]


def _faults(given: Mapping[str, Any], path: str) -> Iterable[str]:
    if not _ID.match(given["Id"]):
        yield (
            f"The value {given['Id']} for parameter {path}.Id is not matching "
            f"the expected pattern {_PATTERN}."
        )
    stat, expression = given.get("MetricStat"), given.get("Expression")
    if stat is not None and expression is not None:
        yield (
            f"The parameters {path}.Expression and {path}.MetricStat are mutually exclusive "
            "and you have specified both."
        )
    if stat is None and expression is None:
        yield f"Either the parameter {path}.Expression or {path}.MetricStat must be specified."
    if stat is not None:
        yield from _stat_faults(stat, f"{path}.MetricStat")


def _stat_faults(stat: Mapping[str, Any], path: str) -> Iterable[str]:
    if find_statistic(stat["Stat"]) is None:
        yield f"The value for parameter {path}.Stat is not a valid statistic."
    if not is_period(stat["Period"]):
        yield f"The parameter {path}.Period must be 1, 5, 10, 20, 30, or a multiple of 60."
    for name in ("Namespace", "MetricName"):
        if not stat["Metric"].get(name):
            yield f"The parameter {path}.Metric.{name} is required."


def _read(given: Mapping[str, Any], ids: Sequence[str]) -> Query:
    stat = given.get("MetricStat")
    return Query(
        given["Id"],
        None if stat is None else _asked(stat),
        _tree(given["Id"], given["Expression"], ids) if stat is None else None,
        given.get("Label"),
        given.get("ReturnData", True),
        given.get("Period"),
    )


def _asked(stat: Mapping[str, Any]) -> Asked:
    metric = stat["Metric"]
    return Asked(
        Metric(metric["Namespace"], metric["MetricName"], dimensions_of(metric.get("Dimensions", ()))),
        stat["Stat"],
        stat["Period"],
        stat.get("Unit"),
    )


def _tree(query_id: str, expression: str, ids: Sequence[str]) -> Node:
    if _SELECT.match(expression):
        raise NotImplementedHere("cloudlet does not run Metrics Insights queries (yet).")
    try:
        tree = parse(expression)
        check_functions(tree)
        unknown = next((name for name in names_in(tree) if name not in ids and name not in WORDS), None)
        if unknown is not None:
            raise ExpressionError(f"Unrecognized id {unknown}")
    except ExpressionError as error:
        raise in_expression(query_id, error) from error
    return tree


def in_expression(query_id: str, error: ExpressionError) -> ValidationException:
    """The refusal of an expression."""
    return ValidationException(f"Error in expression '{query_id}': {error}")


class Evaluation:
    """The results of some queries in one window of time. A scope of metric math."""

    def __init__(self, call: Call, queries: Sequence[Query], window: Window) -> None:
        self._call = call
        self._queries = {query.id: query for query in queries}
        self._results: dict[str, Value] = {}
        self._running: list[str] = []
        self.window = window
        asked = [(query.id, query.asked) for query in queries if query.asked is not None]
        labels = default_labels([each for _, each in asked])
        self._labels = {query_id: label for (query_id, _), label in zip(asked, labels, strict=True)}

    @property
    def period(self) -> int:
        """The period of what has none of its own: the query's, or the finest of the metrics'."""
        own = self._queries[self._running[-1]].period if self._running else None
        others = [query.asked.period for query in self._queries.values() if query.asked is not None]
        return own or min(others, default=MINUTE)

    def results(self, query: Query) -> list[TimeSeries]:
        """The time series of a query. Raises ValidationException for an expression that has none."""
        value = self._value(query)
        if isinstance(value, float):
            raise in_expression(query.id, ExpressionError("The result must be a time series"))
        if isinstance(value, TimeSeries):
            # What one expression computes from some metrics has none of their labels.
            return [value if query.asked is not None else replace(value, label="")]
        return value

    def query(self, query_id: str) -> Value:
        """The result of a query. Raises ExpressionError for one that is not there or refers to itself."""
        if query_id not in self._queries:
            raise ExpressionError(f"Unrecognized id {query_id}")
        if query_id in self._running:
            raise ExpressionError(f"{query_id} depends on itself")
        return self._value(self._queries[query_id])

    def metrics(self) -> Iterable[tuple[str, TimeSeries]]:
        """The metrics of the request with the ids of their queries."""
        for query in self._queries.values():
            if query.asked is not None:
                value = self._value(query)
                if isinstance(value, TimeSeries):
                    yield query.id, value

    def search(self, text: str, statistic: str, period: int) -> list[TimeSeries]:
        """The metrics that a search finds, those without data in the window too."""
        compute = find_statistic(statistic)
        if compute is None:
            raise ExpressionError(f"{statistic} is not a valid statistic")
        test = compile_search(text)
        known = (each.metric for _, each in metrics.list_known(self._call))
        found = islice((metric for metric in known if test(metric)), _MOST_FOUND)
        asked = [Asked(metric, statistic, period) for metric in sorted(found, key=_order)]
        labels = default_labels(asked)
        return [self._read(each, label) for each, label in zip(asked, labels, strict=True)]

    def _value(self, query: Query) -> Value:
        if query.id not in self._results:
            self._results[query.id] = self._compute(query)
        return self._results[query.id]

    def _compute(self, query: Query) -> Value:
        if query.asked is not None:
            return self._read(query.asked, self._labels[query.id])
        if query.tree is None:
            raise TypeError("a query is a metric's or an expression")
        self._running.append(query.id)
        try:
            return evaluate(query.tree, self)
        except ExpressionError as error:
            raise in_expression(query.id, error) from error
        finally:
            self._running.pop()

    def _read(self, asked: Asked, label: str) -> TimeSeries:
        call, window = self._call, self.window
        found = metrics.datapoints(call, asked.metric, window.start, window.end, asked.period)
        units = _units(each.unit for each in found) if asked.unit is None else [asked.unit]
        chosen = [each for each in found if units and each.unit == units[0]]
        compute = find_statistic(asked.statistic)
        if compute is None:
            raise ExpressionError(f"{asked.statistic} is not a valid statistic")
        return replace(
            TimeSeries(_points(in_periods(chosen, asked.period, window.start), compute), asked.period, label),
            properties=properties(asked, call.account, call.region),
            units=tuple(units),
        )


def _points(datapoints: Iterable[Any], compute: Callable[[Distribution], float | None]) -> dict[int, float]:
    values = ((each.timestamp, compute(each.values)) for each in datapoints)
    return {timestamp: value for timestamp, value in values if value is not None}


def _order(metric: Metric) -> tuple[str, str, Dimensions]:
    return metric.namespace, metric.name, metric.dimensions


def _units(found: Iterable[str]) -> list[str]:
    return sorted(set(found), key=_UNIT_ORDER.index)
