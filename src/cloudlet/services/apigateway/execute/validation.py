"""Whether a request has what its validator asks for: parameters, and a body that its model allows.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
Fetches no schema from anywhere: a model refers only to models of its own API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from .errors import bad_body, configuration_error
from .templates import JSON

_REFERENCE: Final = re.compile(r"https://apigateway\.amazonaws\.com/restapis/[^/]+/models/([A-Za-z0-9]+)")


class BodyValidator:
    """The models of a method's request, by content type. Validators are made when first needed, and kept."""

    __slots__ = ("_made", "_models", "_schemas")

    def __init__(self, models: Mapping[str, str], schemas: Mapping[str, str]) -> None:
        self._models = models
        self._schemas = schemas
        self._made: dict[str, Any] = {}

    def check(self, body: bytes, content_type: str) -> None:
        """Raises GatewayError for a body that its model does not allow."""
        plain = content_type.partition(";")[0].strip()
        name = self._models.get(plain) or self._models.get("$default") or self._models.get(JSON)
        if name is None:
            return
        try:
            document = json.loads(body or b"{}")
        except (ValueError, RecursionError) as error:
            raise bad_body() from error
        errors = [error.message for error in self._validator(name).iter_errors(document)]
        if errors:
            raise bad_body(detail=f"[{', '.join(errors)}]")

    def _validator(self, name: str) -> Any:
        made = self._made.get(name)
        if made is None:
            from jsonschema import (  # type: ignore[import-untyped]  # noqa: PLC0415  no types; start time
                Draft4Validator,
            )

            made = self._made[name] = Draft4Validator(self._schema(name))
        return made

    def _schema(self, name: str) -> dict[str, Any]:
        """The model with every model that it refers to among its definitions."""
        definitions: dict[str, Any] = {}
        waiting = [name]
        while waiting:
            each = waiting.pop()
            if each in definitions:
                continue
            definitions[each] = _local(self._parsed(each), waiting)
        return {"definitions": {"models": definitions}, "$ref": f"#/definitions/models/{name}"}

    def _parsed(self, name: str) -> Any:
        text = self._schemas.get(name)
        if text is None:
            raise configuration_error()
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise configuration_error() from error


def _local(schema: Any, found: list[str]) -> Any:
    """A schema whose references to models point into the definitions; adds to `found` what they name."""
    if isinstance(schema, list):
        return [_local(each, found) for each in schema]
    if not isinstance(schema, dict):
        return schema
    local = {key: _local(value, found) for key, value in schema.items() if key not in ("$schema", "id")}
    reference = schema.get("$ref")
    named = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
    if named:
        found.append(named[1])
        local["$ref"] = f"#/definitions/models/{named[1]}"
    return local
