"""PutMetricData: what users measure.

It is on disk when it is acknowledged, unlike what the services themselves count (core.metrics).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.distribution import Distribution
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import Request, operation
from cloudlet.services.cloudwatch.errors import InvalidParameterCombinationException
from cloudlet.services.cloudwatch.model import MINUTE, UNITS, Datapoint, Measurement, Metric, dimensions_of
from cloudlet.services.cloudwatch.parameters import Faults
from cloudlet.services.cloudwatch.state import metrics

if TYPE_CHECKING:
    from types_boto3_cloudwatch import type_defs as api

_MOST_DATA: Final = 1000
_MOST_DIMENSIONS: Final = 30
_MOST_VALUES: Final = 150
_LARGEST: Final = 2.0**360
_SMALLEST: Final = 2.0**-360
_PAST_SECONDS: Final = 14 * 86_400
_FUTURE_SECONDS: Final = 2 * 3600
_RESOLUTIONS: Final = (1, MINUTE)
_STATISTIC_VALUES: Final = ("Maximum", "Minimum", "SampleCount", "Sum")


def _namespace(call: Call, request: Request) -> Mapping[str, Sequence[str]]:
    return {"cloudwatch:namespace": [request.get("Namespace", "")]}


@operation("PutMetricData", conditions=_namespace)
def put_metric_data(call: Call, request: api.PutMetricDataInputTypeDef) -> None:
    """Adds values to metrics, which are made by it."""
    if request.get("EntityMetricData"):
        raise NotImplementedHere("cloudlet does not keep EntityMetricData (yet). Nothing was done.")
    data: Sequence[Any] = request.get("MetricData", ())
    _check(request, data, call.time())
    for number, datum in enumerate(data, 1):
        _check_value(datum, f"MetricData.member.{number}.")
    metrics.add(call, call.account, call.region, _measurements(call, request["Namespace"], data))


def _check(request: Request, data: Sequence[Any], now: float) -> None:
    faults = Faults()
    faults.text(request, "Namespace")
    if (request.get("Namespace") or "").startswith(":"):
        faults.invalid("The parameter Namespace must not start with ':'.")
    if (request.get("Namespace") or "").startswith("AWS/"):
        faults.invalid("The value AWS/ for parameter Namespace is invalid.")
    faults.required({"MetricData": data}, "MetricData")
    faults.at_most(data, _MOST_DATA, "MetricData")
    for number, datum in enumerate(data, 1):
        _check_datum(faults, datum, f"MetricData.member.{number}.", now)
    faults.tell()


def _check_datum(faults: Faults, datum: Mapping[str, Any], path: str, now: float) -> None:
    faults.text(datum, "MetricName", path)
    faults.dimensions(datum.get("Dimensions", ()), f"{path}Dimensions", _MOST_DIMENSIONS)
    faults.one_of(datum.get("Unit"), UNITS, f"{path}Unit")
    timestamp: datetime | None = datum.get("Timestamp")
    if timestamp is not None and not now - _PAST_SECONDS <= timestamp.timestamp() <= now + _FUTURE_SECONDS:
        faults.invalid(f"The parameter {path}Timestamp must specify a time within the past two weeks.")
    if datum.get("StorageResolution", MINUTE) not in _RESOLUTIONS:
        faults.invalid(f"The parameter {path}StorageResolution must be a value in the set [ 1, 60 ].")
    faults.at_most(datum.get("Values", ()), _MOST_VALUES, f"{path}Values")
    faults.at_most(datum.get("Counts", ()), _MOST_VALUES, f"{path}Counts")
    if "Counts" in datum and len(datum["Counts"]) != len(datum.get("Values", ())):
        faults.invalid(f"The parameters {path}Values and {path}Counts must be of the same size.")
    for name, number in _numbers(datum, path):
        if not math.isfinite(number) or (number and not _SMALLEST <= abs(number) <= _LARGEST):
            faults.invalid(f"The value {_as_java(number)} for parameter {name} is invalid.")
    if "StatisticValues" in datum:
        _check_statistic_values(faults, datum["StatisticValues"], f"{path}StatisticValues.")


def _numbers(datum: Mapping[str, Any], path: str) -> Iterator[tuple[str, float]]:
    """The values of a datum with their names."""
    if "Value" in datum:
        yield f"{path}Value", datum["Value"]
    for number, value in enumerate(datum.get("Values", ()), 1):
        yield f"{path}Values.member.{number}", value
    for name, value in datum.get("StatisticValues", {}).items():
        yield f"{path}StatisticValues.{name}", value


def _as_java(number: float) -> str:
    """A number as the texts of refusals show it."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    return f"{number:,.0f}"


def _check_statistic_values(faults: Faults, values: Mapping[str, float], path: str) -> None:
    for name in _STATISTIC_VALUES:
        faults.required(values, name, path)
    if values.get("Maximum", 0.0) < values.get("Minimum", values.get("Maximum", 0.0)):
        faults.invalid(f"The parameter {path}Maximum must be greater than {path}Minimum.")
    if values.get("SampleCount", 1.0) < 0:
        faults.invalid(f"The parameter {path}SampleCount must be greater than 0.")
    if values.get("SampleCount", 1.0) == 0:
        faults.invalid(f"The parameter {path}SampleCount must not equal 0.")


def _check_value(datum: Mapping[str, Any], path: str) -> None:
    """Exactly one form of the values; AWS takes Values and StatisticValues together, and keeps the set."""
    for other in ("Values", "StatisticValues"):
        if "Value" in datum and other in datum:
            raise InvalidParameterCombinationException(
                f"The parameters {path}Value and {path}{other} are mutually exclusive "
                "and you have specified both."
            )
    if not any(name in datum for name in ("Value", "Values", "StatisticValues")):
        raise InvalidParameterCombinationException(
            f"At least one of the parameters {path}Value and {path}StatisticValues must be specified."
        )


def _measurements(call: Call, namespace: str, data: Sequence[Any]) -> Iterator[Measurement]:
    for datum in data:
        timestamp: datetime = datum.get("Timestamp") or call.now()
        values = _distribution(datum)
        if values is not None:
            yield Measurement(
                Metric(namespace, datum["MetricName"], dimensions_of(datum.get("Dimensions", ()))),
                Datapoint(int(timestamp.timestamp()), datum.get("Unit", "None"), values),
                datum.get("StorageResolution", MINUTE),
            )


def _distribution(datum: Mapping[str, Any]) -> Distribution | None:
    """The values of a datum; None where it has an empty list of them."""
    if "StatisticValues" in datum:
        given = datum["StatisticValues"]
        low, high, count = given["Minimum"], given["Maximum"], given["SampleCount"]
        told = {low: count} if low == high and given["Sum"] == low * count else None
        return Distribution(count, given["Sum"], low, high, told)
    if "Value" in datum:
        return Distribution.of({float(datum["Value"]): 1.0})
    values: dict[float, float] = {}
    counts = datum.get("Counts") or [1.0] * len(datum["Values"])
    for value, count in zip(datum["Values"], counts, strict=True):
        if count > 0:
            values[float(value)] = values.get(float(value), 0.0) + count
    return Distribution.of(values) if values else None
