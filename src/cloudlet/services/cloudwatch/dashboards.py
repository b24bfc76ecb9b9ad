"""Dashboards: what one is, and what its body must be like. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from cloudlet.services.cloudwatch.errors import DashboardInvalidInputError, InvalidParameterValueException

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_WIDGET_TYPES: Final = ("alarm", "custom", "explorer", "log", "metric", "text")
_PLACES: Final[Mapping[str, tuple[int, int | None]]] = {
    "x": (0, 23),
    "y": (0, None),
    "width": (1, 24),
    "height": (1, 1000),
}
_METRIC_PARTS: Final = 2


class Dashboard(Struct, frozen=True):
    """A dashboard; an account's are the same in all regions."""

    name: str
    body: str
    modified_at: float
    tags: dict[str, str] = {}


class Fault(Struct, frozen=True):
    """What is wrong with a body, and where."""

    path: str
    message: str

    def describe(self) -> dict[str, str]:
        """As the API has it."""
        return {"DataPath": self.path, "Message": self.message}


def check_name(name: str) -> None:
    """Raises InvalidParameterValueException for a name that cannot be."""
    if not _NAME.fullmatch(name):
        raise InvalidParameterValueException(
            "The value for field DashboardName contains invalid characters. "
            "It can only contain alphanumerics, dash (-) and underscore (_).\n"
        )


def check_body(text: str) -> None:
    """Raises DashboardInvalidInputError, naming every fault."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise DashboardInvalidInputError("The field DashboardBody must be a valid JSON object") from error
    if not isinstance(body, dict):
        raise DashboardInvalidInputError("The field DashboardBody must be a valid JSON object")
    faults = list(_body_faults(body))
    if faults:
        plural = "" if len(faults) == 1 else "s"
        told = json.dumps([{"dataPath": each.path, "message": each.message} for each in faults], indent=2)
        raise DashboardInvalidInputError(
            f"The dashboard body is invalid, there are {len(faults)} validation error{plural}:\n{told}",
            dashboardValidationMessages=[each.describe() for each in faults],
        )


def _body_faults(body: Mapping[str, Any]) -> Iterator[Fault]:
    widgets = body.get("widgets")
    if widgets is None:
        yield Fault("", "Should have required property 'widgets'")
    elif not isinstance(widgets, list):
        yield Fault("/widgets", "Should be array")
    else:
        for number, widget in enumerate(widgets):
            yield from _widget_faults(widget, f"/widgets/{number}")


def _widget_faults(widget: Any, path: str) -> Iterator[Fault]:
    if not isinstance(widget, dict):
        yield Fault(path, "Should be object")
        return
    for name in ("type", "properties"):
        if name not in widget:
            yield Fault(path, f"Should have required property '{name}'")
    if widget.get("type", _WIDGET_TYPES[0]) not in _WIDGET_TYPES:
        yield Fault(f"{path}/type", "Should be equal to one of the allowed values")
    for name, (low, high) in _PLACES.items():
        if name in widget:
            yield from _place_faults(widget[name], low, high, f"{path}/{name}")
    properties = widget.get("properties", {})
    if not isinstance(properties, dict):
        yield Fault(f"{path}/properties", "Should be object")
    elif widget.get("type") == "metric":
        yield from _metric_widget_faults(properties, f"{path}/properties")
    elif widget.get("type") == "text" and "markdown" not in properties:
        yield Fault(f"{path}/properties", "Should have required property 'markdown'")


def _place_faults(value: Any, low: int, high: int | None, path: str) -> Iterator[Fault]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield Fault(path, "Should be integer")
    elif value < low:
        yield Fault(path, f"Should be >= {low}")
    elif high is not None and value > high:
        yield Fault(path, f"Should be <= {high}")


def _metric_widget_faults(properties: Mapping[str, Any], path: str) -> Iterator[Fault]:
    if "metrics" not in properties and "annotations" not in properties:
        yield Fault(path, "Should have required property 'metrics'")
        yield Fault(
            path, "The metric widget should have specified a region and a data source or an alarm annotation"
        )
        yield Fault(path, "Should have required property 'annotations'")
        return
    metrics = properties.get("metrics", [])
    if not isinstance(metrics, list):
        yield Fault(f"{path}/metrics", "Should be array")
        return
    for number, metric in enumerate(metrics):
        yield from _metric_faults(metric, f"{path}/metrics/{number}")


def _metric_faults(metric: Any, path: str) -> Iterator[Fault]:
    if not isinstance(metric, list):
        yield Fault(path, "Should be array")
        yield Fault(
            path,
            'Field "metrics" has to be an array of array of strings, '
            "with an optional metricRenderer object as last element",
        )
        return
    parts: Sequence[Any] = metric[:-1] if metric and isinstance(metric[-1], dict) else metric
    if any(not isinstance(part, str) for part in parts):
        yield Fault(path, 'Invalid metric field type, only "String" type is allowed')
    elif len(parts) % _METRIC_PARTS:
        yield Fault(path, f"Should NOT have more than {_METRIC_PARTS} items")
