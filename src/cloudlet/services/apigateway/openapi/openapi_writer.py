"""A deployment as a document of OpenAPI 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudlet.services.apigateway.model import Method, MethodResponse

from .schemas import exported
from .writing import Source, described_status, headers_of, parameters_of, verb_name

_PLACE: Final = "#/components/schemas/"


class OpenApiWriter:
    """OpenAPI 3.0.1."""

    def document(self, source: Source) -> dict[str, Any]:
        """See Writer."""
        schemas = {each.name: exported(each.schema, _PLACE) for each in source.snapshot.models}
        schemes = source.schemes
        server = {
            "url": f"https://{source.host}/{{basePath}}",
            "variables": {"basePath": {"default": source.stage_name}},
        }
        return {
            "openapi": "3.0.1",
            "info": source.info,
            "servers": [server],
            "paths": {
                each.path: {
                    verb_name(verb): _operation(source, method) for verb, method in each.methods.items()
                }
                for each in source.snapshot.resources
                if each.methods
            },
            "components": {
                **({"schemas": schemas} if schemas else {}),
                **({"securitySchemes": schemes} if schemes else {}),
            },
            **source.extensions,
        }


def _operation(source: Source, method: Method) -> dict[str, Any]:
    parameters = [
        {
            "name": name,
            "in": place,
            **({"required": True} if required else {}),
            "schema": {"type": "string"},
        }
        for name, place, required in parameters_of(method)
    ]
    body = {"content": _content(method.request_models), "required": True}
    security = source.security(method)
    return {
        **({"operationId": method.operation_name} if method.operation_name else {}),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": body} if method.request_models else {}),
        "responses": {
            status: _response(status, each) for status, each in (method.method_responses or {}).items()
        },
        **({"security": security} if security else {}),
        **source.validator(method),
        **source.integration(method),
    }


def _response(status: str, row: MethodResponse) -> dict[str, Any]:
    headers = {name: {"schema": {"type": "string"}} for name in headers_of(row)}
    return {
        "description": described_status(status),
        **({"headers": headers} if headers else {}),
        "content": _content(row.response_models),
    }


def _content(models: Mapping[str, str] | None) -> dict[str, Any]:
    return {
        content_type: {"schema": {"$ref": f"{_PLACE}{name}"}} for content_type, name in (models or {}).items()
    }
