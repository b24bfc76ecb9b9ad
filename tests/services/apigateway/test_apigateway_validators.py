"""Request validators, held against what AWS recorded: parameters first, then bodies by their models."""

from __future__ import annotations

import json

import pytest
from recorded_answers import recording

DRAFT = "http://json-schema.org/draft-04/schema#"
NUMBERS = {
    "$schema": DRAFT,
    "title": "testSchema",
    "type": "object",
    "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
    "required": ["a", "b"],
}
STATUS = {
    "type": "object",
    "properties": {"Status": {"type": "string"}, "Order": {"type": "integer"}},
    "required": ["Status", "Order"],
}


@pytest.fixture
def validated(api):
    """A method whose bodies a model describes."""

    def make(model, parameters=None, path="/{test}", verb="POST", **checks):
        validator = api.boto.create_request_validator(restApiId=api.id, name="both", **checks)["id"]
        api.resource(path)
        template = {"application/json": '{"statusCode": 200}'}
        named = api.method(
            verb,
            path,
            {"type": "MOCK", "requestTemplates": template},
            requestParameters=parameters or {},
            requestModels={"application/json": model},
            requestValidatorId=validator,
        )
        api.respond(named, responseTemplates={"application/json": '{"data": "ok"}'})
        api.deploy()
        return api

    return make


def add_model(api, name, schema):
    text = json.dumps(schema)
    api.boto.create_model(restApiId=api.id, name=name, contentType="application/json", schema=text)


def reference(api, name):
    return {"$ref": f"https://apigateway.amazonaws.com/restapis/{api.id}/models/{name}"}


REQUIRED = {
    "method.request.header.x-header-param": True,
    "method.request.path.issuer": True,
    "method.request.querystring.qs1": True,
}


def test_missing_parameters_are_named_and_bodies_looked_at_after_them(api, validated):
    recorded = recording("common", "TestApiGatewayCommon::test_api_gateway_request_validator").content
    add_model(api, "testSchema", NUMBERS)
    validated("testSchema", REQUIRED, validateRequestBody=True, validateRequestParameters=True)
    answer = api.call("/x", "POST", json={"a": "no number"})
    assert (answer.status_code, answer.json()) == (400, recorded["missing-all-required-request-params-post"])
    assert answer.headers["x-amzn-ErrorType"] == "BadRequestException"


def test_an_api_names_the_first_place_that_lacks_something(api, validated):
    recorded = recording("common", "TestApiGatewayCommon::test_api_gateway_request_validator").content
    add_model(api, "testSchema", NUMBERS)
    parameters = {**REQUIRED, "method.request.path.test": True}
    del parameters["method.request.path.issuer"]
    validated("testSchema", parameters, validateRequestBody=True, validateRequestParameters=True)
    sent = {"headers": {"x-header-param": "h"}, "json": {"a": 1, "b": 2}}
    assert api.call("/x?qs1=q", "POST", **sent).json() == {"data": "ok"}
    no_query = api.call("/x", "POST", **sent)
    assert no_query.json() == recorded["missing-required-qs-request-params-get"]
    no_header = api.call("/x?qs1=q", "POST", json=sent["json"])
    assert no_header.json() == recorded["missing-required-headers-request-params-get"]
    bad_body = api.call("/x?qs1=q", "POST", headers=sent["headers"], json={"a": 1})
    assert (bad_body.status_code, bad_body.json()) == (400, recorded["invalid-request-body"])


def test_models_refer_to_models(api, validated):
    name = "TestApiGatewayCommon::test_api_gateway_request_validator_with_ref_models"
    recorded = recording("common", name).content
    add_model(api, "testSchema", NUMBERS)
    add_model(api, "testSchemaList", {"type": "array", "items": reference(api, "testSchema")})
    validated("testSchemaList", path="/path", validateRequestBody=True)
    assert api.call("/path", "POST", json=[{"a": 1, "b": 2}]).json() == recorded["successful"]
    assert api.call("/path", "POST", json=[{"a": 1}]).json() == recorded["failed-validation"]


def test_one_of_several_models(api, validated):
    name = "TestApiGatewayCommon::test_api_gateway_request_validator_with_ref_one_ofmodels"
    recorded = recording("common", name).content
    add_model(api, "StatusModel", STATUS)
    choice = {"oneOf": [{"type": "null"}, reference(api, "StatusModel")]}
    wanted = {"type": "object", "properties": {"status": choice}, "required": ["status"]}
    add_model(api, "TestModel", wanted)
    validated("TestModel", path="/path", validateRequestBody=True)
    cases = {
        "successful": {"status": None},
        "successful-with-data": {"status": {"Status": "success", "Order": 1}},
        "failed-validation-no-data": {"status": {}},
        "failed-validation-bad-data": {"status": {"Status": 1, "Order": "no"}},
    }
    for key, body in cases.items():
        assert api.call("/path", "POST", json=body).json() == recorded[key], key


def test_draft_4_takes_exclusive_limits_for_flags(api, validated):
    schema = {"type": "number", "minimum": 3, "exclusiveMinimum": True}
    add_model(api, "above", schema)
    validated("above", path="/path", validateRequestBody=True)
    assert [api.call("/path", "POST", json=number).status_code for number in (3, 3.5)] == [400, 200]


def test_a_model_may_refer_to_itself(api, validated):
    add_model(api, "person", {"type": "object"})
    tree = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": reference(api, "person")},
        },
        "required": ["name"],
    }
    patch = [{"op": "replace", "path": "/schema", "value": json.dumps(tree)}]
    api.boto.update_model(restApiId=api.id, modelName="person", patchOperations=patch)
    validated("person", path="/path", validateRequestBody=True)
    good = {"name": "a", "children": [{"name": "b", "children": []}]}
    bad = {"name": "a", "children": [{"children": []}]}
    assert [api.call("/path", "POST", json=body).status_code for body in (good, bad)] == [200, 400]


def test_a_gateway_response_may_say_what_is_wrong_with_a_body(api, validated):
    add_model(api, "testSchema", NUMBERS)
    template = '{"message": $context.error.messageString, "why": "$context.error.validationErrorString"}'
    api.boto.put_gateway_response(
        restApiId=api.id,
        responseType="BAD_REQUEST_BODY",
        statusCode="422",
        responseTemplates={"application/json": template},
    )
    validated("testSchema", path="/path", validateRequestBody=True)
    answer = api.call("/path", "POST", json={"a": 1, "b": True})
    assert answer.status_code == 422
    assert answer.json()["message"] == "Invalid request body"
    assert answer.json()["why"].startswith("[")
