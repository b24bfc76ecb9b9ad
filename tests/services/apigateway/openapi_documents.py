"""Builds small OpenAPI documents of both versions, and shows what became of them."""

from __future__ import annotations

import json
from typing import Any

from recorded_answers import Recording

EMPTY = {"title": "Empty Schema", "type": "object"}
STATUS_200 = '{"statusCode": 200}'


def integration(kind: str, **members: Any) -> dict[str, Any]:
    """An integration that answers 200 unless told otherwise."""
    return {
        "type": kind,
        "responses": {"default": {"statusCode": "200"}},
        "passthroughBehavior": "when_no_match",
        **members,
    }


def mocked(headers: dict[str, str] | None = None, **members: Any) -> dict[str, Any]:
    """A MOCK integration; its answer has some headers."""
    response: dict[str, Any] = {"statusCode": "200", **members.pop("response", {})}
    if headers:
        response["responseParameters"] = {
            f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()
        }
    templates = {"application/json": STATUS_200}
    return integration("mock", requestTemplates=templates, responses={"default": response}, **members)


def operation(does: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """An operation that answers 200."""
    made = {"responses": {"200": {"description": "200 response"}}, **members}
    return made if does is None else {**made, "x-amazon-apigateway-integration": does}


def answered(schema: str, version: int = 3, headers: tuple[str, ...] = ()) -> dict[str, Any]:
    """The responses of an operation that answers 200 with a named schema and some headers."""
    response: dict[str, Any] = {"description": "200 response"}
    if version == 3:
        response["content"] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
        response["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    elif schema:
        response["schema"] = {"$ref": f"#/definitions/{schema}"}
    if version == 2:
        response["headers"] = {name: {"type": "string"} for name in headers}
    return {"200": response}


def swagger(title: str, paths: dict[str, Any], version: str = "1.0", **members: Any) -> dict[str, Any]:
    """A document of Swagger 2."""
    return {"swagger": "2.0", "info": {"title": title, "version": version}, "paths": paths, **members}


def openapi(title: str, paths: dict[str, Any], version: Any = "1.0", **members: Any) -> dict[str, Any]:
    """A document of OpenAPI 3."""
    return {"openapi": "3.0.1", "info": {"title": title, "version": version}, "paths": paths, **members}


def expect_methods(aws: Recording, apigateway: Any, api_id: str, prefix: str = "") -> None:
    """Holds every method, its 200 response, its integration and that one's 200 against the recording."""
    for resource in sorted(apigateway.get_resources(restApiId=api_id)["items"], key=lambda row: row["path"]):
        for verb in resource.get("resourceMethods", ()):
            named = {"restApiId": api_id, "resourceId": resource["id"], "httpMethod": verb}
            place = f"{resource['path'][1:] or 'root'}-{verb.lower()}"
            for key, ask, more in (
                ("method", apigateway.get_method, {}),
                ("method-response", apigateway.get_method_response, {"statusCode": "200"}),
                ("integration", apigateway.get_integration, {}),
                ("integration-response", apigateway.get_integration_response, {"statusCode": "200"}),
            ):
                name = f"{prefix}{key}-{place}"
                if "Error" in aws.content[name]:
                    aws.refuses(name, ask, **named, **more)
                else:
                    aws.expect(name, ask(**named, **more))


def text(document: dict[str, Any]) -> bytes:
    """A document as JSON."""
    return json.dumps(document).encode()
