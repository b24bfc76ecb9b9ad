"""Queries of metric data, as GetMetricData and alarms ask them: read from their requests and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.cloudwatch.errors import ValidationException
from cloudlet.services.cloudwatch.labels import Asked
from cloudlet.services.cloudwatch.math.evaluate import WORDS, check_functions, names_in
from cloudlet.services.cloudwatch.math.parser import parse
from cloudlet.services.cloudwatch.math.syntax import ExpressionError, Node
from cloudlet.services.cloudwatch.model import Metric, dimensions_of, is_period
from cloudlet.services.cloudwatch.statistics import find_statistic

_PATTERN: Final = "^[a-z][a-zA-Z0-9_]*$"
_ID: Final = re.compile(_PATTERN)
_SELECT: Final = re.compile(r"\s*SELECT\b", re.IGNORECASE)


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
