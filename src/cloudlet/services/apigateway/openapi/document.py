"""An OpenAPI document's bytes, JSON or YAML, as plain dictionaries and lists; and references within it.

Fetches nothing: a reference to another document stays unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

Document: TypeAlias = Mapping[str, Any]

_DEEPEST: Final = 100
_MOST_VALUES: Final = 500_000


class InvalidDocument(Exception):
    """Raised for what is neither JSON nor YAML, or no object."""


def parse(body: bytes) -> Document:
    """What stands in a document. Raises InvalidDocument."""
    try:
        text = body.decode("utf-8-sig")
        found = json.loads(text) if text.lstrip().startswith("{") else _parse_yaml(text)
    except (ValueError, RecursionError) as error:
        raise InvalidDocument from error
    if not isinstance(found, dict):
        raise InvalidDocument
    try:
        return mapping(_Copy().of(found))
    except RecursionError as error:
        raise InvalidDocument from error


def resolved(document: Document, value: Any) -> Document:
    """An object, or the one in the document that it refers to; empty where there is none."""
    for _ in range(_DEEPEST):
        reference = value.get("$ref") if isinstance(value, Mapping) else None
        if not isinstance(reference, str):
            break
        value = _at(document, reference)
    return value if isinstance(value, Mapping) else {}


def _at(document: Document, reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, or an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: Any) -> Sequence[Any]:
    """A list, or an empty one in place of anything else."""
    return value if isinstance(value, list) else ()


def text(value: Any) -> str | None:
    """A text, also of a number; None for nothing and for what is no single value."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    return None


def number(value: Any) -> int | None:
    """A whole number, also one given as text; None for nothing. Raises InvalidDocument."""
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidDocument from error


def _parse_yaml(text: str) -> Any:
    from cloudlet.services.apigateway.openapi.yaml_text import load  # noqa: PLC0415  start time: 10 ms

    return load(text)


class _Copy:
    """A copy with text for all keys: YAML has numbers there, above all statuses.

    YAML's aliases may make a short text a huge document, so what is copied is counted.
    """

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def of(self, value: Any) -> Any:
        """A value's copy. Raises InvalidDocument."""
        self._left -= 1
        if self._left < 0:
            raise InvalidDocument
        if isinstance(value, dict):
            return {str(key): self.of(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.of(each) for each in value]
        return value
