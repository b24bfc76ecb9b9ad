"""Between stored rows and the API's members: the fields are the members in snake case.

Knows no row in particular.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypeVar

from msgspec import Struct

_IRREGULAR: Final = {"provider_arns": "providerARNs"}

T = TypeVar("T", bound=Struct)


@lru_cache(maxsize=1024)
def member_name(field_name: str) -> str:
    """The API's name of a field: rest_api_id is restApiId."""
    if field_name in _IRREGULAR:
        return _IRREGULAR[field_name]
    first, *rest = field_name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def described(row: Struct) -> dict[str, Any]:
    """The members of a row that has them, as boto3 shows them."""
    values = ((name, getattr(row, name)) for name in row.__struct_fields__)
    return {member_name(name): _described(name, value) for name, value in values if value is not None}


def _described(name: str, value: Any) -> Any:
    if name.endswith("_date"):
        return datetime.fromtimestamp(int(value), UTC)
    if isinstance(value, Struct):
        return described(value)
    if isinstance(value, dict):
        return {key: described(item) if isinstance(item, Struct) else item for key, item in value.items()}
    if isinstance(value, list):
        return [described(item) if isinstance(item, Struct) else item for item in value]
    return value


def given(kind: type[T], request: Mapping[str, Any], **known: Any) -> T:
    """A row from those members of a request that it has a field for."""
    names = kind.__struct_fields__
    found = {name: request[member_name(name)] for name in names if request.get(member_name(name)) is not None}
    return kind(**{**found, **known})
