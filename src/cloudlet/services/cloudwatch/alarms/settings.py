"""What PutMetricAlarm takes: every rule of its parameters, in CloudWatch's words. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudlet.core.arn import find_arn
from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.cloudwatch.alarms.evaluation import OPERATORS
from cloudlet.services.cloudwatch.alarms.model import ACTION_LISTS
from cloudlet.services.cloudwatch.errors import InvalidParameterCombinationException, ValidationException
from cloudlet.services.cloudwatch.math.evaluate import functions_in
from cloudlet.services.cloudwatch.metric_queries import read_queries
from cloudlet.services.cloudwatch.model import MINUTE
from cloudlet.services.cloudwatch.statistics import find_extended

_NOT_HERE: Final = (
    "ActionConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationWindow",
    "ThresholdMetricId",
    "WarmUpConfiguration",
)
_SHORT_PERIODS: Final = (10, 20, 30)
_DAY: Final = 86_400
_WEEK: Final = 7 * _DAY
_TREATMENTS: Final = ("breaching", "notBreaching", "ignore", "missing")
_OF_ONE_METRIC: Final = (
    "MetricName",
    "Namespace",
    "Dimensions",
    "Period",
    "Unit",
    "Statistic",
    "ExtendedStatistic",
)
_MOST_QUERIES: Final = 20
_OTHERS: Final = ("AlarmName", "Tags")


def metric_alarm_settings(request: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a metric alarm, checked. Raises ValidationException, or NotImplementedHere."""
    refuse_by_name(request, _NOT_HERE)
    settings = {name: value for name, value in request.items() if name not in _OTHERS}
    _check_evaluation(settings)
    if "Metrics" in settings:
        _check_queries(settings)
    else:
        _check_metric(settings)
    check_actions(settings)
    settings["Threshold"] = float(settings["Threshold"])
    return {"ActionsEnabled": True, **settings, **{name: settings.get(name, []) for name in ACTION_LISTS}}


def refuse_by_name(request: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Raises NotImplementedHere for a parameter that is not honoured."""
    for name in names:
        if name in request:
            raise NotImplementedHere(f"cloudlet does not honour {name} of alarms (yet). Nothing was done.")


def check_actions(settings: Mapping[str, Any]) -> None:
    """Raises ValidationException for an action that is no ARN; what it is of shows when it is done."""
    for name in ACTION_LISTS:
        for action in settings.get(name, ()):
            if find_arn(action) is None:
                raise ValidationException(f"Invalid arn syntax: {action}")


def _check_evaluation(settings: Mapping[str, Any]) -> None:
    for name in ("EvaluationPeriods", "ComparisonOperator"):
        _must_be_there(settings, name)
    if settings["ComparisonOperator"] not in OPERATORS:
        raise NotImplementedHere("cloudlet does not detect anomalies (yet). Nothing was done.")
    _must_be_there(settings, "Threshold")
    if settings.get("DatapointsToAlarm", 0) > settings["EvaluationPeriods"]:
        raise ValidationException("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    treatment = settings.get("TreatMissingData", "missing")
    if treatment not in _TREATMENTS:
        raise ValidationException(
            f"The value {treatment} is not supported for TreatMissingData parameter. "
            f"Supported values are [{', '.join(_TREATMENTS)}]."
        )
    option = settings.get("EvaluateLowSampleCountPercentile", "evaluate")
    if option not in ("evaluate", "ignore"):
        raise ValidationException(
            f"Option {option} is not supported. "
            "Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore."
        )


def _must_be_there(settings: Mapping[str, Any], name: str) -> None:
    if settings.get(name) is None:
        raise ValidationException(f"{name} must not be null")


def _check_metric(settings: Mapping[str, Any]) -> None:
    for name in ("MetricName", "Namespace", "Period"):
        _must_be_there(settings, name)
    if "Statistic" in settings and "ExtendedStatistic" in settings:
        raise InvalidParameterCombinationException(
            "The parameters Statistic and ExtendedStatistic are mutually exclusive "
            "and you have specified both."
        )
    if "Statistic" not in settings and "ExtendedStatistic" not in settings:
        raise ValidationException("Statistic or ExtendedStatistic must be specified")
    extended = settings.get("ExtendedStatistic")
    if extended is not None and find_extended(extended) is None:
        raise ValidationException(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    _check_period(settings["Period"], settings["EvaluationPeriods"])


def _check_period(period: int, periods: int) -> None:
    if period % MINUTE and period not in _SHORT_PERIODS:
        raise ValidationException("Period must be 10, 20, 30 or a multiple of 60")
    if period < 3600 and period * periods > _DAY:
        raise ValidationException(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
        )
    if period * periods > _WEEK:
        raise ValidationException(
            "Metrics cannot be checked across more than seven days "
            "(EvaluationPeriods * Period must be <= 604800)."
        )


def _check_queries(settings: Mapping[str, Any]) -> None:
    single = next((name for name in _OF_ONE_METRIC if name in settings), None)
    if single is not None:
        raise ValidationException(f"{single} should not be set if list of Metrics is set.")
    given = settings["Metrics"]
    if len(given) > _MOST_QUERIES:
        raise ValidationException(
            f"The collection Metrics must not have a size greater than {_MOST_QUERIES}."
        )
    queries = read_queries(given, "Metrics")
    if sum(query.returned for query in queries) != 1:
        raise ValidationException("Exactly one element of the metrics list should return data.")
    for query in queries:
        if query.tree is not None and "SEARCH" in functions_in(query.tree):
            raise ValidationException("SEARCH is not supported on Metric Alarms.")
        if query.asked is not None:
            _check_period(query.asked.period, settings["EvaluationPeriods"])
