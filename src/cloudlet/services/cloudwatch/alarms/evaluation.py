"""Judges a metric alarm by its datapoints: the state, the reason, and what was looked at. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from cloudlet.services.cloudwatch.alarms.model import ALARM, INSUFFICIENT_DATA, OK, timestamp

EXTRA_PERIODS: Final = 2
"""How many periods more than it needs an evaluation looks at, for those that have no data.

AWS's tables of missing data show 5 datapoints for 3 periods; of other numbers of periods it does not tell.
"""
_COMPARED: Final[Mapping[str, tuple[Callable[[float, float], bool], str]]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
OPERATORS: Final = tuple(_COMPARED)
_TREATED: Final = {"breaching": "Breaching", "notBreaching": "NonBreaching"}
_PERCENTILE: Final = re.compile(r"p(\d+(?:\.\d+)?)")


class Point(Struct, frozen=True):
    """One period: its value and of how many samples, if there was data."""

    at: int
    value: float | None
    sample_count: float | None = None


class Verdict(Struct, frozen=True):
    """What an evaluation comes to."""

    value: str
    reason: str
    reason_data: str


class _Case(Struct, frozen=True):
    """What is judged: N, M, the points that count, and how many of N are missing."""

    settings: Mapping[str, Any]
    periods: int
    to_alarm: int
    evaluated: Sequence[Point]
    """Those with data that count, the newest first; at most N."""
    breaching: Sequence[Point]
    oldest_breaching_age: int
    """In periods, counted from 1."""

    @property
    def missing(self) -> int:
        """How many of the periods are filled for want of data."""
        return self.periods - len(self.evaluated)

    @property
    def treatment(self) -> str:
        """How missing data is treated."""
        return str(self.settings.get("TreatMissingData", "missing"))


def evaluate(settings: Mapping[str, Any], points: Sequence[Point], now: float) -> Verdict | None:
    """The verdict on periods in order of time; None where the alarm stays as it is."""
    if _has_too_few_samples(settings, points):
        return None
    case = _case(settings, points)
    value = _value(case)
    if value is None:
        return None
    return Verdict(value, _reason(case, value), _reason_data(case, points, now))


def _case(settings: Mapping[str, Any], points: Sequence[Point]) -> _Case:
    periods = settings["EvaluationPeriods"]
    compare, _ = _COMPARED[settings["ComparisonOperator"]]
    newest_first = list(reversed(points))
    evaluated = [point for point in newest_first if point.value is not None][:periods]
    breaching = [
        point
        for point in evaluated
        if point.value is not None and compare(point.value, settings["Threshold"])
    ]
    age = newest_first.index(breaching[-1]) + 1 if breaching else 0
    to_alarm = settings.get("DatapointsToAlarm", periods)
    return _Case(settings, periods, to_alarm, evaluated, breaching, age)


def _value(case: _Case) -> str | None:
    breaching = len(case.breaching)
    if case.treatment == "breaching":
        breaching += case.missing
    if breaching >= case.to_alarm:
        return ALARM
    if not case.missing or case.treatment in _TREATED:
        return OK
    within = len(case.evaluated) > len(case.breaching)
    if case.treatment == "ignore":
        return OK if within else None
    if within:
        return OK
    # What was breaching long enough ago and nothing since: CloudWatch takes it for breaching still.
    return ALARM if case.oldest_breaching_age >= case.to_alarm else INSUFFICIENT_DATA


def _has_too_few_samples(settings: Mapping[str, Any], points: Sequence[Point]) -> bool:
    """Whether a percentile is to be ignored while its samples are few."""
    if settings.get("EvaluateLowSampleCountPercentile") != "ignore":
        return False
    found = _PERCENTILE.fullmatch(settings.get("ExtendedStatistic", ""))
    if found is None:
        return False
    share = float(found[1]) / 100
    rarer = min(share, 1 - share)
    newest = points[-settings["EvaluationPeriods"] :]
    samples = sum(point.sample_count or 0.0 for point in newest)
    return rarer > 0 and samples < 10 / rarer


def _reason(case: _Case, value: str) -> str:
    if value == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_many(case.missing, 'datapoint')} unknown."
    told = [each for each in case.evaluated if (each in case.breaching) == (value == ALARM)]
    parts = (_counted(case, value, told), _treated(case), _minimum(case, value, told))
    return f"Threshold Crossed: {''.join(parts)}."


def _counted(case: _Case, value: str, told: Sequence[Point]) -> str:
    if not told:
        count = str(len(case.evaluated)) if case.evaluated else "no"
        plural = "" if len(case.evaluated) == 1 else "s"
        verb = "was" if len(case.evaluated) == 1 else "were"
        return f"{count} datapoint{plural} {verb} received for {_plural(case.periods, 'period')}"
    listed = ", ".join(
        f"{each.value} ({datetime.fromtimestamp(each.at, UTC):%d/%m/%y %H:%M:%S})" for each in told
    )
    _, words = _COMPARED[case.settings["ComparisonOperator"]]
    relation = words if value == ALARM else f"not {words}"
    verb = "was" if len(told) == 1 else "were"
    if "DatapointsToAlarm" in case.settings:
        counted = f"{len(told)} out of the last {case.periods} datapoints"
    else:
        counted = _plural(len(told), "datapoint")
    return f"{counted} [{listed}] {verb} {relation} the threshold ({case.settings['Threshold']})"


def _treated(case: _Case) -> str:
    if not case.missing or case.treatment not in _TREATED:
        return ""
    return f" and {_many(case.missing, 'missing datapoint')} treated as [{_TREATED[case.treatment]}]"


def _minimum(case: _Case, value: str, told: Sequence[Point]) -> str:
    if not told or "DatapointsToAlarm" not in case.settings:
        return ""
    if value == ALARM:
        return f" (minimum {_plural(case.to_alarm, 'datapoint')} for OK -> ALARM transition)"
    needed = case.periods - case.to_alarm + 1
    return f" (minimum {_plural(needed, 'datapoint')} for ALARM -> OK transition)"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _many(count: int, noun: str) -> str:
    return f"{_plural(count, noun)} {'was' if count == 1 else 'were'}"


def _reason_data(case: _Case, points: Sequence[Point], now: float) -> str:
    settings = case.settings
    data: dict[str, Any] = {"version": "1.0", "queryDate": timestamp(now)}
    if case.evaluated:
        data["startDate"] = timestamp(case.evaluated[-1].at)
    if "Unit" in settings:
        data["unit"] = settings["Unit"]
    statistic = settings.get("Statistic") or settings.get("ExtendedStatistic")
    if statistic:
        data["statistic"] = statistic
    data["period"] = settings["Period"]
    data["recentDatapoints"] = [point.value for point in reversed(case.evaluated)]
    data["threshold"] = settings["Threshold"]
    data["evaluatedDatapoints"] = [_evaluated(point) for point in _told(case, points)]
    return json.dumps(data, separators=(",", ":"))


def _told(case: _Case, points: Sequence[Point]) -> Sequence[Point]:
    """The points that were evaluated, with those that were filled."""
    filled = [point for point in reversed(points) if point.value is None][: case.missing]
    return sorted([*case.evaluated, *filled], key=lambda point: -point.at)


def _evaluated(point: Point) -> dict[str, Any]:
    told: dict[str, Any] = {"timestamp": timestamp(point.at)}
    if point.sample_count is not None:
        told["sampleCount"] = point.sample_count
    if point.value is not None:
        told["value"] = point.value
    return told
