"""Schemas of documents as models of an API: references become the models' addresses, and back.

Checks no payload.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from cloudlet.services.apigateway.model import Model

_PLACES: Final = ("#/definitions/", "#/components/schemas/")
_MODEL: Final = re.compile(r"https://apigateway\.amazonaws\.com/restapis/[^/]+/models/([^/]+)")
_CONTENT_TYPE: Final = "application/json"
# What OpenAPI has beyond JSON Schema draft 4, which models are.
_DROPPED: Final = frozenset(
    {"discriminator", "example", "examples", "externalDocs", "nullable", "readOnly", "writeOnly", "xml"}
)


class Models:
    """The models of an API while its document is read; schemas without a name are given one."""

    def __init__(self, api_id: str) -> None:
        self._address = f"https://apigateway.amazonaws.com/restapis/{api_id}/models/"
        self.found: dict[str, Model] = {}

    def add(self, name: str, schema: Any) -> None:
        """A schema with a name of its own."""
        description = schema.get("description") if isinstance(schema, Mapping) else None
        self.found[name] = Model("", name, _CONTENT_TYPE, json.dumps(self._linked(schema)), description)

    def name_of(self, schema: Any) -> str:
        """The name of a schema, which may be a reference."""
        name = referenced(schema)
        if name is not None:
            return name
        text = json.dumps(self._linked(schema))
        name = f"MODEL{hashlib.sha256(text.encode()).hexdigest()[:6]}"
        self.found.setdefault(name, Model("", name, _CONTENT_TYPE, text))
        return name

    def _linked(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self._linked(each) for each in schema]
        if not isinstance(schema, Mapping):
            return schema
        name = referenced(schema)
        if name is not None:
            return {"$ref": self._address + name}
        return {
            key: self._linked_members(value) if key == "properties" else self._linked(value)
            for key, value in schema.items()
            if key not in _DROPPED
        }

    def _linked_members(self, properties: Any) -> Any:
        # A property may have any name, also that of a keyword.
        if not isinstance(properties, Mapping):
            return properties
        return {name: self._linked(each) for name, each in properties.items()}


def referenced(schema: Any) -> str | None:
    """The name of the schema that a reference points to; None for what is none."""
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    if not isinstance(reference, str):
        return None
    known = _MODEL.fullmatch(reference)
    if known is not None:
        return known[1]
    place = next((each for each in _PLACES if reference.startswith(each)), None)
    return reference.removeprefix(place) if place else None


def exported(schema: str, place: str) -> Any:
    """A model's schema with references to `place`, such as #/definitions/."""
    return _relinked(json.loads(schema), place)


def flattened(name: str, schemas: Mapping[str, str]) -> str:
    """A model's schema with all that it refers to among its own definitions."""
    place = "#/definitions/"
    schema = exported(schemas[name], place)
    found: dict[str, Any] = {}
    waiting = [*_references(schema)]
    while waiting:
        each = waiting.pop()
        if each in schemas and each not in found:
            found[each] = exported(schemas[each], place)
            waiting += _references(found[each])
    return json.dumps({**schema, "definitions": found} if found else schema)


def _references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for each in schema for name in _references(each)]
    if not isinstance(schema, dict):
        return []
    name = referenced(schema)
    return [name] if name else [name for each in schema.values() for name in _references(each)]


def _relinked(schema: Any, place: str) -> Any:
    if isinstance(schema, list):
        return [_relinked(each, place) for each in schema]
    if not isinstance(schema, dict):
        return schema
    name = referenced(schema)
    if name is not None:
        return {"$ref": place + name}
    return {key: _relinked(value, place) for key, value in schema.items() if key != "$schema"}
