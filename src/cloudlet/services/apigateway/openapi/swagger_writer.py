"""A deployment as a document of Swagger 2."""

from __future__ import annotations

from typing import Any, Final

from cloudlet.services.apigateway.model import Method, MethodResponse

from .schemas import exported
from .writing import Source, described_status, headers_of, parameters_of, verb_name

_PLACE: Final = "#/definitions/"


class SwaggerWriter:
    """Swagger 2.0."""

    def document(self, source: Source) -> dict[str, Any]:
        """See Writer."""
        definitions = {each.name: exported(each.schema, _PLACE) for each in source.snapshot.models}
        schemes = source.schemes
        return {
            "swagger": "2.0",
            "info": source.info,
            "host": source.host,
            "basePath": f"/{source.stage_name}",
            "schemes": ["https"],
            "paths": {
                each.path: {
                    verb_name(verb): _operation(source, method) for verb, method in each.methods.items()
                }
                for each in source.snapshot.resources
                if each.methods
            },
            **({"securityDefinitions": schemes} if schemes else {}),
            **({"definitions": definitions} if definitions else {}),
            **source.extensions,
        }


def _operation(source: Source, method: Method) -> dict[str, Any]:
    integration = method.method_integration
    consumes = {**(method.request_models or {}), **((integration and integration.request_templates) or {})}
    produces = [
        content_type
        for response in (method.method_responses or {}).values()
        for content_type in response.response_models or ()
    ]
    produces += [
        content_type
        for response in ((integration and integration.integration_responses) or {}).values()
        for content_type in response.response_templates or ()
    ]
    parameters = [
        {"name": name, "in": place, "required": required, "type": "string"}
        for name, place, required in parameters_of(method)
    ]
    models = list((method.request_models or {}).values())[:1]
    parameters += [
        {"in": "body", "name": name, "required": True, "schema": {"$ref": f"{_PLACE}{name}"}}
        for name in models
    ]
    security = source.security(method)
    return {
        **({"operationId": method.operation_name} if method.operation_name else {}),
        **({"consumes": list(consumes)} if consumes else {}),
        **({"produces": list(dict.fromkeys(produces))} if produces else {}),
        **({"parameters": parameters} if parameters else {}),
        "responses": {
            status: _response(status, each) for status, each in (method.method_responses or {}).items()
        },
        **({"security": security} if security else {}),
        **source.validator(method),
        **source.integration(method),
    }


def _response(status: str, row: MethodResponse) -> dict[str, Any]:
    models = list((row.response_models or {}).values())
    headers = {name: {"type": "string"} for name in headers_of(row)}
    return {
        "description": described_status(status),
        **({"schema": {"$ref": f"{_PLACE}{models[0]}"}} if models else {}),
        **({"headers": headers} if headers else {}),
    }
