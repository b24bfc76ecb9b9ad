"""Between stored rows and the API's members: the fields are the members in snake case.

Knows no row in particular.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypeVar

_IRREGULAR: Final = {"provider_arns": "providerARNs"}

T = TypeVar("T")


@lru_cache(maxsize=1024)
def member_name(field_name: str) -> str:
    """The API's name of a field: rest_api_id is restApiId."""
    if field_name in _IRREGULAR:
        return _IRREGULAR[field_name]
    first, *rest = field_name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def described(row: Any) -> dict[str, Any]:
    """The members of a row that has them, as boto3 shows them."""
    values = ((each.name, getattr(row, each.name)) for each in fields(row))
    return {member_name(name): _described(name, value) for name, value in values if value is not None}


def _described(name: str, value: Any) -> Any:
    if name.endswith("_date"):
        return datetime.fromtimestamp(int(value), UTC)
    if is_dataclass(value):
        return described(value)
    if isinstance(value, dict):
        return {key: described(item) if is_dataclass(item) else item for key, item in value.items()}
    if isinstance(value, list):
        return [described(item) if is_dataclass(item) else item for item in value]
    return value


def given(kind: type[T], request: Mapping[str, Any], **known: Any) -> T:
    """A row from those members of a request that it has a field for."""
    names = (each.name for each in fields(kind))  # type: ignore[arg-type]  # rows are dataclasses
    found = {name: request[member_name(name)] for name in names if request.get(member_name(name)) is not None}
    return kind(**{**found, **known})
