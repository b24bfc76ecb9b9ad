"""What GetModelTemplate answers: templates that make payloads of a model's shape, with sample values.

Renders nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from cloudlet.services.apigateway.openapi.schemas import referenced

_SAMPLES: Final = {
    "string": '"foo"',
    "integer": "42",
    "number": "3.1415926",
    "boolean": "true",
    "null": "null",
}
_DEEPEST: Final = 20


def sample_template(name: str, schemas: Mapping[str, str]) -> str:
    """A template for the model with a name, among an API's schemas."""
    sample = _Samples(schemas).of(json.loads(schemas[name]), "$inputRoot", 0)
    return f"#set($inputRoot = $input.path('$'))\n{sample}"


class _Samples:
    """Writes samples; models may refer to each other in circles."""

    def __init__(self, schemas: Mapping[str, str]) -> None:
        self._schemas = schemas

    def of(self, schema: Any, source: str, depth: int) -> str:
        """A sample of a schema; `source` is where the template finds the input for it."""
        name = referenced(schema)
        if name is not None:
            schema = json.loads(self._schemas.get(name, "{}"))
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return "{ }"
        kind = schema.get("type")
        if kind == "array":
            return self._array(schema, source, depth)
        if kind == "object" or "properties" in schema:
            return self._object(schema, source, depth)
        values = schema.get("enum")
        if isinstance(values, list) and values:
            return json.dumps(values[0])
        return _SAMPLES.get(str(kind), "{ }")

    def _object(self, schema: Mapping[str, Any], source: str, depth: int) -> str:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            return "{ }"
        members = [
            f'{"  " * (depth + 1)}"{name}" : {self.of(each, f"{source}.{name}", depth + 1)}'
            for name, each in properties.items()
        ]
        return "{\n" + ",\n".join(members) + f"\n{'  ' * depth}}}"

    def _array(self, schema: Mapping[str, Any], source: str, depth: int) -> str:
        item = self.of(schema.get("items", {}), "$elem", depth + 1)
        lines = (
            "[",
            f"#foreach($elem in {source})",
            f" {item}",
            "#if($foreach.hasNext),#end",
            "#end",
            "]",
        )
        return "\n".join(lines)
