"""Evaluates queries of metric data: the time series that answer them.

Reads one metric at a time, so that an answer from many may be read with room for others between them; knows
nothing of pages or of answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, TypeAlias

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.metrics import Dimensions
from cloudlet.services.cloudwatch.labels import Asked, default_labels, properties
from cloudlet.services.cloudwatch.math.evaluate import evaluate, names_in
from cloudlet.services.cloudwatch.math.syntax import ExpressionError, Node
from cloudlet.services.cloudwatch.math.values import TimeSeries, Value, Window
from cloudlet.services.cloudwatch.metric_queries import Query, in_expression
from cloudlet.services.cloudwatch.model import MINUTE, Datapoint, Metric, in_periods
from cloudlet.services.cloudwatch.search import Test, compile_search
from cloudlet.services.cloudwatch.state import metrics
from cloudlet.services.cloudwatch.statistics import Statistic, find_statistic

_MOST_FOUND: Final = 500
# Which unit's data are told where none is asked for and there are several.
_UNIT_ORDER: Final = (
    "Megabits", "Terabits", "Gigabits", "Count", "Bytes", "Gigabytes", "Gigabytes/Second", "Kilobytes",
    "Kilobits/Second", "Terabytes", "Terabits/Second", "Bytes/Second", "Percent", "Megabytes",
    "Megabits/Second", "Milliseconds", "Microseconds", "Kilobytes/Second", "Gigabits/Second",
    "Megabytes/Second", "Bits", "Bits/Second", "Count/Second", "Seconds", "Kilobits", "Terabytes/Second",
    "None",
)  # fmt: skip


_Read: TypeAlias = Callable[[Call], None]
"""Reads something of the open transaction into an evaluation."""
_Search: TypeAlias = tuple[str, str, int]
"""The text, the statistic and the period of a search."""


class _Unread(Exception):
    """Raised where a query needs what is not read yet."""

    def __init__(self, reads: Sequence[_Read]) -> None:
        super().__init__(f"{len(reads)} reads are missing")
        self.reads = reads


class Evaluation:
    """The results of some queries in one window of time. A scope of metric math.

    Computes from what is read; a query that needs more is begun again once that is read, too.
    """

    def __init__(self, queries: Sequence[Query], window: Window) -> None:
        self._queries = {query.id: query for query in queries}
        self._results: dict[str, Value] = {}
        self._series: dict[Asked, TimeSeries] = {}
        """What is read, without labels."""
        self._found: dict[_Search, list[Asked]] = {}
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

    def results_within(self, call: Call, query: Query) -> list[TimeSeries]:
        """The time series of a query, all read in the open transaction. Raises as results() does."""
        while True:
            try:
                return self._computed(query)
            except _Unread as unread:
                for read in unread.reads:
                    read(call)

    async def results(self, call: Call, query: Query) -> list[TimeSeries]:
        """The time series of a query, each metric read in a transaction of its own.

        Raises ValidationException for an expression that has none.
        """
        while True:
            try:
                # Beside the loop: a search may find hundreds of metrics with weeks of minutes each.
                return await asyncio.to_thread(self._computed, query) if query.tree else self._computed(query)
            except _Unread as unread:
                for read in unread.reads:
                    await call.transact(read, read_only=True)
                    await asyncio.sleep(0)

    def _computed(self, query: Query) -> list[TimeSeries]:
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
        asked = {query.id: query.asked for query in self._queries.values() if query.asked is not None}
        labels = [self._labels[query_id] for query_id in asked]
        return zip(asked, self._labelled([*asked.values()], labels), strict=True)

    def search(self, text: str, statistic: str, period: int) -> list[TimeSeries]:
        """The metrics that a search finds, those without data in the window too. Raises ExpressionError."""
        _statistic(statistic)
        search = text, statistic, period
        if search not in self._found:
            raise _Unread([partial(self._find, search=search, test=compile_search(text))])
        asked = self._found[search]
        return self._labelled(asked, default_labels(asked))

    def _value(self, query: Query) -> Value:
        if query.id not in self._results:
            self._results[query.id] = self._compute(query)
        return self._results[query.id]

    def _compute(self, query: Query) -> Value:
        if query.asked is not None:
            return self._labelled([query.asked], [self._labels[query.id]])[0]
        if query.tree is None:
            raise TypeError("a query is a metric's or an expression")
        self._need(self._named_in(query.tree))
        self._running.append(query.id)
        try:
            return evaluate(query.tree, self)
        except ExpressionError as error:
            raise in_expression(query.id, error) from error
        finally:
            self._running.pop()

    def _labelled(self, asked: Sequence[Asked], labels: Sequence[str]) -> list[TimeSeries]:
        self._need(asked)
        return [replace(self._series[each], label=label) for each, label in zip(asked, labels, strict=True)]

    def _need(self, asked: Iterable[Asked]) -> None:
        missing = [partial(self._read, asked=each) for each in asked if each not in self._series]
        if missing:
            raise _Unread(missing)

    def _named_in(self, tree: Node) -> Iterator[Asked]:
        """What an expression names, so that it is all read before the expression is computed."""
        for name in names_in(tree):
            query = self._queries.get(name)
            if query is not None and query.asked is not None:
                yield query.asked

    def _find(self, call: Call, search: _Search, test: Test) -> None:
        _, statistic, period = search
        known = (each.metric for _, each in metrics.list_known(call))
        found = islice((metric for metric in known if test(metric)), _MOST_FOUND)
        self._found[search] = [Asked(metric, statistic, period) for metric in sorted(found, key=_order)]

    def _read(self, call: Call, asked: Asked) -> None:
        window = self.window
        found = metrics.datapoints(call, asked.metric, window.start, window.end, asked.period)
        units = _units(each.unit for each in found) if asked.unit is None else [asked.unit]
        chosen = [each for each in found if units and each.unit == units[0]]
        self._series[asked] = TimeSeries(
            _points(in_periods(chosen, asked.period, window.start), _statistic(asked.statistic)),
            asked.period,
            properties=properties(asked, call.account, call.region),
            units=tuple(units),
        )


def _statistic(name: str) -> Statistic:
    found = find_statistic(name)
    if found is None:
        raise ExpressionError(f"{name} is not a valid statistic")
    return found


def _points(datapoints: Iterable[Datapoint], compute: Statistic) -> dict[int, float]:
    values = ((each.timestamp, compute(each.values)) for each in datapoints)
    return {timestamp: value for timestamp, value in values if value is not None}


def _order(metric: Metric) -> tuple[str, str, Dimensions]:
    return metric.namespace, metric.name, metric.dimensions


def _units(found: Iterable[str]) -> list[str]:
    return sorted(set(found), key=_UNIT_ORDER.index)
