"""TestInvokeMethod and TestInvokeAuthorizer as callers see them."""

from __future__ import annotations

import json

import pytest
from recorded_answers import recording

from cloud_functions import Deployment
from refusals import refusal

JUDGE = """
def handler(event, context):
    if event["authorizationToken"] != "let me in":
        raise Exception("Unauthorized")
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "me", "policyDocument": policy, "context": {"a": "b"}}
"""


def test_a_method_is_tried_without_a_deployment(api, apigateway):
    named = api.mock("GET", "/pets/{petId}", responseTemplates={"application/json": "$input.params('petId')"})
    answer = apigateway.test_invoke_method(**named, pathWithQueryString="/pets/123?foo=bar")
    assert (answer["status"], answer["body"]) == (200, "123")
    assert "Method request query string: {foo=bar}" in answer["log"]
    assert answer["log"].startswith("Execution log for request ")


def test_what_is_not_there_cannot_be_tried(api, apigateway):
    aws = recording("api", "TestApigatewayTestInvoke::test_invoke_test_method")
    named = api.says("GET", "/pets", "hi")
    ask = apigateway.test_invoke_method
    for key, other in (
        ("resource-method-not-found", {"httpMethod": "POST"}),
        ("resource-id-not-found", {"resourceId": "unknown"}),
        ("rest-api-not-found", {"restApiId": "unknown"}),
    ):
        aws.refuses(key, ask, **{**named, **other})


def test_an_authorizer_is_tried(api, apigateway, client):
    Deployment.by(client).python("judge", JUDGE)
    arn = client("lambda").get_function(FunctionName="judge")["Configuration"]["FunctionArn"]
    client("lambda").add_permission(
        FunctionName="judge",
        StatementId="any",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    made = apigateway.create_authorizer(
        restApiId=api.id,
        name="judge",
        type="TOKEN",
        authorizerUri=uri,
        identitySource="method.request.header.Authorization",
    )
    named = {"restApiId": api.id, "authorizerId": made["id"]}
    answer = apigateway.test_invoke_authorizer(**named, headers={"Authorization": "let me in"})
    assert (answer["clientStatus"], answer["principalId"]) == (0, "me")
    assert json.loads(answer["policy"])["Statement"][0]["Effect"] == "Allow"
    refused = apigateway.test_invoke_authorizer(**named, headers={"Authorization": "x"})
    assert refused["clientStatus"] == 401


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("test_invoke_method", {"clientCertificateId": "abc"}),
        ("test_invoke_authorizer", {"authorizerId": "abc", "additionalContext": {"a": "b"}}),
    ],
)
def test_what_a_trial_cannot_take_along_is_refused(api, apigateway, operation, more):
    named = api.says("GET", "/pets", "hi")
    call = {
        "test_invoke_method": apigateway.test_invoke_method,
        "test_invoke_authorizer": apigateway.test_invoke_authorizer,
    }[operation]
    given = {**named, **more} if operation == "test_invoke_method" else {"restApiId": api.id, **more}
    assert refusal(call, **given)[0] == "NotImplemented"
