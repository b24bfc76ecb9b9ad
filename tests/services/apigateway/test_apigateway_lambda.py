"""Functions behind APIs: the events they get, the answers they give, and who may invoke them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest

from cloud_functions import zipped

URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
TENANT = {"integration.request.header.X-Amz-Tenant-Id": "method.request.header.x-tenant"}
TENANT_ASKED = {"method.request.header.x-tenant": False}
FAULT = '{"message": "Internal server error"}'
SOURCE = """
import json
import os
def handler(event, context):
    if "answer" in (event.get("stageVariables") or {}):
        return json.loads(event["body"])
    if event.get("raise"):
        raise Exception(event["raise"])
    if event.get("sleep"):
        import time
        time.sleep(event["sleep"])
    if event.get("path") == "/trace":
        seen = {"event": event["headers"]["X-Amzn-Trace-Id"], "function": os.environ["_X_AMZN_TRACE_ID"]}
        return {"statusCode": 200, "body": json.dumps(seen)}
    if event.get("httpMethod"):
        return {"statusCode": 200, "body": json.dumps(event)}
    return event
"""


@pytest.fixture
def function(client) -> str:
    role = client("iam").create_role(RoleName="runner", AssumeRolePolicyDocument=json.dumps(TRUST))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        entry = zipfile.ZipInfo("index.py")
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, SOURCE)
    functions = client("lambda")
    made = functions.create_function(
        FunctionName="behind",
        Runtime="python3.12",
        Handler="index.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": content.getvalue()},
        Timeout=10,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="behind", WaiterConfig={"Delay": 0})
    return made["FunctionArn"]


def let_in(client, api, account: str, function: str, path: str = "*/*/*") -> None:
    client("lambda").add_permission(
        FunctionName=function,
        StatementId=f"api{abs(hash(path))}",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:{account}:{api.id}/{path}",
    )


def proxy(function: str, **more: Any) -> dict[str, Any]:
    return {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI.format(function), **more}


@pytest.fixture
def echo(api, client, account, function):
    """An API whose every path is answered by a function that tells its event."""
    api.method("ANY", "/{proxy+}", proxy(function))
    let_in(client, api, account, function)
    api.deploy()
    return api


def test_the_event_has_exactly_aws_members(echo, account):
    answer = echo.call(
        "/proxy-value/?a=1&a=2&b=x%20y", headers={"tEsT-HEADeR": "aValUE", "user-agent": "tests"}
    )
    assert answer.status_code == 200
    event = answer.json()
    assert list(event) == [
        "resource",
        "path",
        "httpMethod",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "requestContext",
        "body",
        "isBase64Encoded",
    ]
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/{proxy+}", "/proxy-value/", "GET")
    assert event["pathParameters"] == {"proxy": "proxy-value"}
    assert event["queryStringParameters"] == {"a": "2", "b": "x y"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["x y"]}
    assert (event["stageVariables"], event["body"], event["isBase64Encoded"]) == (None, None, False)
    assert event["headers"]["tEsT-HEADeR"] == "aValUE"
    assert event["headers"]["User-Agent"] == "tests"
    assert event["headers"]["X-Forwarded-Proto"] == "http"
    assert event["multiValueHeaders"]["tEsT-HEADeR"] == ["aValUE"]
    assert not {"connection", "content-length"} & {name.lower() for name in event["headers"]}
    context = event["requestContext"]
    assert context.keys() == {
        "accountId",
        "apiId",
        "deploymentId",
        "domainName",
        "domainPrefix",
        "extendedRequestId",
        "httpMethod",
        "identity",
        "path",
        "protocol",
        "requestId",
        "requestTime",
        "requestTimeEpoch",
        "resourceId",
        "resourcePath",
        "stage",
    }
    assert (context["accountId"], context["apiId"], context["stage"]) == (account, echo.id, "dev")
    assert context["path"] == "/dev/proxy-value/"
    assert context["requestId"] == answer.headers["x-amzn-requestid"]
    assert context["extendedRequestId"] == answer.headers["x-amz-apigw-id"]
    assert context["identity"].keys() == {
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "sourceIp",
        "user",
        "userAgent",
        "userArn",
    }
    assert "x-amzn-trace-id" in answer.headers


def test_the_function_gets_the_trace_of_the_request(echo):
    root = "Root=1-67891233-abcdef012345678912345678"
    sent = f"{root};Parent=53995c3f42cd8ad8;Sampled=1"
    told = echo.call("/trace", headers={"X-Amzn-Trace-Id": sent}).json()
    assert told["event"] == sent
    assert told["function"].partition(";Lineage=")[0] == sent
    seen = echo.call("/trace", headers={"X-Amzn-Trace-Id": root}).json()
    assert seen["event"] == root
    assert re.match(rf"{root};Parent=[0-9a-f]{{16}};Sampled=0;Lineage=", seen["function"])


def test_a_request_without_a_trace_is_given_one_that_the_function_gets_too(echo):
    answer = echo.call("/trace")
    seen = answer.json()
    assert re.fullmatch("Root=1-[0-9a-f]{8}-[0-9a-f]{24}", seen["event"])
    assert seen["function"].startswith(f"{seen['event']};Parent=")
    assert answer.headers["x-amzn-trace-id"].startswith(seen["event"])


@pytest.mark.parametrize(
    ("path", "shown", "proxied", "context"),
    [
        ("/proxy-value//double-slash", "/proxy-value//double-slash", "proxy-value//double-slash", None),
        ("//proxy-value", "/proxy-value", "proxy-value", "/dev//proxy-value"),
        ("/u/test%2Balias@gmail.com/+x", "/u/test%2Balias@gmail.com/+x", "u/test%2Balias@gmail.com/+x", None),
    ],
)
def test_paths_reach_the_event_as_aws_recorded_them(echo, path, shown, proxied, context):
    event = echo.call(path).json()
    assert event["path"] == shown
    assert event["pathParameters"] == {"proxy": proxied}
    assert event["requestContext"]["path"] == (context or f"/dev{shown}")


@pytest.fixture
def answering(api, client, account, function):
    """An API whose function answers what it is told to."""
    api.method("POST", "/", proxy(function))
    let_in(client, api, account, function, "*")
    api.deploy(variables={"answer": "yes"})

    def answer(document: Any, **headers: str):
        return api.call("/", "POST", content=json.dumps(document), headers=headers)

    return answer


def test_answers_in_every_form_aws_recorded(answering):
    assert (answering({"statusCode": 200}).status_code, answering({"statusCode": 200}).text) == (200, "")
    headers = answering({"headers": {"test-header": "value", "header-bool": True}}).headers
    assert (headers["test-header"], headers["header-bool"]) == ("value", "true")
    assert headers["content-type"] == "application/json"
    assert answering({"statusCode": 200, "headers": None}).status_code == 200
    assert answering({"statusCode": "201"}).status_code == 201
    assert answering({"statusCode": 200, "body": {"a": 1}}).text == '{"a":1}'
    encoded = {"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": True}
    assert answering(encoded).text == "dGVzdC1kYXRh"
    multiple = {
        "statusCode": 200,
        "multiValueHeaders": {"tesT-Multi": ["value-multi"]},
        "headers": {"test-multi": "value-solo"},
    }
    lines = [value for name, value in answering(multiple).headers.multi_items() if name == "test-multi"]
    assert lines == ["value-multi", "value-solo"]


@pytest.mark.parametrize(
    "document",
    [
        {"statusCode": 200, "wrongValue": "value"},
        {},
        "just a string",
        {"statusCode": "wrong"},
        {"statusCode": 200, "multiValueHeaders": {"test-multi": "value1"}},
    ],
)
def test_an_answer_that_means_no_response_is_refused(answering, document):
    answer = answering(document)
    assert (answer.status_code, answer.text) == (502, FAULT)


def test_a_function_lets_in_only_the_apis_its_policy_names(api, client, account, function):
    api.method("GET", "/open", proxy(function))
    api.method("GET", "/closed", proxy(function))
    let_in(client, api, account, function, "*/GET/open")
    api.deploy()
    assert api.call("/open").status_code == 200
    assert (api.call("/closed").status_code, api.call("/closed").text) == (500, FAULT)


def test_a_function_is_invoked_by_post_only(api, client, account, function):
    api.method("GET", "/", {**proxy(function), "integrationHttpMethod": "GET"})
    let_in(client, api, account, function, "*")
    api.deploy()
    assert (api.call("/").status_code, api.call("/").text) == (500, FAULT)


def test_binary_bodies_travel_in_base64(make_api, client, account, function):
    api = make_api(binaryMediaTypes=["image/png"])
    api.method("POST", "/", proxy(function))
    let_in(client, api, account, function, "*")
    api.deploy()
    headers = {"Content-Type": "image/png"}
    event = api.call("/", "POST", content=b"\x89PNG", headers=headers).json()
    assert (event["body"], event["isBase64Encoded"]) == ("iVBORw==", True)
    api.deploy(variables={"answer": "yes"})
    document = {"statusCode": 200, "body": "iVBORw==", "isBase64Encoded": True}
    answer = api.call("/", "POST", content=json.dumps(document), headers={"Accept": "image/png"})
    assert answer.content == b"\x89PNG"


def test_the_alias_of_a_function_comes_from_a_stage_variable(api, client, account, function):
    functions = client("lambda")
    version = functions.publish_version(FunctionName="behind")["Version"]
    functions.create_alias(FunctionName="behind", Name="live", FunctionVersion=version)
    api.method("GET", "/", proxy(f"{function}:${{stageVariables.alias}}"))
    let_in(client, api, account, f"{function}:live", "*")
    api.deploy(variables={"alias": "live"})
    assert api.call("/").status_code == 200
    api.deploy(variables={"alias": "gone"})
    assert (api.call("/").status_code, api.call("/").text) == (500, FAULT)


def test_templates_make_the_event_and_errors_select_the_response(api, client, account, function):
    integration = {
        "type": "AWS",
        "integrationHttpMethod": "POST",
        "uri": URI.format(function),
        "requestTemplates": {"application/json": '{"raise": "$input.params(\'raise\')"}'},
    }
    named = api.method("GET", "/", integration)
    api.respond(named)
    error = {"application/json": "$input.path('$.errorMessage')"}
    api.respond(named, "400", selectionPattern=".*four hundred.*", responseTemplates=error)
    let_in(client, api, account, function, "*")
    api.deploy()
    assert (api.call("/").status_code, api.call("/").json()) == (200, {"raise": ""})
    failed = api.call("/?raise=Error:+four+hundred")
    assert (failed.status_code, failed.text) == (400, "Error: four hundred")
    assert api.call("/?raise=other").json()["errorMessage"] == "other"


def test_a_function_may_be_started_without_waiting_for_it(api, client, account, function):
    integration = {
        "type": "AWS",
        "integrationHttpMethod": "POST",
        "uri": URI.format(function),
        "requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
    }
    api.respond(api.method("POST", "/", integration))
    let_in(client, api, account, function, "*")
    api.deploy()
    answer = api.call("/", "POST", json={"a": 1})
    assert (answer.status_code, answer.text) == (200, "")


def test_a_function_that_takes_too_long_is_given_up(api, client, account, function):
    integration = {
        "type": "AWS",
        "integrationHttpMethod": "POST",
        "uri": URI.format(function),
        "timeoutInMillis": 50,
    }
    api.respond(api.method("POST", "/", integration))
    let_in(client, api, account, function, "*")
    api.deploy()
    answer = api.call("/", "POST", json={"sleep": 2})
    assert (answer.status_code, answer.text) == (504, '{"message": "Endpoint request timed out"}')


def test_a_role_invokes_with_its_own_permissions(api, client, account, function):
    iam = client("iam")
    trust = json.dumps(TRUST).replace("lambda.amazonaws.com", "apigateway.amazonaws.com")
    role = iam.create_role(RoleName="gateway", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    api.method("GET", "/", proxy(function, credentials=role))
    api.deploy()
    assert (api.call("/").status_code, api.call("/").text) == (500, FAULT)
    allow = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="gateway", PolicyName="invoke", PolicyDocument=document)
    assert api.call("/").status_code == 200


def test_a_mapped_tenant_is_the_functions_and_without_one_it_is_not_called(client, api, account, function):
    functions = client("lambda")
    source = "def handler(event, context):\n    return {'body': context.tenant_id}\n"
    functions.create_function(
        FunctionName="shared",
        Runtime="python3.12",
        Handler="index.handler",
        Role=functions.get_function_configuration(FunctionName="behind")["Role"],
        Code={"ZipFile": zipped({"index.py": source})},
        TenancyConfig={"TenantIsolationMode": "PER_TENANT"},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="shared", WaiterConfig={"Delay": 0})
    arn = function.replace("behind", "shared")
    let_in(client, api, account, arn)
    api.method("GET", "/shared", proxy(arn, requestParameters=TENANT), requestParameters=TENANT_ASKED)
    api.deploy()
    assert api.call("/shared", headers={"x-tenant": "blue"}).text == "blue"
    assert api.call("/shared", headers={"x-amz-tenant-id": "blue"}).status_code == 500
