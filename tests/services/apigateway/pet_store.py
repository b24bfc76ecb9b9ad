"""The pet store that AWS's recorded answers show, built from what they say of it."""

from __future__ import annotations

from typing import Any

from openapi_documents import answered, integration, mocked, operation, swagger

ORIGIN = "Access-Control-Allow-Origin"
BACKEND = "http://petstore.execute-api.us-east-1.amazonaws.com/petstore/pets"
ABOUT = (
    "Your first API with Amazon API Gateway. This is a sample API that integrates via HTTP with our demo "
    "Pet Store endpoints"
)
FUNCTION = "arn:aws:lambda:us-east-1:123412341234:function:judge"
LAMBDA = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31"
JSON = ["application/json"]


def _to_backend(verb: str, path: str = "", **members: Any) -> dict[str, Any]:
    response = {"statusCode": "200", "responseParameters": {f"method.response.header.{ORIGIN}": "'*'"}}
    return integration(
        "http", uri=f"{BACKEND}{path}", httpMethod=verb, responses={"default": response}, **members
    )


def _preflight(verbs: str, **members: Any) -> dict[str, Any]:
    headers = {
        ORIGIN: "*",
        "Access-Control-Allow-Methods": verbs,
        "Access-Control-Allow-Headers": "Content-Type,X-Amz-Date,Authorization,X-Api-Key",
    }
    responses = answered("Empty", 2, (*headers,))
    return operation(mocked(headers), responses=responses, consumes=JSON, produces=JSON, **members)


def _schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def pet_store(html: str, pet_key: str, *, guarded: bool) -> dict[str, Any]:
    """The document; `html` is its front page, `pet_key` what a pet is known by."""
    guard = {"security": [{"test-authorizer": []}]} if guarded else {}
    front = mocked({"Content-Type": "text/html"}, response={"responseTemplates": {"text/html": html}})
    wanted = [{"name": name, "in": "query", "required": False, "type": "string"} for name in ("type", "page")]
    queries = {
        f"integration.request.querystring.{name}": f"method.request.querystring.{name}"
        for name in ("type", "page")
    }
    pet_id = [{"name": "petId", "in": "path", "required": True, "type": "string"}]
    body = {"in": "body", "name": "NewPet", "required": True, "schema": {"$ref": "#/definitions/NewPet"}}
    show = operation(
        _to_backend(
            "GET",
            "/{petId}",
            requestParameters={"integration.request.path.petId": "method.request.path.petId"},
        ),
        operationId="GetPet",
        produces=JSON,
        parameters=pet_id,
        responses=answered("Pet", 2, (ORIGIN,)),
    )
    add = operation(
        _to_backend("POST"),
        operationId="CreatePet",
        consumes=JSON,
        produces=JSON,
        parameters=[body],
        responses=answered("NewPetResponse", 2, (ORIGIN,)),
    )
    show_all = operation(
        _to_backend("GET", requestParameters=queries),
        produces=JSON,
        parameters=wanted,
        responses=answered("Pets", 2, (ORIGIN,)),
        **guard,
    )
    welcome = operation(
        front, consumes=JSON, produces=["text/html"], responses=answered("", 2, ("Content-Type",)), **guard
    )
    document = swagger(
        "PetStore",
        {
            "/": {"get": welcome},
            "/pets": {"get": show_all, "post": add, "options": _preflight("POST,GET,OPTIONS")},
            "/pets/{petId}": {"get": show, "options": _preflight("GET,OPTIONS", parameters=pet_id)},
        },
        definitions={
            "Pets": {"type": "array", "items": {"$ref": "#/definitions/Pet"}},
            "Empty": {"type": "object"},
            "NewPetResponse": _schema(pet={"$ref": "#/definitions/Pet"}, message={"type": "string"}),
            "Pet": _schema(
                **{pet_key: {"type": "integer"}}, type={"type": "string"}, price={"type": "number"}
            ),
            "NewPet": _schema(type={"$ref": "#/definitions/PetType"}, price={"type": "number"}),
            "PetType": {"type": "string", "enum": ["dog", "cat", "fish", "bird", "gecko"]},
        },
    )
    document["info"]["description"] = ABOUT
    if guarded:
        document["securityDefinitions"] = _authorizers()
    else:
        del document["info"]["version"]
    return document


def _authorizers() -> dict[str, Any]:
    extension = {
        "type": "token",
        "authorizerUri": f"{LAMBDA}/functions/{FUNCTION}/invocations",
        "authorizerCredentials": "arn:aws:iam::123412341234:role/judge",
        "identityValidationExpression": "^x-[a-z]+",
    }
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "oauth2",
        "x-amazon-apigateway-authorizer": extension,
    }
    remembered = {
        **scheme,
        "x-amazon-apigateway-authorizer": {**extension, "authorizerResultTtlInSeconds": 60},
    }
    return {"test-authorizer": remembered, "test-authorizer-not-used": scheme}
