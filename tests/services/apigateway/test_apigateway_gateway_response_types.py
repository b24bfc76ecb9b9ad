"""Every type of gateway response: the status and the words that it has by itself, and those that were put."""

from __future__ import annotations

import json

import pytest

from cloudlet.core.access import Principal
from cloudlet.services.apigateway.execute.compiled import compile_stage
from cloudlet.services.apigateway.execute.errors import GatewayError
from cloudlet.services.apigateway.execute.gateway_responses import GatewayResponses
from cloudlet.services.apigateway.execute.trial import invocation_of, serving_for
from cloudlet.services.apigateway.model import GatewayResponse, RestApi, Snapshot
from cloudlet.services.apigateway.responses import STATUS

OWN = [name for name, status in STATUS.items() if status]


@pytest.fixture
def invocation(server, account):
    """A request of no API that is anywhere."""
    call = server.app.cloud.call("apigateway", Principal.anonymous(), account, "us-east-1")
    snapshot = Snapshot(RestApi("a", "a", 0.0, "r"), [], [], [], [])
    stage = compile_stage(serving_for(call, "dev", {"stageVariables": {"v": "variable"}}), snapshot)
    return invocation_of(call, stage, "GET", "/a", {"headers": {"X-Own": "sent"}})


@pytest.mark.parametrize("name", OWN)
def test_a_type_has_a_status_and_words_of_its_own(invocation, name):
    answer = GatewayResponses([]).answer(invocation, GatewayError(name, "because", "SomeException"))
    assert str(answer.status) == STATUS[name]
    assert {key.lower(): value for key, value in json.loads(answer.body).items()} == {"message": "because"}
    assert answer.header("x-amzn-errortype") == "SomeException"


@pytest.mark.parametrize("name", STATUS)
def test_what_was_put_is_said_with_parameters_and_templates(invocation, name):
    put = GatewayResponse(
        name,
        "499",
        {
            "gatewayresponse.header.X-Static": "'static'",
            "gatewayresponse.header.X-Sent": "method.request.header.X-Own",
            "gatewayresponse.header.X-Type": "context.error.responseType",
            "gatewayresponse.header.X-Variable": "stageVariables.v",
            "gatewayresponse.header.X-None": "method.request.header.None",
        },
        {"application/json": '{"$context.error.responseType": $context.error.messageString}'},
    )
    answer = GatewayResponses([put]).answer(invocation, GatewayError(name, 'a "b"', "SomeException"))
    assert answer.status == 499
    assert json.loads(answer.body) == {name: 'a "b"'}
    named = ("x-static", "x-sent", "x-type", "x-variable", "x-none")
    assert [answer.header(each) for each in named] == ["static", "sent", name, "variable", None]


@pytest.mark.parametrize("name", OWN)
def test_a_family_speaks_for_its_types(invocation, name):
    family = f"DEFAULT_{(STATUS[name] or '')[0]}XX"
    put = GatewayResponse(family, None, {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}, {})
    answer = GatewayResponses([put]).answer(invocation, GatewayError(name, "because", "SomeException"))
    assert str(answer.status) == STATUS[name]
    assert answer.header("access-control-allow-origin") == "*"
