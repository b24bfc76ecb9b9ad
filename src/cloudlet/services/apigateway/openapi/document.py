"""An OpenAPI document's bytes, JSON or YAML, as plain dictionaries and lists; and references within it.

Fetches nothing: a reference to another document stays unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Document: TypeAlias = Mapping[str, Any]

_DEEPEST: Final = 100


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
    return {str(key): _with_text_keys(each) for key, each in found.items()}


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


def _parse_yaml(text: str) -> Any:
    from cloudlet.services.apigateway.openapi.yaml_text import load  # noqa: PLC0415  start time: 10 ms

    return load(text)


def _with_text_keys(value: Any) -> Any:
    # YAML has numbers as keys, above all statuses.
    if isinstance(value, dict):
        return {str(key): _with_text_keys(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(each) for each in value]
    return value
