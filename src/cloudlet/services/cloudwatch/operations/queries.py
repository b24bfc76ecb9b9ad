"""GetMetricData: many metrics and expressions at once, in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.core.pagination import InvalidToken, page
from cloudlet.services.cloudwatch.errors import InvalidNextToken, ValidationException
from cloudlet.services.cloudwatch.evaluation import Evaluation
from cloudlet.services.cloudwatch.labels import View, given_label, is_dynamic, read_timezone
from cloudlet.services.cloudwatch.math.values import TimeSeries, Window
from cloudlet.services.cloudwatch.metric_queries import Query, read_queries
from cloudlet.services.cloudwatch.model import MINUTE, aligned, rounded_start

if TYPE_CHECKING:
    from types_boto3_cloudwatch import type_defs as api

_MOST_QUERIES: Final = 500
_MOST_DATAPOINTS: Final = 100_800


@operation("GetMetricData")
async def get_metric_data(call: Call, request: api.GetMetricDataInputTypeDef) -> dict[str, Any]:
    """The values of metrics and expressions, the newest first unless asked otherwise."""
    _check(request)
    queries = read_queries(request["MetricDataQueries"], "MetricDataQueries")
    view = View(call.time(), _timezone(request))
    await call.cloud.metrics.flush(call.cloud)
    described = [_describe(query, series, view) async for query, series in _evaluate(call, request, queries)]
    return _page(request, described)


def _check(request: Request) -> None:
    if len(request["MetricDataQueries"]) > _MOST_QUERIES:
        raise ValidationException(
            f"The collection MetricDataQueries must not have a size greater than {_MOST_QUERIES}."
        )
    if request["StartTime"] >= request["EndTime"]:
        raise ValidationException("The parameter StartTime must be less than the parameter EndTime.")


def _timezone(request: Request) -> timezone:
    given = request.get("LabelOptions", {}).get("Timezone")
    if given is None:
        return UTC
    found = read_timezone(given)
    if found is None:
        raise ValidationException(f"The value {given} for parameter LabelOptions.Timezone is invalid.")
    return found


async def _evaluate(
    call: Call, request: Request, queries: Sequence[Query]
) -> AsyncIterator[tuple[Query, TimeSeries]]:
    """The results of the queries that are to be told."""
    evaluation = Evaluation(queries, _window(call, request, queries))
    for query in queries:
        if query.returned:
            for series in await evaluation.results(call, query):
                yield query, series


def _window(call: Call, request: Request, queries: Sequence[Query]) -> Window:
    finest = min((query.asked.period for query in queries if query.asked is not None), default=MINUTE)
    start, end = request["StartTime"].timestamp(), request["EndTime"].timestamp()
    return Window(rounded_start(start, finest, call.time()), aligned(end, min(finest, MINUTE)))


def _describe(query: Query, series: TimeSeries, view: View) -> tuple[dict[str, Any], list[tuple[int, float]]]:
    described: dict[str, Any] = {"Id": query.id, "Label": _label(query, series, view)}
    if len(series.units) > 1:
        told = f"Multiple units returned: '[{', '.join(series.units)}]'"
        described["Messages"] = [{"Code": "MultipleUnits", "Value": told}]
    return described, list(series.points.items())


def _label(query: Query, series: TimeSeries, view: View) -> str:
    if query.label is None:
        return series.label or query.id
    if query.asked is None and series.label and not is_dynamic(query.label):
        return f"{query.label} {series.label}".strip()
    return given_label(query.label, series, view)


def _page(
    request: Request, found: Sequence[tuple[dict[str, Any], list[tuple[int, float]]]]
) -> dict[str, Any]:
    """As many values as are asked for, over all results; a result that has more is partial."""
    total = range(sum(len(points) for _, points in found))
    try:
        taken, token = page(total, request.get("NextToken"), request.get("MaxDatapoints", _MOST_DATAPOINTS))
    except InvalidToken as error:
        raise InvalidNextToken("The specified nextToken is invalid.") from error
    first, last = (taken[0], taken[-1] + 1) if taken else (0, 0)
    newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results, begin = [], 0
    for described, points in found:
        ordered = points[::-1] if newest_first else points
        told = ordered[max(first - begin, 0) : max(last - begin, 0)]
        if told or (not points and first == 0):
            results.append({**described, **_values(told, partial=begin + len(points) > last)})
        begin += len(points)
    answer: dict[str, Any] = {"MetricDataResults": results, "Messages": []}
    return {**answer, "NextToken": token} if token else answer


def _values(points: Sequence[tuple[int, float]], *, partial: bool) -> dict[str, Any]:
    return {
        "Timestamps": [datetime.fromtimestamp(timestamp, UTC) for timestamp, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "PartialData" if partial else "Complete",
    }
