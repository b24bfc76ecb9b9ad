"""Methods, integrations and their responses, models and validators, held against AWS's recorded answers."""

from __future__ import annotations

import json

import pytest
from recorded_answers import recording


def patch(op, path, value=None):
    return {"op": op, "path": path, **({} if value is None else {"value": value})}


@pytest.fixture
def named(apigateway):
    made = apigateway.create_rest_api(name="a")
    return {"restApiId": made["id"], "resourceId": made["rootResourceId"]}


def test_a_method_lives_and_dies(apigateway, named):
    aws = recording("api", "test_method_lifecycle")
    whole = {**named, "httpMethod": "ANY"}
    aws.expect("put-base-method-response", apigateway.put_method(**whole, authorizationType="none".upper()))
    aws.expect("get-base-method-response", apigateway.get_method(**whole))
    aws.expect("del-base-method-response", apigateway.delete_method(**whole))
    aws.refuses("get-deleted-method-response", apigateway.get_method, **whole)
    aws.refuses("delete-deleted-method-response", apigateway.delete_method, **whole)


def test_request_parameters_have_names_of_their_own(apigateway, named):
    aws = recording("api", "test_method_request_parameters")
    whole = {**named, "httpMethod": "ANY", "authorizationType": "NONE"}
    parameters = {
        "method.request.querystring.q_optional": False,
        "method.request.querystring.q_required": True,
        "method.request.header.h_optional": False,
        "method.request.header.h_required": True,
    }
    made = apigateway.put_method(**whole, requestParameters=parameters)
    aws.expect("put-method-request-params-response", made)
    apigateway.delete_method(**named, httpMethod="ANY")
    same = {"method.request.querystring.optional": False, "method.request.header.optional": False}
    aws.refuses("req-params-same-name", apigateway.put_method, **whole, requestParameters=same)


def test_models_that_methods_need_stay(apigateway, named):
    aws = recording("api", "test_put_method_model")
    api_id = {"restApiId": named["restApiId"]}

    def model(name):
        schema = json.dumps({"title": name, "type": "object"})
        return apigateway.create_model(**api_id, name=name, contentType="application/json", schema=schema)

    aws.expect("create-model", model("MySchema"))
    aws.expect("create-model-2", model("MySchemaTwo"))
    whole = {**named, "httpMethod": "ANY"}
    made = apigateway.put_method(
        **whole, authorizationType="NONE", requestModels={"application/json": "MySchema"}
    )
    aws.expect("put-method-request-models", made)
    aws.refuses("delete-model-used", apigateway.delete_model, **api_id, modelName="MySchema")
    changed = apigateway.update_method(
        **whole, patchOperations=[patch("replace", "/requestModels/application~1json", "MySchemaTwo")]
    )
    aws.expect("update-method-model", changed)
    aws.expect("delete-model-unused", apigateway.delete_model(**api_id, modelName="MySchema"))
    two = {**api_id, "modelName": "MySchemaTwo"}
    aws.refuses("delete-model-used-2", apigateway.delete_model, **two)
    parent = {"restApiId": named["restApiId"], "parentId": named["resourceId"]}
    other = apigateway.create_resource(**parent, pathPart="test")["id"]
    second = {**whole, "resourceId": other}
    models = {"application/json": "MySchemaTwo"}
    made = apigateway.put_method(**second, authorizationType="NONE", requestModels=models)
    aws.expect("put-method-2-request-models", made)
    # Which of two methods AWS names is not told: it was the second one.
    removed = [patch("remove", "/requestModels/application~1json")]
    changed = apigateway.update_method(**second, patchOperations=removed)
    aws.expect("update-method-model-2", changed)
    aws.refuses("delete-model-used-by-method-1", apigateway.delete_model, **two)
    aws.expect("delete-method-using-model-2", apigateway.delete_method(**whole))
    aws.expect("delete-model-unused-2", apigateway.delete_model(**two))


def test_what_no_method_can_be_is_refused(apigateway, named):
    aws = recording("api", "test_put_method_validation")
    put = apigateway.put_method
    plain = {"httpMethod": "GET", "authorizationType": "NONE"}
    aws.refuses("wrong-api", put, restApiId="fake", resourceId="fake", **plain)
    aws.refuses("wrong-resource", put, restApiId=named["restApiId"], resourceId="fake", **plain)
    aws.refuses("wrong-method", put, **named, httpMethod="TEST", authorizationType="NONE")
    custom = {"httpMethod": "GET", "authorizationType": "CUSTOM"}
    aws.refuses("missing-authorizer-id", put, **named, **custom)
    aws.refuses("invalid-request-validator", put, **named, **plain, requestValidatorId="fake")
    aws.refuses("invalid-model-name", put, **named, **plain, requestModels={"application/json": "petModel"})


def test_patches_of_methods_are_refused_in_words(apigateway, named):
    aws = recording("api", "test_update_method_validation")
    whole = {**named, "httpMethod": "ANY"}
    update = apigateway.update_method
    name = [patch("replace", "/operationName", "x")]
    fake = {"restApiId": "fake", "resourceId": "fake", "httpMethod": "ANY"}
    aws.refuses("wrong-rest-api", update, **fake, patchOperations=name)
    aws.refuses(
        "wrong-resource-id",
        update,
        **{**fake, "restApiId": named["restApiId"]},
        patchOperations=name,
    )
    aws.refuses("method-does-not-exist", update, **whole, patchOperations=name)
    apigateway.put_method(**whole, authorizationType="NONE")
    for key, operation in (
        ("unsupported-operation", patch("add", "/operationName", "x")),
        ("unsupported-operation-2", patch("remove", "/operationName")),
        ("unsupported-path", patch("replace", "/httpMethod", "GET")),
        ("wrong-path-request-parameters", patch("add", "/requestParameters", "x")),
        ("wrong-path-request-models", patch("add", "/requestModels/application/json", "Empty")),
        ("wrong-auth-type", patch("replace", "/authorizationType", "CUSTOM")),
        ("wrong-req-validator-id", patch("replace", "/requestValidatorId", "fake")),
    ):
        aws.refuses(key, update, **whole, patchOperations=[operation])
    aws.expect(
        "skip-auth-id-with-wrong-type",
        update(**whole, patchOperations=[patch("replace", "/authorizerId", "abc")]),
    )


def test_models_live_and_die(apigateway, named):
    aws = recording("api", "test_model_validation")
    create, api_id = apigateway.create_model, {"restApiId": named["restApiId"]}
    plain = {"contentType": "application/json", "schema": "{}"}
    aws.refuses("create-model-wrong-id", create, restApiId="abcde0", name="MySchema", **plain)
    aws.refuses("get-models-wrong-id", apigateway.get_models, restApiId="abcde0")
    aws.refuses("get-model-wrong-id", apigateway.get_model, restApiId="abcde0", modelName="MySchema")
    aws.refuses("del-model-wrong-id", apigateway.delete_model, restApiId="abcde0", modelName="MySchema")
    create(**api_id, name="MySchema", **plain)
    aws.refuses("create-model-already-exists", create, **api_id, name="MySchema", **plain)
    aws.refuses("create-model-empty-name", create, **api_id, name="", **plain)
    empty = {"contentType": "application/json", "schema": ""}
    aws.refuses("create-model-empty-schema", create, **api_id, name="Other", **empty)
    for kind in ("json", "xml"):
        key, content_type = f"create-model-no-schema-{kind}", f"application/{kind}"
        aws.refuses(key, create, **api_id, name="Other", contentType=content_type)


def test_models_are_patched(apigateway, named):
    aws = recording("api", "test_update_model")
    api_id = {"restApiId": named["restApiId"]}
    update = apigateway.update_model

    def request(op, path, value=None):
        return {**api_id, "modelName": "mySchema", "patchOperations": [patch(op, path, value)]}

    aws.refuses("update-model-wrong-id", update, **request("replace", "/schema", "{}"))
    made = apigateway.create_model(
        **api_id,
        name="mySchema",
        contentType="application/json",
        schema=json.dumps({"title": "mySchema", "type": "object"}),
    )
    aws.expect("create-model", made)
    schema = json.dumps({"title": "Updated schema", "type": "object"})
    aws.expect("update-model", update(**request("replace", "/schema", schema)))
    aws.refuses("update-model-invalid-op", update, **request("add", "/wrong-path", "x"))
    aws.refuses("update-model-invalid-path", update, **request("replace", "/name", "x"))
    aws.refuses("update-model-empty-schema", update, **request("replace", "/schema", ""))


def test_request_validators_live_and_die(apigateway):
    aws = recording("api", "test_request_validator_lifecycle")
    made = apigateway.create_rest_api(name="api", description="my api")
    aws.expect("create-rest-api", made)
    api_id = {"restApiId": made["id"]}
    validator = apigateway.create_request_validator(**api_id, name="my-validator")
    aws.expect("create-request-validator", validator)
    whole = {**api_id, "requestValidatorId": validator["id"]}
    aws.expect("get-request-validator", apigateway.get_request_validator(**whole))
    aws.expect("get-request-validators", apigateway.get_request_validators(**api_id))
    update = apigateway.update_request_validator
    on = update(**whole, patchOperations=[patch("replace", "/validateRequestBody", "true")])
    aws.expect("update-request-validator-with-value", on)
    off = update(**whole, patchOperations=[patch("replace", "/validateRequestBody")])
    aws.expect("update-request-validator-without-value", off)
    aws.expect("delete-request-validator", apigateway.delete_request_validator(**whole))
    aws.refuses("get-deleted-request-validator", apigateway.get_request_validator, **whole)


def test_patches_of_validators_are_refused_in_words(apigateway):
    aws = recording("api", "test_invalid_update_request_validator_operations")
    api_id = {"restApiId": apigateway.create_rest_api(name="api")["id"]}
    validator = apigateway.create_request_validator(**api_id, name="v")["id"]
    for key, operation in (
        ("invalid-add-operation", patch("add", "/validateRequestBody", "true")),
        ("invalid-remove-operation", patch("remove", "/validateRequestBody", "true")),
        ("invalid-path", patch("replace", "/invalidPath", "true")),
        ("empty-name-value", patch("replace", "/name", "")),
    ):
        aws.refuses(
            f"update-request-validator-{key}",
            apigateway.update_request_validator,
            **api_id,
            requestValidatorId=validator,
            patchOperations=[operation],
        )


def test_validators_of_no_api(apigateway):
    aws = recording("api", "test_validators_crud_no_api")
    fake = {"restApiId": "test-fake-rest-id"}
    create = apigateway.create_request_validator
    aws.refuses("wrong-rest-api-id-create-validator", create, **fake, name="v")
    aws.refuses("wrong-rest-api-id-get-validators", apigateway.get_request_validators, **fake)


def test_method_responses_are_patched(apigateway, named):
    whole = {**named, "httpMethod": "GET"}
    apigateway.put_method(**whole, authorizationType="NONE")
    response = {**whole, "statusCode": "200"}
    apigateway.put_method_response(**response)
    update = apigateway.update_method_response
    aws = recording("api", "test_update_method_lack_response_parameters_and_models")
    header = "/responseParameters/method.response.header.my-header"
    for key, operation in (
        ("without-response-parameters", patch("replace", header, "true")),
        ("without-response-models", patch("replace", "/responseModels/application~1json", "Empty")),
        ("with-wrong-path", patch("replace", "/wrong/method.response.header.my-header", "true")),
    ):
        aws.refuses(
            f"update-method-response-operation-{key}", update, **response, patchOperations=[operation]
        )
    added = update(
        **response,
        patchOperations=[
            patch("add", header, "true"),
            patch("add", "/responseModels/application~1json", "Empty"),
        ],
    )
    recording("api", "test_update_method_response").expect("add-update-method-response", added)


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY", "AWS"])
def test_an_integration_needs_a_method_of_its_own(apigateway, named, kind):
    whole = {**named, "httpMethod": "GET"}
    apigateway.put_method(**whole, authorizationType="NONE")
    recording("integrations", "test_put_integration_validation").refuses(
        f"required-integration-method-{kind}",
        apigateway.put_integration,
        **whole,
        type=kind,
        uri="http://example.com",
    )


def test_integrations_are_described_and_their_uris_checked(apigateway, named, account):
    aws = recording("integrations", "test_put_integration_validation")
    whole = {**named, "httpMethod": "GET"}
    apigateway.put_method(**whole, authorizationType="NONE")
    put = apigateway.put_integration
    post = {**whole, "integrationHttpMethod": "POST"}
    aws.expect("not-required-integration-method-MOCK", put(**whole, type="MOCK"))
    for kind in ("HTTP", "HTTP_PROXY"):
        aws.expect(f"http-method-{kind}", put(**post, type=kind, uri="http://example.com"))
        aws.refuses(f"invalid-uri-{kind}", put, **post, type=kind, uri="non-sensical/arn")
    s3 = "arn:aws:apigateway:us-east-1:s3:path/b/k"
    aws.refuses("no-s3-support-AWS_PROXY", put, **post, type="AWS_PROXY", uri=s3)
    aws.refuses("invalid-uri-not-an-arn", put, **post, type="AWS", uri="non-sensical/arn")
    wrong = f"arn:aws:iam::{account}:role/service-role/asdf"
    aws.refuses("invalid-uri-invalid-arn", put, **post, type="AWS", uri=wrong)


def test_what_is_missing_of_an_integration_is_named(apigateway, named):
    aws = recording("api", "test_get_integration_non_existent")
    get, api_id = apigateway.get_integration, named["restApiId"]
    aws.refuses("get-integration-no-api", get, restApiId="fake", resourceId="fake", httpMethod="GET")
    aws.refuses("get-integration-no-resource", get, restApiId=api_id, resourceId="fake", httpMethod="GET")
    aws.refuses("get-integration-no-method", get, **named, httpMethod="POST")
    apigateway.put_method(**named, httpMethod="GET", authorizationType="NONE")
    aws.refuses("get-integration-no-integration", get, **named, httpMethod="GET")


def test_integration_responses_live_and_die(apigateway, named):
    aws = recording("api", "test_lifecycle_integration_response")
    whole = {**named, "httpMethod": "GET"}
    apigateway.put_method(**whole, authorizationType="NONE")
    apigateway.put_integration(
        **whole, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    response = {**whole, "statusCode": "200"}
    made = apigateway.put_integration_response(
        **response, selectionPattern="", responseTemplates={"application/json": '"created"'}
    )
    aws.expect("put-integration-response", made)
    aws.expect("get-integration-response", apigateway.get_integration_response(**response))
    changed = apigateway.update_integration_response(
        **response, patchOperations=[patch("replace", "/selectionPattern", "updated-pattern")]
    )
    aws.expect("update-integration-response", changed)
    aws.expect("delete-integration-response", apigateway.delete_integration_response(**response))


def test_what_is_missing_of_an_integration_response_is_named(apigateway, named):
    aws = recording("api", "test_delete_integration_response_errors")
    whole = {**named, "httpMethod": "GET"}
    apigateway.put_method(**whole, authorizationType="NONE")
    apigateway.put_integration(**whole, type="MOCK")
    apigateway.put_integration_response(**whole, statusCode="200")
    delete = apigateway.delete_integration_response
    for key, request in (
        ("non-existent-resource", {**whole, "resourceId": "fake", "statusCode": "200"}),
        ("non-existent-api-id", {**whole, "restApiId": "fake", "statusCode": "200"}),
        ("non-existent-method", {**whole, "httpMethod": "POST", "statusCode": "200"}),
        ("non-existent-status-code", {**whole, "statusCode": "201"}),
    ):
        aws.refuses(key, delete, **request)


def test_gateway_responses_are_put_and_taken_back(apigateway, named):
    aws = recording("api", "test_gateway_response_put")
    api_id = {"restApiId": named["restApiId"]}
    put, kind = apigateway.put_gateway_response, "MISSING_AUTHENTICATION_TOKEN"
    aws.expect("put-gateway-response-status-only", put(**api_id, responseType=kind, statusCode="404"))
    header = {"gatewayresponse.header.x-request-header": "method.request.header.Accept"}
    made = put(**api_id, responseType=kind, responseParameters=header)
    aws.expect("put-gateway-response-response-parameters-only", made)
    absent = recording("api", "test_gateway_response_validation")
    apigateway.delete_gateway_response(**api_id, responseType=kind)
    delete = apigateway.delete_gateway_response
    absent.refuses("delete-gateway-response-not-set", delete, **api_id, responseType=kind)
    fake = {"restApiId": "fake-api-id"}
    absent.refuses("get-gateway-responses-no-api", apigateway.get_gateway_responses, **fake)
    assert len(apigateway.get_gateway_responses(**api_id)["items"]) == 21


def test_gateway_responses_are_patched(client, apigateway, named):
    aws = recording("api", "test_update_gateway_response")
    whole = {"restApiId": named["restApiId"], "responseType": "DEFAULT_4XX"}
    update = apigateway.update_gateway_response
    changed = update(**whole, patchOperations=[patch("replace", "/statusCode", "444")])
    aws.expect("update-gateway-response-not-set", changed)
    header = "/responseParameters/gatewayresponse.header.Access-Control-Allow-Origin"
    for key, operation in (
        ("add-status-code", patch("add", "/statusCode", "400")),
        ("remove-status-code", patch("remove", "/statusCode")),
        ("replace-invalid-parameter", patch("replace", f"{header}s", "'x'")),
        ("wrong-path", patch("replace", "/wrongPath", "x")),
        ("replace-invalid-parameter-0-none", patch("add", "/responseTemplates/application~1json", "")),
        ("replace-invalid-parameter-1-none", patch("add", header, "")),
    ):
        aws.refuses(f"update-gateway-{key}", update, **whole, patchOperations=[operation])
    aws.refuses("update-gateway-no-path", update, **whole, patchOperations=[{"op": "add", "value": "x"}])
    wrong = [patch("wrong-op", "/statusCode", "400")]
    unchecked = client("apigateway", parameter_validation=False)
    aws.refuses("update-gateway-wrong-op", unchecked.update_gateway_response, **whole, patchOperations=wrong)
    aws.expect("default-get-gateway-response", apigateway.get_gateway_response(**whole))
    put = aws.content["put-gateway-response"]
    parameters = put["responseParameters"]
    templates = {"application/json": json.dumps(put["responseTemplates"]["application/json"])}
    settings = {"statusCode": "404", "responseParameters": parameters, "responseTemplates": templates}
    aws.expect("put-gateway-response", apigateway.put_gateway_response(**whole, **settings))
    xml = aws.content["get-gateway-response"]["responseTemplates"]["application/xml"]
    changes = [
        patch("replace", "/statusCode", "444"),
        patch("replace", header, "'example.com'"),
        patch("add", "/responseTemplates/application~1xml", xml),
    ]
    aws.expect("update-gateway-response", update(**whole, patchOperations=changes))
    aws.expect("get-gateway-response", apigateway.get_gateway_response(**whole))
