"""Stages as clients see them: routing, snapshots, MOCK, mappings and the gateway's own answers."""

from __future__ import annotations

import pytest


def test_a_mock_answers_what_its_template_says(api):
    api.mock("GET", "/pets/{id}", responseTemplates={"application/json": '{"id": "$input.params(\'id\')"}'})
    api.deploy()
    answer = api.call("/pets/7")
    assert (answer.status_code, answer.json()) == (200, {"id": "7"})
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.headers["x-amzn-requestid"]) == 36
    assert answer.headers["x-amz-apigw-id"].endswith("=")
    assert "x-amzn-trace-id" not in answer.headers


def test_literals_come_before_parameters_and_these_before_greedy_ones(api):
    for path in ("/a", "/a/b", "/a/{x}", "/{any+}", "/{y}/c"):
        if path == "/{y}/c":
            continue
        api.says("GET", path, path)
    api.deploy()
    for path, route in (("/a/b", "/a/b"), ("/a/z", "/a/{x}"), ("/a/b/c", "/{any+}"), ("/q", "/{any+}")):
        assert api.call(path).json() == {"says": route}


def test_a_resource_without_the_method_is_passed_over(api):
    api.says("POST", "/test", "literal")
    api.says("OPTIONS", "/{proxy+}", "greedy")
    api.deploy()
    assert api.call("/test", "OPTIONS").json() == {"says": "greedy"}
    assert api.call("/test", "POST").json() == {"says": "literal"}


@pytest.mark.parametrize(("verb", "path"), [("GET", "/nowhere"), ("PUT", "/here"), ("GET", "/here/below")])
def test_what_is_not_there_looks_like_a_missing_token(api, verb, path):
    api.says("GET", "/here", "hi")
    api.deploy()
    answer = api.call(path, verb)
    assert (answer.status_code, answer.text) == (403, '{"message":"Missing Authentication Token"}')
    assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


def test_an_unknown_stage_is_forbidden(api):
    api.says("GET", "/here", "hi")
    api.deploy()
    answer = api.call("/here", stage="prod")
    assert (answer.status_code, answer.text) == (403, '{"message":"Forbidden"}')
    assert answer.headers["x-amzn-errortype"] == "ForbiddenException"


def test_edits_are_not_seen_until_they_are_deployed(api, apigateway):
    named = api.says("GET", "/a", "old")
    first = api.deploy()
    apigateway.put_integration_response(
        **named, statusCode="200", responseTemplates={"application/json": '{"says": "new"}'}
    )
    api.says("GET", "/b", "b")
    assert api.call("/a").json() == {"says": "old"}
    assert api.call("/b").status_code == 403
    api.deploy()
    assert api.call("/a").json() == {"says": "new"}
    assert api.call("/b").json() == {"says": "b"}
    patch = [{"op": "replace", "path": "/deploymentId", "value": first}]
    apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=patch)
    assert api.call("/a").json() == {"says": "old"}


def test_the_three_forms_of_the_url_reach_the_same_stage(api, server, http):
    api.says("GET", "/a", "hi")
    api.deploy()
    port = server.endpoint.rpartition(":")[2]
    assert http.get(f"{server.endpoint}/_aws/execute-api/{api.id}/dev/a").json() == {"says": "hi"}
    host = f"{api.id}.execute-api.us-east-1.amazonaws.com:{port}"
    assert http.get(f"{server.endpoint}/dev/a", headers={"Host": host}).json() == {"says": "hi"}
    assert api.call("/a").json() == {"says": "hi"}


def test_stage_variables_reach_templates(api, apigateway):
    api.mock("GET", "/a", responseTemplates={"application/json": '{"v": "$stageVariables.name"}'})
    api.deploy(variables={"name": "first"})
    assert api.call("/a").json() == {"v": "first"}
    patch = [{"op": "replace", "path": "/variables/name", "value": "second"}]
    apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=patch)
    assert api.call("/a").json() == {"v": "second"}


def test_a_template_overrides_the_status_and_headers(api):
    template = (
        '#set($context.responseOverride.status = 444)#set($context.responseOverride.header.foo = "bar")'
        '{"custom": "$context.responseOverride.header.foo"}'
    )
    api.mock("GET", "/a", responseTemplates={"application/json": template})
    api.deploy()
    answer = api.call("/a")
    assert (answer.status_code, answer.headers["foo"], answer.json()) == (444, "bar", {"custom": "bar"})


def test_an_override_in_the_request_template_lasts_into_the_answer(api):
    template = '{"statusCode": 200}#set($context.responseOverride.status = 444)'
    api.mock("GET", "/a", template)
    api.deploy()
    answer = api.call("/a")
    assert (answer.status_code, answer.content) == (444, b"")


def test_the_status_selects_the_response_of_a_mock(api):
    named = api.mock("GET", "/a", '{"statusCode": $input.params("s")}')
    api.respond(named, "400", selectionPattern="4..", responseTemplates={"application/json": "bad"})
    api.deploy()
    assert api.call("/a?s=200").status_code == 200
    assert (api.call("/a?s=404").status_code, api.call("/a?s=404").text) == (400, "bad")


def test_a_mock_whose_template_makes_no_json_fails(api):
    api.mock("GET", "/a", "{{{")
    api.deploy()
    answer = api.call("/a")
    assert (answer.status_code, answer.text) == (500, '{"message": "Internal server error"}')
    assert answer.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_a_content_type_without_template_is_refused_where_nothing_passes_through(api):
    named = api.method(
        "POST",
        "/a",
        {
            "type": "MOCK",
            "passthroughBehavior": "NEVER",
            "requestTemplates": {"application/json": '{"statusCode": 200}'},
        },
    )
    api.respond(named)
    api.deploy()
    answer = api.call("/a", "POST", content="x", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.text) == (415, '{"message":"Unsupported Media Type"}')


def test_cors_by_a_mock(api):
    api.mock(
        "OPTIONS",
        "/a",
        responseParameters={
            "method.response.header.Access-Control-Allow-Origin": "'*'",
            "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
        },
    )
    api.deploy()
    answer = api.call("/a", "OPTIONS", headers={"Origin": "https://example.com"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET,OPTIONS"


def test_gateway_responses_have_headers_templates_and_families(api, apigateway):
    api.says("GET", "/a", "hi")
    apigateway.put_gateway_response(
        restApiId=api.id,
        responseType="DEFAULT_4XX",
        statusCode="418",
        responseParameters={
            "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
            "gatewayresponse.header.x-query": "method.request.querystring.q",
        },
        responseTemplates={
            "application/json": '{"m": $context.error.messageString, "t": "$context.error.responseType"}'
        },
    )
    api.deploy()
    answer = api.call("/nowhere?q=7")
    assert answer.status_code == 418
    assert answer.json() == {"m": "Missing Authentication Token", "t": "MISSING_AUTHENTICATION_TOKEN"}
    assert (answer.headers["access-control-allow-origin"], answer.headers["x-query"]) == ("*", "7")


def test_a_gateway_response_counts_from_the_next_deployment_on(api, apigateway):
    api.says("GET", "/a", "hi")
    api.deploy()
    apigateway.put_gateway_response(
        restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN", statusCode="404"
    )
    assert api.call("/nowhere").status_code == 403
    api.deploy()
    assert api.call("/nowhere").status_code == 404
