"""GetMetricStatistics: statistics of one metric."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.services.cloudwatch.errors import (
    InvalidParameterCombinationException,
    InvalidParameterValueException,
)
from cloudlet.services.cloudwatch.model import (
    UNITS,
    Datapoint,
    Metric,
    dimensions_of,
    in_periods,
    is_period,
    rounded_start,
)
from cloudlet.services.cloudwatch.parameters import Faults
from cloudlet.services.cloudwatch.state import metrics
from cloudlet.services.cloudwatch.statistics import BASIC, Statistic, find_extended

if TYPE_CHECKING:
    from types_boto3_cloudwatch import type_defs as api

_MOST_DATAPOINTS: Final = 1440
_MOST_EXTENDED: Final = 10
_MOST_DIMENSIONS: Final = 30


@operation("GetMetricStatistics")
async def get_metric_statistics(call: Call, request: api.GetMetricStatisticsInputTypeDef) -> dict[str, Any]:
    """Statistics of a metric in periods from StartTime on, for every unit that data came in."""
    _check(request)
    basic: dict[str, Statistic] = {name: BASIC[name] for name in request.get("Statistics", ())}
    extended = {name: _extended(name) for name in request.get("ExtendedStatistics", ())}
    await call.cloud.metrics.flush(call.cloud)
    found = await call.transact(lambda inner: _datapoints(inner, request), read_only=True)
    described = [_describe(datapoint, basic, extended) for datapoint in found]
    return {"Label": request["MetricName"], "Datapoints": [each for each in described if each is not None]}


def _check(request: Request) -> None:
    faults = Faults()
    faults.text(request, "Namespace")
    faults.text(request, "MetricName")
    for name in ("StartTime", "EndTime", "Period"):
        faults.required(request, name)
    faults.dimensions(request.get("Dimensions", ()), "Dimensions", _MOST_DIMENSIONS)
    faults.one_of(request.get("Unit"), UNITS, "Unit")
    for number, name in enumerate(request.get("Statistics", ()), 1):
        faults.one_of(name, tuple(BASIC), f"Statistics.member.{number}")
    faults.at_most(request.get("Statistics", ()), len(BASIC), "Statistics")
    faults.at_most(request.get("ExtendedStatistics", ()), _MOST_EXTENDED, "ExtendedStatistics")
    faults.tell()
    if bool(request.get("Statistics")) == bool(request.get("ExtendedStatistics")):
        raise InvalidParameterCombinationException("Must specify either Statistics or ExtendedStatistics")
    _check_times(request["StartTime"], request["EndTime"], request["Period"])


def _check_times(start: datetime, end: datetime, period: int) -> None:
    if not is_period(period):
        raise InvalidParameterValueException(
            "The parameter Period must be 1, 5, 10, 20, 30, or a multiple of 60."
        )
    if start >= end:
        raise InvalidParameterValueException(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    asked = int((end - start).total_seconds() // period)
    if asked > _MOST_DATAPOINTS:
        raise InvalidParameterCombinationException(
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of "
            f"{_MOST_DATAPOINTS:,}. You may reduce the datapoints requested by increasing Period, "
            "or decreasing the time range."
        )


def _extended(name: str) -> Statistic:
    found = find_extended(name)
    if found is None:
        raise InvalidParameterValueException(
            f"The value {name} for parameter ExtendedStatistics is not supported."
        )
    return found


def _datapoints(call: Call, request: Request) -> list[Datapoint]:
    metric = Metric(request["Namespace"], request["MetricName"], dimensions_of(request.get("Dimensions", ())))
    period = request["Period"]
    start = rounded_start(request["StartTime"].timestamp(), period, call.time())
    found = metrics.datapoints(call, metric, start, request["EndTime"].timestamp(), period)
    unit = request.get("Unit")
    wanted = (datapoint for datapoint in found if unit is None or datapoint.unit == unit)
    return in_periods(wanted, period, start)


def _describe(
    datapoint: Datapoint, basic: Mapping[str, Statistic], extended: Mapping[str, Statistic]
) -> dict[str, Any] | None:
    """A datapoint as it is answered; None where none of the statistics is there."""
    described: dict[str, Any] = {
        name: value for name, of in basic.items() if (value := of(datapoint.values)) is not None
    }
    told = {name: value for name, of in extended.items() if (value := of(datapoint.values)) is not None}
    if told:
        described["ExtendedStatistics"] = told
    if not described:
        return None
    return {
        "Timestamp": datetime.fromtimestamp(datapoint.timestamp, UTC),
        **described,
        "Unit": datapoint.unit,
    }
