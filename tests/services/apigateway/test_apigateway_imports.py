"""OpenAPI documents made into APIs, held against AWS's recorded answers."""

from __future__ import annotations

import json

import pytest
from openapi_documents import (
    EMPTY,
    STATUS_200,
    answered,
    expect_methods,
    integration,
    mocked,
    openapi,
    operation,
    swagger,
    text,
)
from pet_store import pet_store
from recorded_answers import recording

from refusals import refusal

PETS = "http://petstore-demo-endpoint.execute-api.com/petstore/pets"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:judge"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
CORS = {
    "Access-Control-Allow-Methods": "GET,OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token",
    "Access-Control-Allow-Origin": "*",
}
ORIGIN = {"Access-Control-Allow-Origin": "*"}


def pets() -> dict[str, object]:
    """Two paths over HTTP."""
    pet = integration(
        "http",
        uri=f"{PETS}/{{id}}",
        httpMethod="GET",
        requestParameters={"integration.request.path.id": "method.request.path.petId"},
    )
    parameter = {"name": "petId", "in": "path", "required": True, "type": "string"}
    return {
        "/pets": {"get": operation(integration("http", uri=PETS, httpMethod="GET"))},
        "/pets/{petId}": {"get": operation(pet, parameters=[parameter])},
    }


def imported(apigateway, document, **settings):
    return apigateway.import_rest_api(body=text(document), failOnWarnings=True, **settings)


def by_path(answer):
    return {**answer, "items": sorted(answer["items"], key=lambda row: row["path"])}


def by_name(answer):
    return {**answer, "items": sorted(answer["items"], key=lambda row: row["name"])}


def test_media_types_and_versions_are_taken_over(apigateway):
    aws = recording("import", "test_import_rest_api")
    document = openapi("a", {}, **{"x-amazon-apigateway-binary-media-types": ["*/*"]})
    aws.expect("import_rest_api", imported(apigateway, document))


def test_a_function_with_a_key_is_imported(apigateway):
    aws = recording("import", "test_import_and_validate_rest_api[openapi.spec.tf.json]")
    uri = (
        "arn:aws:apigateway:us-west-2:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:us-west-2:000000000000:function:s3OnObjectCreatedLambda-60c92b6/invocations"
    )
    response = {
        "statusCode": "200",
        "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
    }
    proxy = integration(
        "aws_proxy",
        uri=uri,
        httpMethod="POST",
        contentHandling="CONVERT_TO_TEXT",
        responses={"default": response},
    )
    document = openapi(
        "local-api",
        {
            "/": {
                "get": operation(
                    proxy, responses=answered("Empty", headers=(*ORIGIN,)), security=[{"api_key": []}]
                ),
                "options": operation(mocked(CORS), responses=answered("Empty", headers=(*CORS,))),
            }
        },
        1,
        components={
            "schemas": {"Empty": EMPTY},
            "securitySchemes": {"api_key": {"in": "header", "name": "x-api-key", "type": "apiKey"}},
        },
    )
    aws.bound["<partition>"] = "aws"
    made = imported(apigateway, document)
    aws.expect("import_tf_rest_api", made)
    aws.expect("get-models", by_name(apigateway.get_models(restApiId=made["id"])))
    aws.expect("resources", by_path(apigateway.get_resources(restApiId=made["id"])))
    expect_methods(aws, apigateway, made["id"])


@pytest.mark.parametrize("mode", ["ignore", "prepend", "split"])
def test_swagger_s_base_path_is_ignored_prepended_or_split(apigateway, mode):
    aws = recording("import", f"test_import_rest_apis_with_base_path_swagger[{mode}]")
    authorizer = {
        "in": "query",
        "name": "auth",
        "type": "apiKey",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "request",
            "authorizerUri": URI,
            "identitySource": "method.request.querystring.auth",
        },
    }
    guarded = {"security": [{"guard": []}]}
    document = swagger(
        "Import swagger JSON",
        {
            "/test": {
                "get": operation(mocked(ORIGIN), responses=answered("", 2, (*ORIGIN,)), **guarded),
                "options": operation(mocked(CORS), responses=answered("", 2, (*CORS,)), **guarded),
            }
        },
        "2",
        basePath="/base",
        definitions={"Empty": EMPTY},
        securityDefinitions={"guard": authorizer},
    )
    made = apigateway.create_rest_api(name="a")
    put = apigateway.put_rest_api(
        restApiId=made["id"], mode="overwrite", parameters={"basepath": mode}, body=text(document)
    )
    aws.expect("put-rest-api-swagger-json", put)
    shown = by_path(apigateway.get_resources(restApiId=made["id"]))
    aws.expect("get-resources-swagger-json", shown)
    expect_methods(aws, apigateway, made["id"])
    other = imported(apigateway, swagger("b", pets()), parameters={"basepath": mode})
    shown = by_path(apigateway.get_resources(restApiId=other["id"]))
    aws.expect("get-resources-no-base-path-swagger", shown)
    expect_methods(aws, apigateway, other["id"])


@pytest.mark.parametrize("mode", ["ignore", "prepend", "split"])
def test_a_server_s_path_is_ignored_prepended_or_split(apigateway, mode):
    aws = recording("import", f"test_import_rest_api_with_base_path_oas30[{mode}]")
    event = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}
    quoted = {
        "integration.request.header.double-single": "'True'",
        "integration.request.header.nothing": True,
    }

    def document(server, parameters):
        paths = {
            "/test": {
                "get": operation(
                    mocked(ORIGIN, requestParameters=parameters),
                    responses=answered("Empty", headers=(*ORIGIN,)),
                ),
                "options": operation(mocked(CORS), responses=answered("Empty", headers=(*CORS,))),
            }
        }
        return openapi("oas", paths, "2.0", servers=[server], components={"schemas": {"Empty": EMPTY}})

    by_variable = {
        "url": "https://testdomain.com/{basePath}",
        "variables": {"basePath": {"default": "/base-var"}},
    }
    by_url = {"url": "https://testdomain.com/base-url/part/"}
    made = apigateway.create_rest_api(name="a")
    named = {"restApiId": made["id"], "mode": "overwrite", "parameters": {"basepath": mode}}
    put = apigateway.put_rest_api(**named, body=text(document(by_variable, event)))
    aws.expect("put-rest-api-oas30-srv-var", put)
    shown = by_path(apigateway.get_resources(restApiId=made["id"]))
    aws.expect("get-resources-oas30-srv-var", shown)
    expect_methods(aws, apigateway, made["id"], "srv-var-")
    put = apigateway.put_rest_api(**named, body=text(document(by_url, {**event, **quoted})))
    aws.expect("put-rest-api-oas30-srv-url", put)
    shown = by_path(apigateway.get_resources(restApiId=made["id"]))
    aws.expect("get-resources-oas30-srv-url", shown)
    expect_methods(aws, apigateway, made["id"], "srv-url-")


def test_an_authorizer_of_all_methods_is_imported(apigateway):
    aws = recording("import", "test_import_with_global_api_key_authorizer")
    scheme = {
        "type": "apiKey",
        "name": "X-Api-Key",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "request",
            "authorizerUri": URI,
            "identitySource": "method.request.header.Custom-Authorization",
            "authorizerResultTtlInSeconds": 300,
        },
    }
    template = '{"echo": "$input.params(\'data\')", "response": "mocked"}'
    echo = mocked(
        response={"responseTemplates": {"application/json": template}},
        passthroughBehavior="when_no_templates",
    )
    document = openapi(
        "Test Global Authorizer",
        {
            "/pets": {"get": operation(integration("http", uri=PETS, httpMethod="GET"))},
            "/echo/{data}": {"x-amazon-apigateway-any-method": operation(echo, responses=answered("Empty"))},
        },
        components={"schemas": {"Empty": EMPTY}, "securitySchemes": {"GatewayAuthorizer": scheme}},
        security=[{"GatewayAuthorizer": []}],
        **{"x-amazon-apigateway-api-key-source": "AUTHORIZER"},
    )
    made = imported(apigateway, document)
    aws.expect("import-swagger", made)
    aws.expect("get-authorizers", apigateway.get_authorizers(restApiId=made["id"]))
    aws.expect("resources", by_path(apigateway.get_resources(restApiId=made["id"])))
    expect_methods(aws, apigateway, made["id"])


def _house() -> dict[str, object]:
    """Schemas that refer to each other in a circle."""
    about = "Random property"
    living = {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Person"},
        "minItems": 1,
        "description": "The information of who is living in the house",
    }
    return {
        "Person": {
            "type": "object",
            "description": "Random person schema.",
            "properties": {
                "name": {"type": "string", "description": about},
                "b": {"type": "number"},
                "house": {"$ref": "#/components/schemas/House"},
            },
            "required": ["b", "name"],
        },
        "House": {
            "type": "object",
            "description": "Where a Person can live",
            "properties": {
                "randomProperty": {"type": "string", "description": about, "format": "byte"},
                "contains": living,
            },
        },
        "Empty": EMPTY,
    }


@pytest.mark.parametrize("validated", [False, True])
def test_models_that_refer_to_each_other_are_imported(apigateway, api, validated):
    name = "test_import_with_circular_models" + ("_and_request_validation" if validated else "")
    aws = recording("import", name)
    template = '{"echo": $input.json(\'$\'), "response": "mocked"}'
    echo = mocked(
        response={"responseTemplates": {"application/json": template}},
        passthroughBehavior="when_no_templates",
    )
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Person"}}}}
    post = operation(echo, operationId="CreatePerson", requestBody=body, responses=answered("Empty"))
    document = openapi(
        "Circular model reference", {"/person": {"post": post}}, components={"schemas": _house()}
    )
    if validated:
        basic = {"validateRequestBody": True, "validateRequestParameters": True}
        document["x-amazon-apigateway-request-validators"] = {"basic": basic}
        document["x-amazon-apigateway-request-validator"] = "basic"
    aws.bound["<model-base-url>"] = "https://apigateway.amazonaws.com"
    made = imported(apigateway, document)
    named = {"restApiId": made["id"]}
    aws.expect("import-api", made)
    aws.expect("get-models", by_name(apigateway.get_models(**named)))
    if validated:
        aws.expect("request-validators", apigateway.get_request_validators(**named))
    aws.expect("resources", by_path(apigateway.get_resources(**named)))
    expect_methods(aws, apigateway, made["id"])
    if validated:
        apigateway.create_deployment(**named, stageName="dev")
        api.id = made["id"]
        house = {"randomProperty": "x", "contains": [{"name": "b", "b": 3}]}
        assert api.call("/person", "POST", json={"name": "a", "b": 2, "house": house}).status_code == 200
        house["contains"] = [{"randomObject": "x"}]
        refused = api.call("/person", "POST", json={"name": "a", "b": 2, "house": house})
        assert (refused.status_code, refused.json()) == (400, {"message": "Invalid request body"})


def test_user_pools_and_scopes_are_imported(apigateway):
    aws = recording("import", "test_import_with_cognito_auth_identity_source")
    pool = "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_ABC123"
    scheme = {
        "type": "apiKey",
        "name": "TestHeaderAuth",
        "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [pool]},
    }
    first, second = "cognito-test-identity-source", "extra-test-identity-source"
    http = integration("http", uri=PETS, httpMethod="GET")
    paths = {
        "/default-no-scope": {"get": operation(http, security=[{first: []}])},
        "/default-scope-override": {"get": operation(http, security=[{first: ["openid"]}])},
        "/non-default-authorizer": {"get": operation(http, security=[{second: ["email", "openid"]}])},
        "/pets": {
            "get": operation(
                {
                    "type": "HTTP_PROXY",
                    "httpMethod": "GET",
                    "uri": "http://petstore.execute-api.us-west-1.amazonaws.com/petstore/pets",
                },
                operationId="GET HTTP",
                parameters=[
                    {"name": each, "in": "query", "schema": {"type": "string"}} for each in ("type", "page")
                ],
                responses=answered("Pets", headers=(*ORIGIN,)),
            )
        },
    }
    pet = {"type": "object", "properties": {"id": {"type": "string"}}}
    pets = {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
    document = openapi(
        "Example Pet Store",
        paths,
        components={
            "schemas": {"Pets": pets, "Pet": pet},
            "securitySchemes": {first: scheme, second: scheme},
        },
        security=[{first: ["email"]}],
    )
    document["info"]["description"] = "A Pet Store API."
    made = imported(apigateway, document)
    aws.bound |= {"<partition>": "aws", "<region>": "us-east-1"}
    aws.expect("import-swagger", made)
    authorizers = apigateway.get_authorizers(restApiId=made["id"])["items"]
    aws._compare("get-authorizers", aws.content["get-authorizers"], authorizers)
    aws.expect("resources", by_path(apigateway.get_resources(restApiId=made["id"])))
    expect_methods(aws, apigateway, made["id"])


def test_statuses_may_be_numbers(apigateway):
    aws = recording("import", "test_import_with_integer_http_status_code")
    response = {
        "statusCode": 200,
        "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
    }
    does = mocked(requestParameters={"integration.request.header.X-Amz-Invocation-Type": "'Event'"})
    does["responses"] = {"default": response}
    get = operation(does, responses=answered("Empty", headers=(*ORIGIN,)))
    made = imported(
        apigateway, openapi("a", {"/test": {"get": get}}, components={"schemas": {"Empty": EMPTY}})
    )
    aws.expect("resources", by_path(apigateway.get_resources(restApiId=made["id"])))
    expect_methods(aws, apigateway, made["id"])


@pytest.mark.parametrize("mode", ["merge", "overwrite"])
def test_media_types_are_merged_or_overwritten(apigateway, mode):
    aws = recording("import", f"test_put_rest_api_mode_binary_media_types[{mode}]")
    made = apigateway.create_rest_api(name="a", binaryMediaTypes=["image/heif"])
    aws.expect("create-rest-api", made)
    aws.expect("get-rest-api", apigateway.get_rest_api(restApiId=made["id"]))
    types = {"x-amazon-apigateway-binary-media-types": ["image/png", "image/jpg"]}
    document = swagger("b", pets(), "1.0.0", **types)
    put = apigateway.put_rest_api(restApiId=made["id"], mode=mode, body=text(document))
    aws.expect("put-api", put)


def test_what_is_no_document_is_refused(apigateway):
    aws = recording("import", "test_import_api_bad_file")
    named = {"restApiId": apigateway.create_rest_api(name="a")["id"]}
    for kind, body in (("yaml", b"a: [b"), ("json", b'{"a": ')):
        aws.refuses(f"import-api-bad-{kind}-file", apigateway.import_rest_api, body=body)
        aws.refuses(f"put-rest-api-bad-{kind}-file", apigateway.put_rest_api, **named, body=body)


def test_what_cannot_work_is_told_at_once(apigateway):
    bad = integration("http", uri="nowhere", httpMethod="GET")
    document = swagger(
        "a", {"/": {"get": operation(bad)}, "/{proxy+}": {"x-amazon-apigateway-any-method": operation(bad)}}
    )
    assert refusal(apigateway.import_rest_api, body=text(document)) == (
        "BadRequestException",
        "Errors found during import:\n"
        "\tUnable to put integration on 'GET' for resource at path '/': "
        "Invalid HTTP endpoint specified for URI\n"
        "\tUnable to put integration on 'ANY' for resource at path '/{proxy+}': "
        "Invalid HTTP endpoint specified for URI",
    )
    assert apigateway.get_rest_apis()["items"] == []


def test_merging_keeps_what_the_document_does_not_name(apigateway, api):
    api.says("GET", "/kept", "hi")
    apigateway.put_rest_api(restApiId=api.id, mode="merge", body=text(swagger("b", pets())))
    rows = apigateway.get_resources(restApiId=api.id)["items"]
    assert {row["path"] for row in rows} == {"/", "/kept", "/pets", "/pets/{petId}"}
    apigateway.put_rest_api(restApiId=api.id, mode="overwrite", body=text(swagger("b", pets())))
    again = apigateway.get_resources(restApiId=api.id)["items"]
    assert {row["path"] for row in again} == {"/", "/pets", "/pets/{petId}"}
    ids = {row["path"]: row["id"] for row in rows}
    assert all(ids[row["path"]] == row["id"] for row in again)


def test_yaml_is_read_with_numbers_for_statuses(apigateway):
    body = b"""
swagger: '2.0'
info: {title: yaml, version: 2024-01-01}
paths:
  /a:
    get:
      responses:
        200: {description: ok}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: 200}}
"""
    made = apigateway.import_rest_api(body=body, failOnWarnings=True)
    assert made["version"] == "2024-01-01"
    resource = next(
        each for each in apigateway.get_resources(restApiId=made["id"])["items"] if each["path"] == "/a"
    )
    method = apigateway.get_method(restApiId=made["id"], resourceId=resource["id"], httpMethod="GET")
    assert method["methodResponses"] == {"200": {"statusCode": "200"}}


def test_all_other_extensions_are_taken_over(apigateway):
    policy = {"Version": "2012-10-17", "Statement": []}
    sigv4 = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }
    document = openapi(
        "a",
        {"/a": {"get": operation(mocked(), security=[{"sigv4": []}])}},
        components={"securitySchemes": {"sigv4": sigv4}},
        servers=[
            {"url": "/", "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}
        ],
        **{
            "x-amazon-apigateway-policy": policy,
            "x-amazon-apigateway-minimum-compression-size": 5242,
            "x-amazon-apigateway-gateway-responses": {
                "THROTTLED": {"statusCode": 430, "responseTemplates": {"application/json": "{}"}}
            },
        },
    )
    made = imported(apigateway, document, parameters={"endpointConfigurationTypes": "REGIONAL"})
    assert made["disableExecuteApiEndpoint"] is True
    assert made["minimumCompressionSize"] == 5242
    assert made["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert json.loads(made["policy"].replace("\\", "")) == policy
    response = apigateway.get_gateway_response(restApiId=made["id"], responseType="THROTTLED")
    assert (response["statusCode"], response["defaultResponse"]) == ("430", False)
    resource = next(
        each for each in apigateway.get_resources(restApiId=made["id"])["items"] if each["path"] == "/a"
    )
    method = apigateway.get_method(restApiId=made["id"], resourceId=resource["id"], httpMethod="GET")
    assert method["authorizationType"] == "AWS_IAM"


def test_a_schema_without_a_name_is_given_one(apigateway):
    body = {"content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}}}
    post = operation(mocked(), requestBody=body)
    made = imported(apigateway, openapi("a", {"/a": {"post": post}}))
    models = apigateway.get_models(restApiId=made["id"])["items"]
    assert [json.loads(model["schema"]) for model in models] == [{"type": "object", "required": ["a"]}]
    assert models[0]["name"].startswith("MODEL")


@pytest.mark.unverified("AWS's words around the warnings could not be looked up")
def test_warnings_are_errors_when_asked_for(apigateway):
    does = mocked(requestParameters={"integration.request.header.a": True})
    document = openapi("a", {"/a": {"get": operation(does)}})
    warning = (
        "Invalid format for 'requestParameters'. Expected type string for property "
        "'integration.request.header.a' of resource '/a' and method 'GET' but got 'true'"
    )
    assert apigateway.import_rest_api(body=text(document))["warnings"] == [warning]
    assert refusal(apigateway.import_rest_api, body=text(document), failOnWarnings=True) == (
        "BadRequestException",
        f"Warnings found during import:\n\t{warning}",
    )


@pytest.mark.unverified("AWS's warnings for lines could not be looked up")
def test_api_keys_are_imported_from_lines_with_commas(apigateway):
    plan = apigateway.create_usage_plan(name="p")["id"]
    body = (
        "Name,key,description,Enabled,usageplanIds\n"
        f"first,apikey1234abcdefghij0123456789,An imported key,TRUE,{plan}\n"
        "second,short,,false,\n"
    )
    answer = apigateway.import_api_keys(body=body.encode(), format="csv")
    assert len(answer["ids"]) == 1
    assert answer["warnings"] == ["Line 3: API Key value should be at least 20 characters"]
    key = apigateway.get_api_key(apiKey=answer["ids"][0], includeValue=True)
    assert (key["name"], key["enabled"]) == ("first", True)
    assert key["value"] == "apikey1234abcdefghij0123456789"
    keys = apigateway.get_usage_plan_keys(usagePlanId=plan)["items"]
    assert [each["id"] for each in keys] == answer["ids"]


def test_status_texts_are_kept(apigateway):
    made = imported(apigateway, openapi("a", {"/a": {"get": operation(mocked())}}))
    resource = next(
        each for each in apigateway.get_resources(restApiId=made["id"])["items"] if each["path"] == "/a"
    )
    shown = apigateway.get_integration(restApiId=made["id"], resourceId=resource["id"], httpMethod="GET")
    assert shown["requestTemplates"] == {"application/json": STATUS_200}


def test_the_pet_store_is_imported(apigateway):
    aws = recording("import", "test_import_swagger_api")
    front = aws.content["integration-response-root-get"]["responseTemplates"]["text/html"]
    aws.bound |= {"<region>": "us-east-1", "<model-base-url>": "https://apigateway.amazonaws.com"}
    made = imported(apigateway, pet_store(front, "petid", guarded=True))
    aws.expect("import-swagger", made)
    aws.expect("get-authorizers", apigateway.get_authorizers(restApiId=made["id"]))
    aws.expect("get-models", by_name(apigateway.get_models(restApiId=made["id"])))
    aws.expect("resources", by_path(apigateway.get_resources(restApiId=made["id"])))
    expect_methods(aws, apigateway, made["id"])


def test_a_function_that_is_not_waited_for_is_imported(apigateway):
    aws = recording("import", "test_import_with_http_method_integration")
    recorded = aws.content["integration-root-get"]
    event = integration(
        "aws",
        uri=URI,
        httpMethod="POST",
        contentHandling="CONVERT_TO_TEXT",
        passthroughBehavior="when_no_templates",
        requestParameters=recorded["requestParameters"],
        requestTemplates=recorded["requestTemplates"],
    )
    headers = {"Access-Control-Allow-Headers": "Content-Type"}
    document = openapi(
        "a",
        {
            "/": {
                "get": operation(event, responses=answered("Empty")),
                "options": operation(mocked(headers), responses=answered("Empty", headers=(*headers,))),
            }
        },
        components={"schemas": {"Empty": EMPTY}},
    )
    made = imported(apigateway, document)
    aws.expect("resources", by_path(apigateway.get_resources(restApiId=made["id"])))
    expect_methods(aws, apigateway, made["id"])


def test_a_thousand_paths_are_imported(apigateway):
    paths = {f"/a{number}/b": {"get": operation(mocked())} for number in range(1000)}
    made = imported(apigateway, openapi("a", paths))
    pages = apigateway.get_paginator("get_resources").paginate(restApiId=made["id"], limit=500)
    assert sum(len(page["items"]) for page in pages) == 2001


def test_two_variables_side_by_side_are_refused(apigateway):
    one = {"get": operation(mocked())}
    document = openapi("a", {"/pets/{a}": one, "/pets/{b}": one})
    assert refusal(apigateway.import_rest_api, body=text(document)) == (
        "BadRequestException",
        "Errors found during import:\n\tUnable to create resource at path '/pets/{b}': A sibling ({a}) of "
        "this resource already has a variable path part -- only one is allowed",
    )


def test_a_document_may_ask_for_streamed_answers(apigateway):
    integration = {
        "type": "http_proxy",
        "httpMethod": "GET",
        "uri": "http://example.com",
        "responseTransferMode": "STREAM",
    }
    method = {"x-amazon-apigateway-integration": integration, "responses": {}}
    document = {"openapi": "3.0.1", "info": {"title": "a", "version": "1"}, "paths": {"/": {"get": method}}}
    api_id = apigateway.import_rest_api(body=json.dumps(document))["id"]
    (root,) = apigateway.get_resources(restApiId=api_id, embed=["methods"])["items"]
    assert root["resourceMethods"]["GET"]["methodIntegration"]["responseTransferMode"] == "STREAM"
