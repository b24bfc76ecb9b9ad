"""Fits loosely typed values to a service's model: CloudFormation's templates give "5" for 5.

Judges no constraint beyond the type; that is done in validate.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cloudlet.core.errors import ValidationError
from cloudlet.wire.model import Models, Shape

_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "false": False}


class Coercion:
    """Fits requests of every service."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def coerce(self, service: str, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The request with every value as the model types it. Raises ValidationError for what cannot be."""
        shape = self._models.service(service).operation(operation).input
        return request if shape is None else _structure(shape, request, "#")


def _fit(shape: Shape, value: Any, path: str) -> Any:
    fit = _FITS.get(shape.type)
    return value if fit is None or value is None else fit(shape, value, path)


def _structure(shape: Shape, value: Any, path: str) -> Any:
    if shape.has("document"):
        return value
    if not isinstance(value, Mapping):
        raise _mistyped(path, "JSONObject", value)
    members = shape.members
    for name in value:
        if name not in members:
            raise ValidationError(f"{path}: extraneous key [{name}] is not permitted")
    return {name: _fit(members[name], item, f"{path}/{name}") for name, item in value.items()}


def _list(shape: Shape, value: Any, path: str) -> Any:
    if not isinstance(value, list | tuple):
        raise _mistyped(path, "JSONArray", value)
    member = shape.member
    return [_fit(member, item, f"{path}/{place}") for place, item in enumerate(value)]


def _map(shape: Shape, value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise _mistyped(path, "JSONObject", value)
    inner = shape.value
    return {str(key): _fit(inner, item, f"{path}/{key}") for key, item in value.items()}


def _integer(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(value, bool):
        raise _mistyped(path, "Integer", value)
    if isinstance(value, int):
        return value
    number = _float(shape, value, path)
    if not float(number).is_integer():
        raise _mistyped(path, "Integer", value)
    return int(value) if isinstance(value, str) and value.strip().lstrip("+-").isdecimal() else int(number)


def _float(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return float(value) if isinstance(value, str) else _refuse(path, "Number", value)
    except ValueError as error:
        raise _mistyped(path, "Number", value) from error


def _boolean(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(value, bool):
        return value
    found = _BOOLEANS.get(value.lower()) if isinstance(value, str) else None
    return _refuse(path, "Boolean", value) if found is None else found


def _string(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list | tuple):
        raise _mistyped(path, "String", value)
    return value if isinstance(value, str) else str(value)


def _refuse(path: str, expected: str, value: Any) -> Any:
    raise _mistyped(path, expected, value)


def _mistyped(path: str, expected: str, value: Any) -> ValidationError:
    return ValidationError(f"{path}: expected type: {expected}, found: {_named(value)}")


def _named(value: Any) -> str:
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, str):
        return "String"
    if isinstance(value, int | float):
        return "Integer" if isinstance(value, int) else "Double"
    return "JSONArray" if isinstance(value, list | tuple) else "JSONObject"


_FITS: Final[Mapping[str, Callable[[Shape, Any, str], Any]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "string": _string,
}
