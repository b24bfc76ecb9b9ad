"""Labels of time series: those that CloudWatch makes, and ${...} in those that users give. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, TypeAlias

from msgspec import Struct

from cloudlet.services.cloudwatch.math.functions import AGGREGATES
from cloudlet.services.cloudwatch.math.values import TimeSeries
from cloudlet.services.cloudwatch.model import Metric

_DYNAMIC: Final = re.compile(
    r"""\$\{\s*(?:PROP\(\s*(?P<quote>['"])(?P<property>[^'"]*)(?P=quote)\s*\)|(?P<name>[A-Z_]+))\s*\}"""
)
_TIMEZONE: Final = re.compile(r"([+-])(\d{2})(\d{2})")


class Asked(Struct, frozen=True):
    """What a query asks of a metric."""

    metric: Metric
    statistic: str
    period: int
    unit: str | None = None


class View(Struct, frozen=True):
    """Where labels are shown: the present, and the time zone of the reader."""

    now: float
    timezone: timezone = UTC


_Points: TypeAlias = Sequence[tuple[int, float]]


def default_labels(asked: Sequence[Asked]) -> list[str]:
    """The label of each metric: its name, and what tells it from the others."""
    differs: dict[str, bool] = {
        "namespace": _several(each.metric.namespace for each in asked),
        "name": _several(each.metric.name for each in asked),
        "dimensions": _several(each.metric.dimensions for each in asked),
        "statistic": _several(each.statistic for each in asked),
        "period": _several(each.period for each in asked),
    }
    return [_label(each, differs) for each in asked]


def _several(values: Iterable[object]) -> bool:
    return len(set(values)) > 1


def _label(asked: Asked, differs: Mapping[str, bool]) -> str:
    metric = asked.metric
    parts: list[str] = [metric.namespace] if differs["namespace"] else []
    if differs["dimensions"]:
        parts += [value for _, value in metric.dimensions]
    if differs["name"] or not differs["dimensions"] or not metric.dimensions:
        parts.append(metric.name)
    if differs["statistic"]:
        parts.append(asked.statistic)
    if differs["period"]:
        parts.append(str(asked.period))
    return " ".join(parts)


def properties(asked: Asked, account: str, region: str) -> dict[str, str]:
    """What ${PROP('...')} answers for a metric."""
    metric = asked.metric
    return {
        "AccountId": account,
        "MetricName": metric.name,
        "Namespace": metric.namespace,
        "Period": str(asked.period),
        "Region": region,
        "Stat": asked.statistic,
        **{f"Dim.{name}": value for name, value in metric.dimensions},
    }


def read_timezone(text: str) -> timezone | None:
    """+0130 as a time zone, or None for what is none."""
    found = _TIMEZONE.fullmatch(text)
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(offset if found[1] == "+" else -offset)


def given_label(template: str, series: TimeSeries, view: View) -> str:
    """A label that a user gave, with what its ${...} stand for; what is unknown stays as it is."""

    def replaced(found: re.Match[str]) -> str:
        if found["property"] is not None:
            return series.properties.get(found["property"], found[0])
        if found["name"] == "LABEL":
            return series.label
        compute = _VARIABLES.get(found["name"])
        if compute is None:
            return found[0]
        return compute(list(series.points.items()), view) if series.points else "--"

    return _DYNAMIC.sub(replaced, template)


def is_dynamic(template: str) -> bool:
    """Whether a label has something to be replaced."""
    return _DYNAMIC.search(template) is not None


def _number(value: float) -> str:
    return f"{value:.15g}"


def _time(timestamp: float, view: View) -> str:
    return f"{datetime.fromtimestamp(timestamp, view.timezone):%Y-%m-%d %H:%M:%S}"


def _span(seconds: float) -> str:
    return str(timedelta(seconds=round(abs(seconds))))


def _lowest(points: _Points) -> tuple[int, float]:
    return min(points, key=lambda point: point[1])


def _highest(points: _Points) -> tuple[int, float]:
    return max(points, key=lambda point: point[1])


def _aggregate(name: str) -> Callable[[_Points, View], str]:
    return lambda points, _: _number(AGGREGATES[name]([value for _, value in points]))


_VARIABLES: Final[Mapping[str, Callable[[_Points, View], str]]] = {
    **{name: _aggregate(name) for name in ("AVG", "DATAPOINT_COUNT", "MAX", "MIN", "SUM")},
    "FIRST": lambda points, _: _number(points[0][1]),
    "FIRST_LAST_RANGE": lambda points, _: _number(abs(points[-1][1] - points[0][1])),
    "FIRST_LAST_TIME_RANGE": lambda points, _: _span(points[-1][0] - points[0][0]),
    "FIRST_TIME": lambda points, view: _time(points[0][0], view),
    "FIRST_TIME_RELATIVE": lambda points, view: _span(view.now - points[0][0]),
    "LAST": lambda points, _: _number(points[-1][1]),
    "LAST_TIME": lambda points, view: _time(points[-1][0], view),
    "LAST_TIME_RELATIVE": lambda points, view: _span(view.now - points[-1][0]),
    "MAX_TIME": lambda points, view: _time(_highest(points)[0], view),
    "MAX_TIME_RELATIVE": lambda points, view: _span(view.now - _highest(points)[0]),
    "MIN_MAX_RANGE": lambda points, _: _number(_highest(points)[1] - _lowest(points)[1]),
    "MIN_MAX_TIME_RANGE": lambda points, _: _span(_highest(points)[0] - _lowest(points)[0]),
    "MIN_TIME": lambda points, view: _time(_lowest(points)[0], view),
    "MIN_TIME_RELATIVE": lambda points, view: _span(view.now - _lowest(points)[0]),
}
