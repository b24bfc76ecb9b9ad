"""Documents of any shape are read, or are said to be none: nothing else comes of them."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_documents import EMPTY, answered, mocked, openapi, operation, swagger

from cloudlet.services.apigateway.openapi.document import InvalidDocument, parse
from cloudlet.services.apigateway.openapi.reading import read_definition

_SCHEME = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "x-amazon-apigateway-authtype": "custom",
    "x-amazon-apigateway-authorizer": {
        "type": "token",
        "authorizerUri": "x",
        "authorizerResultTtlInSeconds": 60,
        "providerARNs": ["a"],
    },
}
_EXTENSIONS: dict[str, Any] = {
    "x-amazon-apigateway-binary-media-types": ["a/b"],
    "x-amazon-apigateway-minimum-compression-size": 1,
    "x-amazon-apigateway-policy": {},
    "x-amazon-apigateway-endpoint-configuration": {
        "vpcEndpointIds": ["a"],
        "disableExecuteApiEndpoint": True,
    },
    "x-amazon-apigateway-request-validators": {"a": {"validateRequestBody": True}},
    "x-amazon-apigateway-request-validator": "a",
    "x-amazon-apigateway-gateway-responses": {
        "THROTTLED": {"statusCode": 1, "responseParameters": {"a": "b"}}
    },
    "x-amazon-apigateway-documentation": {
        "documentationParts": [{"location": {"type": "METHOD"}, "properties": {}}]
    },
}
_POST = operation(
    mocked({"a": "b"}, cacheKeyParameters=["a"], timeoutInMillis=50, tlsConfig={}, contentHandling="x"),
    parameters=[{"name": "a", "in": "query"}, {"in": "body", "name": "b", "schema": EMPTY}],
    security=[{"judge": ["a"]}],
    **{"x-amazon-apigateway-auth": {"type": "NONE"}},
)
DOCUMENTS = [
    swagger(
        "a",
        {"/a/{b}": {"post": {**_POST, "responses": answered("Empty", 2, ("a",))}, "parameters": []}},
        basePath="/a",
        consumes=["a/b"],
        definitions={"Empty": {**EMPTY, "properties": {"a": {"$ref": "#/definitions/Empty"}}}},
        securityDefinitions={"judge": _SCHEME},
        security=[{"judge": []}],
        **_EXTENSIONS,
    ),
    openapi(
        "a",
        {
            "/a/{b}": {
                "post": {
                    **_POST,
                    "responses": answered("Empty", 3, ("a",)),
                    "requestBody": {"content": {"a/b": {"schema": EMPTY}}},
                }
            }
        },
        servers=[{"url": "https://a/{b}", "variables": {"b": {"default": "c"}}}],
        components={"schemas": {"Empty": EMPTY}, "securitySchemes": {"judge": _SCHEME}},
        **_EXTENSIONS,
    ),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    found = [path]
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, each in items:
        found += places(each, (*path, key))
    return found


PLACES = [(number, path) for number, document in enumerate(DOCUMENTS) for path in places(document) if path]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), JSON)
def test_a_document_with_anything_anywhere_is_read_or_refused(place, value):
    number, path = place
    document = copy.deepcopy(DOCUMENTS[number])
    inside: Any = document
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    with contextlib.suppress(InvalidDocument):
        read_definition(json.dumps(document).encode(), "abc", "split")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_any_bytes_are_a_document_or_none(body):
    with contextlib.suppress(InvalidDocument):
        parse(body)


def test_references_in_a_circle_end():
    document = swagger("a", {"/a": {"$ref": "#/paths/~1a"}}, parameters={"a": {"$ref": "#/parameters/a"}})
    document["paths"]["/a"] = {"get": {"parameters": [{"$ref": "#/parameters/a"}], "responses": {}}}
    assert read_definition(json.dumps(document).encode(), "abc", "ignore").paths["/a"]["GET"]


def test_aliases_of_aliases_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    body = "swagger: '2.0'\ninfo: {title: a}\n" + "\n".join(lines)
    with pytest.raises(InvalidDocument):
        read_definition(body.encode(), "abc", "ignore")
