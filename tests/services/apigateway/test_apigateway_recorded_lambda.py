"""Functions behind APIs, held against AWS's recorded answers: events, answers, selection, templates."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from recorded_answers import recording

from cloud_functions import TRUST, zipped

NETWORK = r"CloudFront-.*|Via|X-Amz-Cf-.*|X-Cache|Connection"
"""What AWS's edge adds, which is not here."""
SENT = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "authorization": "random-value",
    "User-Agent": "python-requests/testing",
    "tEsT-HEADeR": "aValUE",
}
QUERY = "&".join(
    (
        "dateTimeOffset=2023-06-12T18:05:10.123456+00:00",
        "email=test%2Balias@gmail.com",
        "plus=test+alias@gmail.com",
        "url=https://www.google.com/",
        "whitespace=foo%20bar",
        "zhash=abort/",
    )
)
EMAILS = "user/test%2Balias@gmail.com/plus/test+alias@gmail.com"
EVENTS = {
    "without-trailing-slash": "/stage/proxy-value",
    "with-trailing-slash": "/stage/proxy-value/",
    "with-double-slash": "/stage/proxy-value//double-slash",
    "with-prepended-slash-to-stage": "//stage/proxy-value",
    "with-prepended-slash": "/stage//proxy-value",
    "without-trailing-slash-and-query-params": "/stage/proxy-value?urlparam=test",
    "with-trailing-slash-and-query-params": "/stage/proxy-value/?urlparam=test",
    "with-path-encoded-email": f"/stage/proxy-value/api/{EMAILS}",
    "with-params-encoding": f"/stage/proxy-value/api?{QUERY}",
}
ANSWERS: dict[str, tuple[int, Any]] = {
    "no-body": (200, {"statusCode": 200}),
    "with-headers": (200, {"statusCode": 200, "headers": {"test-header": "value", "header-bool": True}}),
    "with-headers-null": (200, {"statusCode": 200, "headers": None}),
    "wrong-format": (502, {"statusCode": 200, "wrongValue": "value"}),
    "empty-response": (502, {}),
    "b64-encoded-true": (200, {"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": True}),
    "b64-encoded-false": (200, {"statusCode": 200, "body": "dGVzdC1kYXRh"}),
    "multi-headers-valid": (
        200,
        {"statusCode": 200, "multiValueHeaders": {"test-multi": ["value1", "value2"]}},
    ),
    "multi-headers-overwrite": (
        200,
        {
            "statusCode": 200,
            "multiValueHeaders": {"test-multi": ["value-multi"]},
            "headers": {"test-multi": "value-solo"},
        },
    ),
    "multi-headers-overwrite-casing": (
        200,
        {
            "statusCode": 200,
            "multiValueHeaders": {"tesT-Multi": ["value-multi"]},
            "headers": {"test-multi": "value-solo"},
        },
    ),
    "multi-headers-invalid": (
        502,
        {"statusCode": 200, "multiValueHeaders": {"test-multi-invalid": "value1"}},
    ),
    "invalid-status-code": (502, {"statusCode": "test"}),
    "status-code-str": (201, {"statusCode": "201"}),
    "just-string": (502, "justAString"),
    "only-headers": (200, {"headers": {"test-header": "value"}}),
}
TELL_EVENT = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""
ECHO = """
import json
def handler(event, context):
    return event
"""
ANSWER = """
import json
def handler(event, context):
    return json.loads(event["body"])
"""
SELECT = """def handler(event, context):
    status_code = event.get("statusCode")
    match status_code:
        case "200":
            return "Pass"
        case "400":
            raise Exception("Error: Raising four hundred from within the Lambda function")
        case "500":
            raise Exception("Error: Raising five hundred from within the Lambda function")
"""


@pytest.fixture
def integration(client, gateway_role):
    """Deploys a function and makes the integration that asks it."""

    def make(source: str, kind: str, module: str = "index", **more: Any) -> dict[str, Any]:
        role = client("iam").create_role(RoleName="runner", AssumeRolePolicyDocument=json.dumps(TRUST))
        functions = client("lambda")
        made = functions.create_function(
            FunctionName="behind",
            Runtime="python3.12",
            Handler=f"{module}.handler",
            Role=role["Role"]["Arn"],
            Code={"ZipFile": zipped({f"{module}.py": source})},
        )
        functions.get_waiter("function_active_v2").wait(FunctionName="behind", WaiterConfig={"Delay": 0})
        uri = (
            f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{made['FunctionArn']}/invocations"
        )
        credentials = gateway_role("lambda:InvokeFunction")
        return {"type": kind, "integrationHttpMethod": "POST", "uri": uri, "credentials": credentials, **more}

    return make


def shown_headers(answer) -> dict[str, str]:
    """Header names as they were sent; the lines of one name together."""
    found: dict[str, list[str]] = {}
    for name, value in answer.headers.raw:
        found.setdefault(name.decode(), []).append(value.decode())
    return {name: ", ".join(values) for name, values in found.items()}


def told_event(answer) -> dict[str, Any]:
    """The event that a function tells; who forwarded it was recorded as one value where it is a list."""
    event = answer.json()
    several = event["multiValueHeaders"]
    several |= {name: values[0] for name, values in several.items() if name.startswith("X-Forwarded-")}
    return event


def test_events_have_the_members_that_aws_sends(api, http, integration):
    aws = recording("lambda", "test_lambda_aws_proxy_integration").without(NETWORK)
    proxy = integration(TELL_EVENT, "AWS_PROXY")
    api.method("ANY", "/{proxy+}", proxy)
    api.method("ANY", "/hardcoded", proxy)
    api.deploy("stage")
    aws.bound["<api-id>"] = api.id
    host = {"Host": f"{api.id}.execute-api.us-east-1.amazonaws.com"}
    for key, target in EVENTS.items():
        answer = http.get(f"{api.endpoint}{target}", headers={**SENT, **host})
        aws.expect(f"invocation-payload-{key}", told_event(answer))
    answer = http.get(f"{api.endpoint}/stage//hardcoded", headers={**SENT, **host})
    aws.expect("invocation-hardcoded", told_event(answer))
    several = {
        "Content-Type": "application/json;charset=utf-8",
        "aUThorization": "Bearer token123;API key456",
        **{name: SENT[name] for name in ("Accept", "Accept-Encoding", "User-Agent")},
    }
    query = "category=electronics&category=books&price=10&price=20&price=30"
    answer = http.post(
        f"{api.endpoint}/stage/proxy-value?{query}",
        headers={**several, **host},
        content='{"message": "hello world"}',
    )
    aws.expect("invocation-payload-with-params-encoding-multi", told_event(answer))


def test_a_proxy_heeds_no_mapped_parameters(api, http, integration):
    aws = recording("lambda", "test_lambda_aws_proxy_integration_request_data_mapping").without(NETWORK)
    parameters = {
        "integration.request.header.headerVar": "method.request.header.foobar",
        "integration.request.path.qsVar": "method.request.querystring.testVar",
        "integration.request.path.pathVar": "method.request.path.pathVariable",
        "integration.request.querystring.queryString": "method.request.querystring.testQueryString",
        "integration.request.querystring.testQs": "method.request.querystring.testQueryString",
        "integration.request.querystring.testEmptyQs": "method.request.header.emptyheader",
    }
    proxy = integration(TELL_EVENT, "AWS_PROXY", requestParameters=parameters)
    api.method("ANY", "/{pathVariable}", proxy, requestParameters=dict.fromkeys(parameters.values(), True))
    api.deploy("test")
    aws.expect("api_id", {"rest_api_id": api.id})
    answer = http.post(
        f"{api.endpoint}/test/foobar?testQueryString=foo&testVar=bar",
        headers={
            "Host": f"{api.id}.execute-api.us-east-1.amazonaws.com",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "foobar": "mapped-value",
            "user-Agent": "test/integration",
            "headerVar": "request-value",
        },
        content='{"message": "hello world"}',
    )
    told = {"content": told_event(answer), "status_code": answer.status_code}
    aws.expect("http-proxy-invocation-data-mapping", told)


def test_answers_become_what_aws_makes_of_them(api, integration):
    aws = recording("lambda", "test_aws_proxy_response_payload_format_validation").without(NETWORK)
    api.method("POST", "/", integration(ANSWER, "AWS_PROXY"))
    api.deploy()
    for key, (status, document) in ANSWERS.items():
        answer = api.call("/", "POST", content=json.dumps(document))
        assert answer.status_code == status, key
        told: dict[str, Any] = {"content": answer.json() if status == 502 else answer.text}
        if "headers" in aws.content[f"invoke-api-{key}"]:
            told["headers"] = shown_headers(answer)
        aws.expect(f"invoke-api-{key}", told)


def test_what_functions_are_given_and_give_without_a_proxy(api, apigateway, integration):
    aws = recording("lambda", "test_lambda_aws_integration")
    named = {"restApiId": api.id, "resourceId": api.resource("/test"), "httpMethod": "POST"}
    aws.expect("put-method", apigateway.put_method(**named, authorizationType="NONE"))
    aws.expect("put-integration", apigateway.put_integration(**named, **integration(ECHO, "AWS")))
    aws.expect("put-integration-response", apigateway.put_integration_response(**named, statusCode="200"))
    aws.expect("put-method-response", apigateway.put_method_response(**named, statusCode="200"))
    api.deploy()
    aws.expect(
        "lambda-aws-integration", api.call("/test", "POST", content='{"message": "hello world"}').json()
    )


def test_a_template_is_the_event(api, apigateway, integration):
    aws = recording("lambda", "test_lambda_aws_integration_with_request_template")
    named = {"restApiId": api.id, "resourceId": api.resource("/test"), "httpMethod": "GET"}
    parameters = {"method.request.querystring.param1": False}
    method = apigateway.put_method(**named, authorizationType="NONE", requestParameters=parameters)
    aws.expect("put-method", method)
    aws.expect("put-method-response", apigateway.put_method_response(**named, statusCode="200"))
    templates = {"application/json": '{"param1": "$input.params(\'param1\')"}'}
    put = integration(ECHO, "AWS", requestTemplates=templates)
    aws.expect("put-integration", apigateway.put_integration(**named, **put))
    responding = apigateway.put_integration_response(**named, statusCode="200", selectionPattern="")
    aws.expect("put-integration-response", responding)
    api.deploy()
    aws.expect("lambda-aws-integration-1", api.call("/test?param1=foobar").json())
    aws.expect("lambda-aws-integration-2", api.call("/test?param1=foobar&Signature=1").json())
    aws.expect("delete-integration", apigateway.delete_integration(**named))
    aws.refuses("get-integration-after-delete", apigateway.get_integration, **named)


def test_errors_select_responses_and_are_their_bodies(api, integration):
    aws = recording("lambda", "test_lambda_selection_patterns")
    templates = {"application/json": '{"statusCode": "$input.params(\'statusCode\')"}'}
    put = integration(SELECT, "AWS", "lambda_select_pattern", requestTemplates=templates)
    named = api.method("GET", "/{statusCode}", put)
    api.respond(named)
    api.respond(named, "405", selectionPattern=".*four hundred.*")
    api.respond(named, "502", selectionPattern=".*five hundred.*")
    api.deploy()
    for sent, status in (("200", 200), ("400", 405), ("500", 502)):
        answer = api.call(f"/{sent}")
        assert answer.status_code == status
        aws.expect(f"lambda-selection-pattern-{sent}", answer.json())


RESPONSE = """#set($inputRoot = $input.path('$'))
$input.json("$")
#if($inputRoot.toString().contains("customerror"))
    #set($context.responseOverride.status = 400)
#else
    #set($context.responseOverride.status = 202)
#end
"""
CHOOSE = """
def handler(event, context):
    failed = event["body"]["httpStatus"] == "400"
    return {"statusCode": 200, "body": "customerror" if failed else "noerror"}
"""


def test_templates_choose_the_status(api, integration):
    aws = recording("lambda", "test_lambda_aws_integration_response_with_mapping_templates")
    put = integration(CHOOSE, "AWS", requestTemplates={"application/json": '{"body": $input.json("$")}'})
    named = api.method("POST", "/test", put)
    api.respond(named, selectionPattern="", responseTemplates={"application/json": RESPONSE})
    api.deploy()
    for sent, status in (("200", 202), ("400", 400)):
        answer = api.call("/test", "POST", json={"httpStatus": sent, "errorMessage": "Test Bad request"})
        told = {"body": answer.json(), "statusCode": answer.status_code}
        aws.expect(f"response-template-{status}", told)


def test_a_proxy_asks_by_post(api, apigateway, integration):
    aws = recording("lambda", "test_lambda_aws_proxy_integration_non_post_method")
    api.method("ANY", "/{proxy+}", {**integration(TELL_EVENT, "AWS_PROXY"), "integrationHttpMethod": "GET"})
    apigateway.put_gateway_response(
        restApiId=api.id, responseType="INTEGRATION_FAILURE", responseParameters={}
    )
    api.deploy()
    answer = api.call("/test-path")
    assert answer.status_code == 500
    aws.expect("invocation-payload-with-get-proxy-method", answer.json())


FORBIDDEN = (
    "content-length",
    "transfer-encoding",
    "authorization",
    "connection",
    "expect",
    "proxy-authenticate",
    "te",
)


@pytest.mark.parametrize("kind", ["AWS", "AWS_PROXY"])
def test_functions_are_not_given_some_headers(api, integration, kind):
    aws = recording("integrations", f"test_apigateway_header_remapping_aws[{kind}]")
    put = integration(TELL_EVENT, kind)
    for name in FORBIDDEN:
        mapped = {"requestParameters": {f"integration.request.header.{name}": "'1'"}}
        api.respond(api.method("POST", f"/{name}", {**put, **mapped}))
    api.deploy()
    for name in FORBIDDEN:
        answer = api.call(f"/{name}", "POST")
        headers = {**shown_headers(answer), "Connection": "close"}  # as AWS did
        aws.expect(name, {"body": answer.json(), "response-headers": headers})


def test_headers_of_responses_are_renamed(api, integration):
    aws = recording("integrations", "test_apigateway_header_remapping_aws[AWS]")
    recorded = aws.content["full-integration"]["response-headers"]
    mapped = {
        f"method.response.header.{value.removeprefix('response_param_')}": f"'{value}'"
        for value in recorded.values()
        if value.startswith("response_param_")
    }
    api.respond(api.method("POST", "/", integration(ECHO, "AWS")), responseParameters=mapped)
    api.deploy()
    with httpx.stream("POST", f"{api.endpoint}/restapis/{api.id}/dev/_user_request_/") as answer:
        seen = {name.decode() for name, _ in answer.headers.raw}
    # Date and Via were mapped too; AWS closed the connection.
    assert seen == recorded.keys() - {"Connection", "Via", "x-amzn-Remapped-Date"}
