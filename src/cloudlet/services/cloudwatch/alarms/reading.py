"""The datapoints that a metric alarm is judged by: the last full periods before now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudlet.core.call import Call
from cloudlet.services.cloudwatch.alarms.evaluation import EXTRA_PERIODS, Point
from cloudlet.services.cloudwatch.alarms.model import Alarm
from cloudlet.services.cloudwatch.evaluation import Evaluation
from cloudlet.services.cloudwatch.labels import Asked
from cloudlet.services.cloudwatch.math.values import TimeSeries, Window
from cloudlet.services.cloudwatch.metric_queries import Query, read_queries
from cloudlet.services.cloudwatch.model import MINUTE, Metric, aligned, dimensions_of

_HIGH_RESOLUTION_SECONDS: Final = 10


def next_evaluation(alarm: Alarm, now: float) -> float:
    """When an alarm is to be evaluated next: at the next full minute, or ten seconds."""
    return aligned(now, _interval(alarm)) + _interval(alarm)


def _interval(alarm: Alarm) -> int:
    return _HIGH_RESOLUTION_SECONDS if alarm.period < MINUTE else MINUTE


def points(call: Call, alarm: Alarm) -> list[Point]:
    """The periods that an evaluation looks at now, in order of time; the last ends with a full minute."""
    period = alarm.period
    end = aligned(call.time(), _interval(alarm))
    start = end - period * (alarm.settings["EvaluationPeriods"] + EXTRA_PERIODS)
    window = Window(start, end)
    series = _returned(call, alarm.settings, window)
    counts = _sample_counts(call, alarm.settings, window)
    return [Point(at, series.points.get(at), counts.get(at)) for at in window.timestamps(period)]


def _returned(call: Call, settings: Mapping[str, Any], window: Window) -> TimeSeries:
    queries = read_queries(settings["Metrics"], "Metrics") if "Metrics" in settings else [_query(settings)]
    evaluation = Evaluation(queries, window)
    found = [
        series for query in queries if query.returned for series in evaluation.results_within(call, query)
    ]
    return found[0] if found else TimeSeries({}, window.end - window.start)


def _query(settings: Mapping[str, Any], statistic: str | None = None) -> Query:
    """The query of an alarm on one metric."""
    dimensions = dimensions_of(settings.get("Dimensions", ()))
    metric = Metric(settings["Namespace"], settings["MetricName"], dimensions)
    chosen = statistic or settings.get("Statistic") or settings["ExtendedStatistic"]
    asked = Asked(metric, chosen, settings["Period"], settings.get("Unit"))
    return Query("m1", asked, None, None, returned=True, period=None)


def _sample_counts(call: Call, settings: Mapping[str, Any], window: Window) -> Mapping[int, float]:
    """Of how many samples each value is; not known of an expression's."""
    if "Metrics" in settings:
        return {}
    query = _query(settings, "SampleCount")
    [series] = Evaluation([query], window).results_within(call, query)
    return series.points
