"""A template's text as plain dictionaries and lists: JSON here, YAML in yaml_document.

What a section may hold is not judged here.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, Final, TypeAlias

from cloudlet.services.cloudformation.errors import ValidationError

Document: TypeAlias = dict[str, Any]

DEEPEST: Final = 200
LARGEST_INTEGER: Final = 2**63


def parse_document(text: str) -> Document:
    """The document in a template's text. Raises ValidationError."""
    try:
        found = _parse_json(text) if text.lstrip().startswith("{") else _parse_yaml(text)
    except RecursionError as error:
        raise ValidationError("Template format error: unsupported structure.") from error
    if not isinstance(found, dict):
        raise ValidationError("Template format error: unsupported structure.")
    return found


def _parse_yaml(text: str) -> Any:
    from cloudlet.services.cloudformation.deploy import yaml_document  # noqa: PLC0415  start time: 10 ms

    return yaml_document.parse_yaml(text)


def _parse_json(text: str) -> Any:
    try:
        found = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise ValidationError(
            f"Template format error: JSON not well-formed. (line {error.lineno}, column {error.colno})"
        ) from error
    _check_depth(found, 0)
    return found


def _check_depth(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise ValidationError("Template format error: unsupported structure.")
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        _check_depth(item, depth + 1)


def _object(pairs: list[tuple[str, Any]]) -> Document:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValidationError(f"Template format error: JSON not well-formed. (duplicate key '{twice}')")
    return found


def _integer(digits: str) -> int | str:
    number = int(digits) if len(digits) < 20 else LARGEST_INTEGER
    return number if -LARGEST_INTEGER <= number < LARGEST_INTEGER else digits


def _float(digits: str) -> float | str:
    number = float(digits)
    return number if isfinite(number) else digits


def _refuse_constant(name: str) -> Any:
    raise ValidationError(f"Template format error: JSON not well-formed. (unexpected {name})")


def refuse_nulls(value: Any, path: str = "") -> None:
    """Raises ValidationError, naming the place, for a null anywhere in a part of a template."""
    if value is None:
        raise ValidationError(f"[{path}] 'null' values are not allowed in templates")
    if isinstance(value, dict):
        for key, item in value.items():
            refuse_nulls(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            refuse_nulls(item, f"{path}/{index}")


def is_name(value: object) -> bool:
    """Whether a value can be a logical id: ASCII letters and digits only."""
    return isinstance(value, str) and value.isascii() and value.isalnum()
