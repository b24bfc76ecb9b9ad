"""TestInvokeMethod's work: a method's steps without a deployment, told in AWS's recorded words."""

from __future__ import annotations

import re

import pytest
from recorded_answers import recording

from cloud_functions import Deployment
from cloudlet.core.access import Principal
from cloudlet.services.apigateway import resource_state, state
from cloudlet.services.apigateway.execute.trial import try_method

MOMENT = re.compile(r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d UTC \d{4} : ")
ECHO = (
    "import json\ndef handler(event, context):\n    return {'statusCode': 200, 'body': json.dumps(event)}\n"
)


@pytest.fixture
def try_it(server, account, api):
    """What a trial of a method answers."""

    def run(named, **request):
        cloud = server.app.cloud
        call = cloud.call("apigateway", Principal.root(account), account, "us-east-1")

        def read(call):
            row = state.api(call, api.id)
            return state.snapshot_of(call, row), resource_state.resource(call, api.id, named["resourceId"])

        snapshot, resource = server.run(call.transact(read, read_only=True))
        return server.run(try_method(call, snapshot, resource, named["httpMethod"], request))

    return run


def lines(answer):
    """The log's lines, without the moments and with one name for the request's id."""
    first, *others = answer["log"].split("\n")
    request_id = first.removeprefix("Execution log for request ")
    for line in others[:-1]:
        assert MOMENT.match(line), line
    return [
        first.replace(request_id, "ID"),
        *(MOMENT.sub("", line).replace(request_id, "ID") for line in others),
    ]


def recorded_lines(answer):
    log = answer["log"].values()
    return [
        re.sub(r"<request-id-\d>", "ID", line.removeprefix("DDD MMM dd hh:mm:ss UTC yyyy : ")) for line in log
    ]


@pytest.mark.parametrize(
    ("key", "path", "request_"),
    [
        ("test-invoke-method-get-pets", "/pets", {"pathWithQueryString": "/pets"}),
        ("test-invoke-method-get-pets-bad-path", "/pets", {"pathWithQueryString": "/random/test"}),
        ("test-invoke-method-get-pets-id", "/pets/{petId}", {"pathWithQueryString": "/pets/123"}),
        ("test-invoke-method-get-pets-id-no-path", "/pets/{petId}", {}),
        ("test-invoke-method-get-pets-id-bad-path", "/pets/{petId}", {"pathWithQueryString": "/random/test"}),
        ("test-invoke-method-get-with-qs", "/pets/{petId}", {"pathWithQueryString": "/pets/123?foo=bar"}),
        (
            "test-invoke-method-post-with-body",
            "/pets/{petId}",
            {"pathWithQueryString": "/pets/123", "body": '{"foo": "bar"}'},
        ),
    ],
)
def test_a_trial_answers_and_tells_what_aws_recorded(api, try_it, key, path, request_):
    template = '{"pets": "all the pets"}' if path == "/pets" else '{"petId": "$input.params(\'petId\')"}'
    verb = "POST" if "post" in key else "GET"
    named = api.mock(verb, path, responseTemplates={"application/json": template})
    answer = try_it(named, **request_)
    recorded = recording("api", "TestApigatewayTestInvoke::test_invoke_test_method")
    expected = recorded.content[key]
    assert lines(answer) == recorded_lines(expected)
    shown = {
        "status": 200,
        "headers": expected["headers"],
        "multiValueHeaders": expected["multiValueHeaders"],
    }
    assert {name: answer[name] for name in shown} == shown
    assert answer["latency"] >= 0


def test_a_trial_that_fails_tells_why(api, try_it):
    named = api.method(
        "GET", "/", {"type": "HTTP", "integrationHttpMethod": "GET", "uri": "${stageVariables.no}"}
    )
    api.respond(named)
    answer = try_it(named)
    recorded = recording("api", "TestApigatewayTestInvoke::test_failed_invoke_test_method")
    expected = recorded.content["test-invoke-failure"]
    assert lines(answer) == recorded_lines(expected)
    assert answer["status"] == 500
    assert answer["headers"] == expected["headers"]


def test_a_trial_tells_what_a_function_was_sent_and_what_it_answered(client, api, try_it):
    Deployment.by(client).python("tried", ECHO)
    client("lambda").add_permission(
        FunctionName="tried",
        StatementId="any",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    arn = client("lambda").get_function(FunctionName="tried")["Configuration"]["FunctionArn"]
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    named = api.method("GET", "/foo", {"type": "AWS", "integrationHttpMethod": "POST", "uri": uri})
    api.respond(named)
    answer = try_it(
        named,
        pathWithQueryString="/foo?queryTest=value",
        body='{"test": "val123"}',
        headers={"content-type": "application/json"},
    )
    told, body = lines(answer), '{"statusCode": 200, "body": "{\\"test\\": \\"val123\\"}"}'
    recorded = recording("basic", "TestAPIGateway::test_apigw_test_invoke_method_api")
    expected = recorded_lines(recorded.content["test_invoke_method_response_with_body"])
    assert [line.partition(":")[0].partition("{")[0] for line in told] == [
        line.partition(":")[0].partition("{")[0] for line in expected
    ]
    assert told[4:7] == expected[4:7]
    assert told[9] == expected[9]
    assert told[13:15] == [
        f"Endpoint response body before transformations: {body}",
        f"Method response body after transformations: {body}",
    ]
    assert (answer["status"], answer["body"]) == (200, body)
