"""What remains of AWS's recorded answers: resources, models, validators, responses of both kinds."""

from __future__ import annotations

import json

import pytest
from recorded_answers import recording

MISSING = "MISSING_AUTHENTICATION_TOKEN"


def patch(op, path, value=None):
    return {"op": op, "path": path, **({} if value is None else {"value": value})}


@pytest.fixture
def unchecked(client):
    """A client that sends whatever it is given."""
    return client("apigateway", parameter_validation=False)


def test_a_resource_goes_with_those_below_it(apigateway, api):
    aws = recording("api", "test_delete_resource")
    named = {"restApiId": api.id}
    above, below = api.resource("/a"), api.resource("/a/b")
    aws.expect("delete-resource", apigateway.delete_resource(**named, resourceId=above))
    aws.expect("get-resources", apigateway.get_resources(**named))
    aws.refuses("delete-subresource", apigateway.delete_resource, **named, resourceId=below)
    aws = recording("api", "test_create_resource_parent_invalid")
    create = {**named, "parentId": "fake-resource-id", "pathPart": "a"}
    aws.refuses("wrong-resource-parent-id", apigateway.create_resource, **create)


def test_greedy_resources_stand_beside_others(apigateway, api):
    aws = recording("api", "test_create_proxy_resource")
    named = {"restApiId": api.id}

    def create(parent, part):
        return apigateway.create_resource(**named, parentId=parent, pathPart=part)

    aws.expect("create-base-proxy-resource", create(api.root, "{proxy+}"))
    parent = create(api.root, "parent")["id"]
    aws.expect("create-proxy-sibling-proxy-child-resource", create(parent, "{proxy+}"))
    child = create(parent, "child")
    aws.expect("create-proxy-sibling-static-child-resource", child)
    aws.expect("create-static-child-proxy-resource", create(child["id"], "{proxy+}"))
    shown = apigateway.get_resources(**named)
    aws.expect("all-resources", {**shown, "items": sorted(shown["items"], key=lambda row: row["path"])})
    (beside,) = (row["id"] for row in shown["items"] if row["path"] == "/parent/{proxy+}")
    apigateway.delete_resource(**named, resourceId=beside)
    variable = create(parent, "{child}")
    aws.expect("create-proxy-sibling-dynamic-child-resource", variable)
    aws.expect("create-dynamic-child-proxy-resource", create(variable["id"], "{proxy+}"))
    shown = apigateway.get_resources(**named)
    aws.expect("all-resources-2", {**shown, "items": sorted(shown["items"], key=lambda row: row["path"])})


def test_models_live(apigateway, api):
    aws = recording("api", "test_model_lifecycle")
    operand = {"type": "number"}
    schema = {
        "title": "Calc output",
        "type": "object",
        "properties": {
            "a": operand,
            "b": operand,
            "op": {"description": "operation of +, -, * or /", "type": "string"},
            "c": operand,
        },
        "required": ["a", "b", "op"],
    }
    named = {"restApiId": api.id}
    made = apigateway.create_model(
        **named,
        name="CalcOutput",
        contentType="application/json",
        description="Calc output model",
        schema=json.dumps(schema),
    )
    aws.expect("create-model", made)
    aws.expect("get-models", apigateway.get_models(**named))
    aws.expect("get-model", apigateway.get_model(**named, modelName="CalcOutput"))
    aws.expect("del-model", apigateway.delete_model(**named, modelName="CalcOutput"))


def test_validators_that_are_not_there_are_told(apigateway, api):
    for verb, ask in (
        ("get", apigateway.get_request_validator),
        ("delete", apigateway.delete_request_validator),
    ):
        aws = recording("api", f"test_invalid_{verb}_request_validator")
        key = "get-request-validators" if verb == "get" else "delete-request-validator"
        aws.refuses(f"{key}-invalid-api-id", ask, restApiId="api_id", requestValidatorId="x")
        aws.refuses(f"{key}-invalid-validator-id", ask, restApiId=api.id, requestValidatorId="x")
    aws = recording("api", "test_invalid_get_request_validators")
    aws.refuses("get-invalid-request-validators", apigateway.get_request_validators, restApiId="api_id")
    aws = recording("api", "test_create_request_validator_invalid_api_id")
    create = apigateway.create_request_validator
    aws.refuses("invalid-create-request-validator", create, restApiId="api_id", name="v")


def test_gateway_responses_live(apigateway, api):
    aws = recording("api", "test_gateway_response_crud")
    named = {"restApiId": api.id, "responseType": MISSING}
    aws.expect("get-gateway-response-default", apigateway.get_gateway_response(**named))
    expected = aws.content["put-gateway-response"]
    put = apigateway.put_gateway_response(
        **named,
        statusCode="404",
        responseParameters=expected["responseParameters"],
        responseTemplates=expected["responseTemplates"],
    )
    aws.expect("put-gateway-response", put)
    shown = apigateway.get_gateway_responses(restApiId=api.id)
    aws.expect(
        "get-gateway-responses",
        {**shown, "items": sorted(shown["items"], key=lambda each: each["responseType"])},
    )
    aws.expect("get-gateway-response", apigateway.get_gateway_response(**named))
    aws.expect("delete-gateway-response", apigateway.delete_gateway_response(**named))
    aws.expect("get-deleted-gw-response", apigateway.get_gateway_response(**named))


def test_media_types_are_shown(apigateway):
    aws = recording("api", "test_create_rest_api_with_binary_media_types")
    aws.expect(
        "create-with-binary-media", apigateway.create_rest_api(name="a", binaryMediaTypes=["image/png"])
    )


def _mocked(api, apigateway):
    """A MOCK method without responses."""
    named = {"restApiId": api.id, "resourceId": api.resource("/test"), "httpMethod": "GET"}
    apigateway.put_method(**named, authorizationType="NONE")
    templates = {"application/json": '{"statusCode": 200}'}
    apigateway.put_integration(**named, type="MOCK", requestTemplates=templates)
    return named


def test_integrations_of_nothing_are_refused(apigateway, api):
    aws = recording("api", "test_put_integration_response_validation")
    named = _mocked(api, apigateway)
    put, respond = apigateway.put_integration, apigateway.put_integration_response
    for place, other in (("method", {"httpMethod": "POST"}), ("resource", {"resourceId": "badresource"})):
        wrong = {**named, **other}
        aws.refuses(f"put-integration-wrong-{place}", put, **wrong, type="MOCK")
        aws.refuses(f"put-integration-response-wrong-{place}", respond, **wrong, statusCode="200")


@pytest.mark.parametrize(
    ("test", "other"),
    [
        ("api", {"restApiId": "tiWZWNxJ7G"}),
        ("resource", {"resourceId": "bad"}),
        ("method", {"httpMethod": "POST"}),
    ],
)
def test_integration_responses_of_nothing_are_refused(apigateway, api, test, other):
    aws = recording("api", f"test_integration_response_wrong_{test}")
    named = {**_mocked(api, apigateway), **other, "statusCode": "200"}
    aws.refuses(f"put-integration-response-wrong-{test}", apigateway.put_integration_response, **named)
    aws.refuses(f"get-integration-response-wrong-{test}", apigateway.get_integration_response, **named)


def test_integration_responses_that_are_not_there_are_told(apigateway, api):
    named = _mocked(api, apigateway)
    ask = apigateway.get_integration_response
    aws = recording("api", "test_integration_response_wrong_status_code")
    aws.refuses("get-integration-response-wrong-status-code", ask, **named, statusCode="201")
    aws = recording("api", "test_integration_response_invalid_integration")
    apigateway.delete_integration(**named)
    aws.refuses("get-integration-response-without-integration", ask, **named, statusCode="200")


def test_statuses_have_three_digits(unchecked, apigateway, api):
    aws = recording("api", "test_integration_response_invalid_statuscode")
    named = {**_mocked(api, apigateway), "statusCode": "wrong"}
    aws.refuses("put-integration-response-invalid-statusCode", unchecked.put_integration_response, **named)
    aws.refuses("get-integration-response-invalid-statusCode", unchecked.get_integration_response, **named)


def test_templates_are_texts_of_content_types(unchecked, apigateway, api):
    aws = recording("api", "test_integration_response_invalid_responsetemplates")
    named = {**_mocked(api, apigateway), "statusCode": "200"}
    respond, key = unchecked.put_integration_response, "put-integration-response-invalid-responseTemplates"
    aws.refuses(f"{key}-1", respond, **named, responseTemplates={"application/json": 123})
    aws.refuses(f"{key}-2", respond, **named, responseTemplates={"123": "application/json"})


def test_nothing_is_a_template_of_nothing(unchecked, apigateway, api):
    aws = recording("api", "test_put_integration_response_templates")
    named = {**_mocked(api, apigateway), "statusCode": "200", "selectionPattern": ""}
    respond, key = unchecked.put_integration_response, "put-integration-response-template"
    aws.expect(f"{key}-none", respond(**named, responseTemplates={"application/json": None}))
    aws.expect(f"{key}-empty", respond(**named, responseTemplates={"application/json": ""}))
    aws.expect("put-integration-no-response-template", respond(**named))


def test_parameters_are_texts(unchecked, apigateway, api):
    aws = recording("api", "test_put_integration_request_parameter_bool_type")
    named = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "GET"}
    path = {"method.request.path.testPath": True}
    aws.expect(
        "bool-method", apigateway.put_method(**named, authorizationType="NONE", requestParameters=path)
    )
    integration = {
        **named,
        "type": "HTTP",
        "integrationHttpMethod": "GET",
        "uri": "http://example.com",
    }
    target = "integration.request.path.testPath"
    aws.refuses(
        "put-method-request-param-wrong-type",
        unchecked.put_integration,
        **integration,
        requestParameters={target: "true"},
    )
    aws.refuses(
        "put-integration-request-param-wrong-type",
        unchecked.put_integration,
        **integration,
        requestParameters={target: True},
    )


def test_method_responses_live(apigateway, api):
    aws = recording("api", "test_lifecycle_method_response")
    named = _mocked(api, apigateway)
    response = {**named, "statusCode": "200"}
    made = apigateway.put_method_response(**response, responseParameters={}, responseModels={})
    aws.expect("put-method-response", made)
    aws.expect("get-integration-response", apigateway.get_method_response(**response))
    header = "/responseParameters/method.response.header.my-header"
    steps = [patch("add", header, "true"), patch("add", "/responseModels/application~1json", "Empty")]
    aws.expect("add-method-responses", apigateway.update_method_response(**response, patchOperations=steps))
    steps = [patch("replace", header, "true"), patch("replace", "/responseModels/application~1json", "Empty")]
    changed = apigateway.update_method_response(**response, patchOperations=steps)
    aws.expect("update-method-responses", changed)
    aws.expect("get-method", apigateway.get_method(**named))
    aws.expect("delete-method-response", apigateway.delete_method_response(**response))


def _responding(api, apigateway):
    response = {**_mocked(api, apigateway), "statusCode": "200"}
    apigateway.put_method_response(**response)
    return response


def test_steps_that_are_none_are_told_one_by_one(unchecked, apigateway, api):
    aws = recording("api", "test_update_method_response_wrong_operations")
    response = _responding(api, apigateway)
    wrong = patch("wrong_op", "/responseParameters/method.response.header.my-header", "true")
    right = patch("add", "/responseModels/application~1json", "Empty")
    for count, steps in enumerate(
        ([wrong], [wrong, right], [wrong, wrong], [wrong] * 4, [wrong, right, wrong]), 1
    ):
        key = f"update-method-response-wrong-operation-{count}"
        aws.refuses(key, unchecked.update_method_response, **response, patchOperations=steps)


def test_method_responses_of_nothing_are_refused(unchecked, apigateway, api):
    aws = recording("api", "test_update_method_response_negative_tests")
    response = _responding(api, apigateway)
    step = patch("add", "/responseModels/application~1json", "Empty")
    for key, other in (
        ("wrong-statuscode", {"statusCode": "201"}),
        ("invalid-statuscode", {"statusCode": "wrong"}),
        ("wrong-resource", {"resourceId": "wrong"}),
        ("wrong-method", {"httpMethod": "POST"}),
    ):
        named = {**response, **other, "patchOperations": [step]}
        aws.refuses(f"update-method-response-{key}", unchecked.update_method_response, **named)


def test_names_that_are_not_there_are_told(apigateway, api):
    aws = recording("api", "test_update_method_wrong_param_names")
    response = _responding(api, apigateway)
    header = "/responseParameters/method.response.header.wrong-header"
    model = "/responseModels/wrong~1json"
    for count, step in enumerate(
        (
            patch("remove", header),
            patch("replace", header, "true"),
            patch("remove", model),
            patch("replace", model, "Empty"),
        ),
        1,
    ):
        key = f"update-method-response-operation-with-wrong-param-name-{count}"
        aws.refuses(key, apigateway.update_method_response, **response, patchOperations=[step])


def test_types_that_are_none_are_told_with_all_there_are(unchecked, apigateway, api):
    aws = recording("api", "test_put_integration_wrong_type")
    named = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "GET"}
    apigateway.put_method(**named, authorizationType="NONE")
    aws.refuses("put-integration-wrong-type", unchecked.put_integration, **named, type="HTTPS_PROXY")


def test_wrong_steps_are_counted(unchecked, apigateway, api):
    aws = recording("api", "test_update_rest_api_concatenation_of_errors")
    address = patch("wrong", "/endpointConfiguration/ipAddressType", "dualstack")
    kind = patch("wrong", "/endpointConfiguration/types/0", "REGIONAL")
    update = unchecked.update_rest_api
    for key, steps in (
        ("operations-on-ipAddressType", [address, address]),
        ("operations-on-type", [kind, kind]),
        ("operations-on-type-and-on-ip-address-type", [kind, address, address]),
    ):
        aws.refuses(f"update-rest-api-wrong-{key}", update, restApiId=api.id, patchOperations=steps)


def test_kinds_and_addresses_of_endpoints_are_checked_together(unchecked):
    create = unchecked.create_rest_api
    aws = recording("api", "test_create_rest_api_with_endpoint_configuration")
    wrong_type, wrong_address = {"types": ["wrong"]}, {"ipAddressType": "wrong"}
    both = {**wrong_type, **wrong_address}
    for key, endpoint in (
        ("invalid-ip-address-type", wrong_address),
        ("invalid-types", wrong_type),
        ("invalid-ip-address-type-and-types", both),
        ("invalid-types-and-ip-address-type", both),
        ("two-types", {"types": ["EDGE", "REGIONAL"]}),
        ("empty-types", {"types": []}),
    ):
        aws.refuses(f"create-with-{key}", create, name="a", endpointConfiguration=endpoint)
    aws.refuses("create-with-multiple-errors-1", create, name="a", description="", endpointConfiguration=both)
    aws = recording("api", "test_create_rest_api_private_type")
    private = {"types": ["PRIVATE"], **wrong_address}
    key = "create-with-private-type-and-wrong-ip-address-type"
    aws.refuses(key, create, name="a", endpointConfiguration=private)
    aws = recording("api", "test_create_rest_api_verify_defaults")
    key = "create-with-empty-ip-address-type-and-wrong-type"
    aws.refuses(key, create, name="a", endpointConfiguration=wrong_type)


def test_gateway_responses_have_types_that_there_are(unchecked, api):
    aws = recording("api", "test_gateway_response_validation")
    wrong, absent = {"restApiId": api.id, "responseType": "FAKE_RESPONSE_TYPE"}, {"restApiId": "fake-api-id"}
    for verb, call, more in (
        ("get", unchecked.get_gateway_response, {}),
        ("delete", unchecked.delete_gateway_response, {}),
        ("update", unchecked.update_gateway_response, {"patchOperations": []}),
        ("put", unchecked.put_gateway_response, {"statusCode": "404"}),
    ):
        aws.refuses(f"{verb}-gateway-response-wrong-response-type", call, **wrong, **more)
        if verb != "put":
            key = f"{verb}-gateway-response-no-api"
            aws.refuses(key, call, **absent, responseType="DEFAULT_4XX", **more)


def test_gateway_responses_take_what_they_lack_from_their_defaults(apigateway, api):
    aws = recording("api", "test_gateway_response_put")
    header = {"gatewayresponse.header.x-request-header": "method.request.header.Accept"}
    templates = aws.content["put-gateway-response-all-value"]["responseTemplates"]
    whole = {
        "statusCode": "404",
        "responseParameters": aws.content["put-gateway-response-all-value"]["responseParameters"],
        "responseTemplates": templates,
    }
    for key, kind, members in (
        ("all-value", MISSING, whole),
        ("status-only", MISSING, {"statusCode": "404"}),
        ("response-parameters-only", MISSING, {"responseParameters": header}),
        ("response-templates-only", MISSING, {"responseTemplates": templates}),
        (
            "default-5xx",
            "DEFAULT_5XX",
            {"statusCode": "599", "responseParameters": header, "responseTemplates": templates},
        ),
        (
            "default-ignored",
            "AUTHORIZER_FAILURE",
            {"responseParameters": {"gatewayresponse.header.foo": "'bar'"}},
        ),
    ):
        put = apigateway.put_gateway_response(restApiId=api.id, responseType=kind, **members)
        aws.expect(f"put-gateway-response-{key}", put)
    shown = apigateway.get_gateway_responses(restApiId=api.id)
    items = sorted(shown["items"], key=lambda each: each["responseType"])
    aws.expect("get-gateway-responses", {**shown, "items": items})


def test_types_of_documentation_are_checked(unchecked, api):
    aws = recording("api", "test_invalid_create_documentation_part_operations")
    aws.refuses(
        "create_documentation_part_invalid_location_type",
        unchecked.create_documentation_part,
        restApiId=api.id,
        location={"type": "INVALID"},
        properties="{}",
    )


def test_a_wrong_step_and_a_wrong_status_are_told_together(unchecked, apigateway, api):
    aws = recording("api", "test_update_method_response_negative_tests")
    response = {**_responding(api, apigateway), "statusCode": "wrong"}
    aws.refuses(
        "update-method-response-invalid-statuscode-and-wrong-op",
        unchecked.update_method_response,
        **response,
        patchOperations=[patch("wrong_op", "/responseModels/application~1json", "Empty")],
    )


def test_a_greedy_variable_may_have_any_name(apigateway, api):
    aws = recording("api", "test_create_proxy_resource_validation")
    parent = api.resource("/parent")
    made = apigateway.create_resource(restApiId=api.id, parentId=parent, pathPart="{child+}")
    aws.expect("create-greedy-child-resource", made)
