"""Function URLs: their settings as AWS answered in recorded runs, and what comes of requests to them."""

from __future__ import annotations

import base64
import http.client
import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from lambda_functions import create, invoke, make_function, messages, refusal, wait_for, zip_of
from lambda_records import record_of

from cloud_functions import allow, policy

NAME = "asked"
FUNCTION = {"FunctionName": NAME}
ECHO = (
    "import json\ndef handler(event, context):\n    return {'statusCode': 200, 'body': json.dumps(event)}\n"
)
SAY = "import json\ndef handler(event, context):\n    return json.loads(event['body'])\n"
FORBIDDEN = {
    "Message": "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
}


# --- settings


def test_life_of_a_url(functions, role):
    record = record_of("TestLambdaUrl::test_url_config_lifecycle")
    create(functions, role, NAME)
    make, get = functions.create_function_url_config, functions.get_function_url_config
    record.replay("url_creation", make, **FUNCTION, AuthType="NONE")
    record.replay("failed_duplication", make, **FUNCTION, AuthType="NONE")
    record.replay("get_url_config", get, **FUNCTION)
    update = functions.update_function_url_config
    record.replay("updated_url_config", update, **FUNCTION, AuthType="AWS_IAM")
    functions.delete_function_url_config(**FUNCTION)
    record.replay("failed_getter", get, **FUNCTION)


def test_urls_are_listed_in_pages(functions, role):
    record = record_of("TestLambdaUrl::test_url_config_list_paging")
    create(functions, role, NAME, Publish=True)
    alias = {"Name": "urlalias", "FunctionVersion": "1"}
    record.replay("create_alias_result", functions.create_alias, **FUNCTION, **alias)
    listed = functions.list_function_url_configs
    record.replay("list_function_notfound", listed, FunctionName="doesnotexist")
    record.replay("list_all_empty", listed, **FUNCTION)
    make = functions.create_function_url_config
    first = record.replay("url_config_fn", make, **FUNCTION, AuthType="NONE")
    on_alias = {"FunctionName": f"{NAME}:urlalias", "Qualifier": "urlalias"}
    second = record.replay("url_config_alias", make, **on_alias, AuthType="NONE")
    record.replay("list_all", listed, **FUNCTION)
    page = listed(**FUNCTION, MaxItems=1)
    after = listed(**FUNCTION, MaxItems=1, Marker=page["NextMarker"])
    shown = [*page["FunctionUrlConfigs"], *after["FunctionUrlConfigs"]]
    assert [each["FunctionUrl"] for each in shown] == [first["FunctionUrl"], second["FunctionUrl"]]


@pytest.mark.parametrize("verb", ["create", "get", "delete", "update"])
def test_urls_of_what_has_none(functions, role, account, verb):
    record = record_of("TestLambdaUrl::test_url_config_exceptions")
    create(functions, role, NAME, Publish=True)
    functions.create_alias(**FUNCTION, Name="urlalias", FunctionVersion="1")
    call = getattr(functions, f"{verb}_function_url_config")
    more = {"create": {"AuthType": "NONE"}, "update": {"AuthType": "AWS_IAM"}}.get(verb, {})
    arn = f"arn:aws:lambda:us-east-1:{account}:function:doesnotexist"
    cases = {
        "name_doesnotexist": {"FunctionName": "doesnotexist"},
        "arn_doesnotexist": {"FunctionName": arn},
        "name_doesnotexist_qualifier": {"FunctionName": "doesnotexist", "Qualifier": "1"},
        "qualifier_version": {**FUNCTION, "Qualifier": "1"},
        "qualifier_version_doesnotexist": {**FUNCTION, "Qualifier": "2"},
        "qualifier_alias_doesnotexist": {**FUNCTION, "Qualifier": "v1"},
        "qualifier_alias_doesnotmatch_arn": {
            "FunctionName": f"{NAME}:urlalias-doesnotmatch",
            "Qualifier": "urlalias",
        },
        "qualifier_latest": {**FUNCTION, "Qualifier": "$LATEST"},
    }
    if verb == "delete":
        del cases["qualifier_alias_doesnotmatch_arn"]  # AWS failed inside when this was recorded
    if verb != "create":
        cases["config_doesnotexist"] = FUNCTION
    for step, named in cases.items():
        record.replay(f"{verb}_function_url_config_{step}", call, **named, **more)


def test_a_url_is_deleted_without_that_of_an_alias(functions, role):
    record = record_of("TestLambdaUrl::test_url_config_deletion_without_qualifier")
    create(functions, role, NAME, Publish=True)
    functions.create_alias(**FUNCTION, Name="test-alias", FunctionVersion="1")
    make, get = functions.create_function_url_config, functions.get_function_url_config
    alias = {"Qualifier": "test-alias"}
    record.replay("url_creation", make, **FUNCTION, AuthType="NONE")
    record.replay("url_with_alias_creation", make, **FUNCTION, **alias, AuthType="NONE")
    record.replay("get_url_config", get, **FUNCTION)
    record.replay("get_url_config_with_alias", get, **FUNCTION, **alias)
    record.replay("delete_function_url_config", functions.delete_function_url_config, **FUNCTION)
    record.replay("get_url_config_after_deletion", get, **FUNCTION)
    record.replay("get_url_config_with_alias_after_deletion", get, **FUNCTION, **alias)


def test_modes_of_invoking(functions, role):
    record = record_of("TestLambdaURL::test_lambda_update_function_url_config", "test_lambda")
    create(functions, role, NAME)
    make, get = functions.create_function_url_config, functions.get_function_url_config
    buffered = {"AuthType": "NONE", "InvokeMode": "BUFFERED"}
    record.replay("create_lambda_url_config", make, **FUNCTION, **buffered)
    record.replay("get_url_config", get, **FUNCTION)
    update = functions.update_function_url_config
    record.replay("modify_lambda_url_config", update, **FUNCTION, InvokeMode="RESPONSE_STREAM")
    record.replay("get_url_config_2", get, **FUNCTION)
    record.replay("modify_lambda_url_config_none", update, **FUNCTION)
    record.replay("get_url_config_3", get, **FUNCTION)
    unknown = record_of("TestLambdaURL::test_lambda_url_invalid_invoke_mode", "test_lambda")
    bad = {"AuthType": "NONE", "InvokeMode": "UNKNOWN"}
    unknown.replay("invoke_function_invalid_invoke_type", make, **FUNCTION, **bad)


def test_cors_settings_are_told(functions, role):
    create(functions, role, NAME)
    cors = {"AllowOrigins": ["https://here"], "AllowMethods": ["GET"], "MaxAge": 60}
    functions.create_function_url_config(**FUNCTION, AuthType="NONE", Cors=cors)
    assert functions.get_function_url_config(**FUNCTION)["Cors"] == cors
    functions.delete_function(**FUNCTION)
    create(functions, role, NAME)
    assert (
        refusal(functions.get_function_url_config, **FUNCTION)["Error"]["Code"] == "ResourceNotFoundException"
    )


# --- requests


@pytest.fixture
def ask(server):
    """Sends a request to a URL by its host name, or by the path that needs no DNS."""

    def send(url, method="POST", path="", body=None, headers=None, *, by_path=False):
        host = url.removeprefix("https://").rstrip("/")
        where = f"/_aws/lambda-url/{host.partition('.')[0]}/{path}" if by_path else f"/{path}"
        named = {} if by_path else {"Host": host}
        connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=30)
        connection.request(method, where, body, {**named, **(headers or {})})
        answer = connection.getresponse()
        answer.content = answer.read()
        connection.close()
        return answer

    return send


def url_of(functions, auth_type="NONE", **more):
    return functions.create_function_url_config(**FUNCTION, AuthType=auth_type, **more)["FunctionUrl"]


def open_to_all(functions, **more):
    """Lets everybody call a function by its URL, and only so; the answer to the first of two statements."""
    functions.add_permission(
        **FUNCTION,
        **more,
        StatementId="viaUrl",
        Action="lambda:InvokeFunction",
        Principal="*",
        InvokedViaFunctionUrl=True,
    )
    return functions.add_permission(
        **FUNCTION,
        **more,
        StatementId="urlPermission",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )


def test_a_url_of_nobody(ask):
    url = "https://0123456789abcdefghijklmnopqrstuv.lambda-url.us-east-1.on.aws/"
    answer = ask(url, "GET")
    assert (answer.status, answer.content) == (403, b'{"Message":null}')
    assert answer.headers["x-amzn-ErrorType"] == "AccessDeniedException"


def test_nobody_may_call_without_a_policy(functions, role, ask):
    record = record_of("TestLambdaPermissions::test_lambda_permission_url_invocation", "test_lambda")
    make_function(functions, role, ECHO, name=NAME)
    url = url_of(functions)
    answer = ask(url)
    assert answer.status == 403
    record.check("lambda_url_invocation_missing_permission", json.loads(answer.content))
    open_to_all(functions)
    assert ask(url).status == 200


@pytest.mark.parametrize("statement", ["urlPermission", "viaUrl"])
def test_each_of_two_permissions_is_needed(functions, role, ask, statement):
    make_function(functions, role, ECHO, name=NAME)
    url = url_of(functions)
    open_to_all(functions)
    functions.remove_permission(**FUNCTION, StatementId=statement)
    answer = ask(url)
    assert (answer.status, json.loads(answer.content)) == (403, FORBIDDEN)


def test_who_may_call_by_the_url_may_not_invoke(client, functions, role):
    make_function(functions, role, ECHO, name=NAME)
    open_to_all(functions)
    iam = client("iam")
    iam.create_user(UserName="caller")
    made = iam.create_access_key(UserName="caller")["AccessKey"]
    caller = client("lambda", key=made["AccessKeyId"], secret=made["SecretAccessKey"])
    assert refusal(caller.invoke, **FUNCTION)["Error"]["Code"] == "AccessDeniedException"


def test_the_event_of_a_request(functions, role, ask, account):
    make_function(functions, role, ECHO, name=NAME)
    url = url_of(functions)
    open_to_all(functions)
    headers = {"Content-Type": "application/json", "ExTrA-Headers": "With WeiRd CapS", "Cookie": "a=1; b=2"}
    path = "pa2%25Fth/1?q=query&multiQuery=foo&multiQuery=%2Fbar"
    event = json.loads(ask(url, path=path, body=b'{"foo": "bar"}', headers=headers).content)
    host = url.removeprefix("https://").rstrip("/")
    context = event.pop("requestContext")
    assert {name: event[name] for name in event if name != "headers"} == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/pa2%25Fth/1",
        "rawQueryString": "q=query&multiQuery=foo&multiQuery=%2Fbar",
        "cookies": ["a=1", "b=2"],
        "queryStringParameters": {"q": "query", "multiQuery": "foo,/bar"},
        "body": '{"foo": "bar"}',
        "isBase64Encoded": False,
    }
    assert event["headers"]["extra-headers"] == "With WeiRd CapS"
    assert event["headers"]["host"] == host
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert context.pop("timeEpoch") > 0
    assert context.pop("time").endswith(" +0000")
    assert context.pop("requestId")
    assert context == {
        "accountId": "anonymous",
        "apiId": host.partition(".")[0],
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "http": {"method": "POST", "path": "/pa2%Fth/1", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
        "routeKey": "$default",
        "stage": "$default",
    }


def test_headers_of_a_request(functions, role, ask):
    told = record_of("TestLambdaURL::test_lambda_url_echo_http_fixture_default", "test_lambda")
    recorded = told.content["url_response"]["headers"]
    make_function(functions, role, ECHO, name=NAME)
    url = url_of(functions)
    open_to_all(functions)
    sent = {
        name: value
        for name, value in recorded.items()
        if not value.startswith("<") and name != "content-length"
    }
    told.bind("domain:1", url.removeprefix("https://").rstrip("/"))
    headers = json.loads(ask(url, body=b'{"foo": "bar"}', headers=sent).content)["headers"]
    told.check_part({name: recorded[name] for name in recorded if "-tls-" not in name}, headers, "headers")


def test_request_id_of_a_request(functions, client, writing_role, ask):
    told = record_of("TestRequestIdHandling::test_request_id_invoke_url", "test_lambda")
    make_function(functions, writing_role, "def handler(event, context):\n    return 'hi'\n", name=NAME)
    made = functions.create_function_url_config(**FUNCTION, AuthType="NONE")
    told.check("create_lambda_url_config", made)
    told.check("add_permission", open_to_all(functions))
    answer = ask(made["FunctionUrl"], "GET")
    recorded = told.content["lambda_url_invocation"]
    assert (answer.status, answer.content.decode()) == (recorded["statuscode"], recorded["content"])
    told.bind("uuid:1", answer.headers["x-amzn-RequestId"])
    group = f"/aws/lambda/{NAME}"
    ends = wait_for(lambda: [line.rstrip() for line in messages(client, group) if line.startswith("END")])
    told.check_lines(told.content["end_log_entries"], ends)


def test_bodies_that_are_no_text_are_encoded(functions, role, ask):
    make_function(functions, role, ECHO, name=NAME)
    url = url_of(functions)
    open_to_all(functions)
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    event = json.loads(ask(url, body=b"--x--", headers=form).content)
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"--x--").decode(), True)
    event = json.loads(ask(url, "GET", by_path=True, path="a/b").content)
    assert "body" not in event
    assert event["isBase64Encoded"] is False
    assert event["rawPath"] == "/a/b"
    assert event["requestContext"]["domainName"] == url.removeprefix("https://").rstrip("/")


@pytest.mark.parametrize(
    ("test", "answer"),
    [
        ("string", "hello"),
        ("dict", {"hello": "world"}),
        ("http-response", {"statusCode": 200, "body": "body123"}),
        ("http-response-json", {"statusCode": 200, "body": '{"hello": "world"}'}),
        ("list-mixed", ["hello", 3, True]),
        ("integer", 3),
        ("float", 3.1),
        ("boolean", True),
    ],
)
def test_the_response_that_an_answer_means(functions, role, ask, test, answer):
    record = record_of(f"TestLambdaURL::test_lambda_url_invocation[{test}]", "test_lambda")
    make_function(functions, role, SAY, name=NAME)
    made = functions.create_function_url_config(**FUNCTION, AuthType="NONE")
    record.check("create_lambda_url_config", made)
    record.check("add_permission", open_to_all(functions))
    headers = {"Content-Type": "application/json"}
    got = ask(made["FunctionUrl"], body=json.dumps(answer), headers=headers)
    expected = record.content["lambda_url_invocation"]
    recorded = expected["content"]
    content = json.loads(got.content) if isinstance(recorded, dict) else got.content.decode()
    assert (got.status, content) == (expected["statuscode"], recorded)
    for name, value in expected["headers"].items():
        assert got.headers[name] == value


def test_what_an_answer_states(functions, role, ask):
    make_function(functions, role, SAY, name=NAME)
    url = url_of(functions)
    open_to_all(functions)

    def say(**answer):
        headers = {"Content-Type": "application/json"}
        return ask(url, body=json.dumps(answer), headers=headers)

    got = say(
        statusCode=418,
        headers={"Content-Type": "text/plain", "X-Own": "1"},
        cookies=["a=1; Secure", "b=2"],
        body=base64.b64encode(b"\xff\x00").decode(),
        isBase64Encoded=True,
    )
    assert (got.status, got.content, got.headers["x-own"]) == (418, b"\xff\x00", "1")
    assert got.headers.get_all("set-cookie") == ["a=1; Secure", "b=2"]
    assert got.headers["content-type"] == "text/plain"
    for unusable in ({"statusCode": "a"}, {"statusCode": 200, "headers": []}):
        got = say(**unusable)
        assert (got.status, got.content) == (502, b"Internal Server Error")


def test_a_function_that_fails(functions, role, ask):
    make_function(functions, role, "def handler(event, context):\n    raise ValueError('no')\n", name=NAME)
    url = url_of(functions)
    open_to_all(functions)
    got = ask(url, body=b"{}")
    assert (got.status, got.content) == (502, b"Internal Server Error")


def test_the_url_of_an_alias_outlives_it(functions, role, ask):
    make_function(functions, role, ECHO, name=NAME)
    functions.publish_version(**FUNCTION)
    functions.create_alias(**FUNCTION, Name="live", FunctionVersion="1")
    url = url_of(functions, Qualifier="live")
    open_to_all(functions, Qualifier="live")
    assert ask(url).status == 200
    functions.delete_alias(**FUNCTION, Name="live")
    got = ask(url)
    assert (got.status, json.loads(got.content)) == (403, FORBIDDEN)
    assert got.headers["x-amzn-ErrorType"] == "AccessDeniedException"


def test_too_many_requests(functions, role, ask):
    make_function(functions, role, ECHO, name=NAME)
    url = url_of(functions)
    open_to_all(functions)
    functions.put_function_concurrency(**FUNCTION, ReservedConcurrentExecutions=0)
    got = ask(url)
    assert (got.status, json.loads(got.content)) == (429, {"Message": "Rate Exceeded."})


def signed(url, key, secret, method="POST", body=b""):
    request = AWSRequest(method=method, url=url, data=body)
    SigV4Auth(Credentials(key, secret), "lambda", "us-east-1").add_auth(request)
    return {name: value for name, value in request.headers.items() if name.lower() != "content-length"}


def test_only_who_signs_and_may_calls_a_url_with_iam(client, functions, role, ask, account):
    make_function(functions, role, ECHO, name=NAME)
    url = url_of(functions, "AWS_IAM")
    got = ask(url)
    assert (got.status, json.loads(got.content)) == (403, FORBIDDEN)
    iam = client("iam")
    user = iam.create_user(UserName="caller")["User"]
    made = iam.create_access_key(UserName="caller")["AccessKey"]
    key, secret = made["AccessKeyId"], made["SecretAccessKey"]
    assert ask(url, headers=signed(url, key, secret)).status == 403
    document = policy(allow(["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]))
    iam.put_user_policy(UserName="caller", PolicyName="own", PolicyDocument=document)
    got = ask(url, headers=signed(url, key, secret))
    assert got.status == 200
    context = json.loads(got.content)["requestContext"]
    assert context["accountId"] == account
    assert context["authorizer"]["iam"] == {
        "accessKey": key,
        "accountId": account,
        "callerId": user["UserId"],
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": user["Arn"],
        "userId": user["UserId"],
    }
    assert ask(url, headers=signed(url, key, "wrong")).status == 403


STREAM = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.rawPath === '/stated') {
    const metadata = {statusCode: 201, headers: {'X-Own': '1', 'Content-Type': 'text/html'}, cookies: ['a=1']}
    stream = awslambda.HttpResponseStream.from(stream, metadata)
  }
  stream.write('Hello, ')
  stream.write('world!')
  stream.end()
})
"""


def test_an_answer_that_is_streamed(functions, role, ask):
    record = record_of("TestLambdaURL::test_function_url_with_response_streaming", "test_lambda")
    code = {"Runtime": "nodejs22.x", "Code": {"ZipFile": zip_of(index__js=STREAM)}, "Timeout": 10}
    make_function(functions, role, name=NAME, **code)
    url = url_of(functions, InvokeMode="RESPONSE_STREAM")
    open_to_all(functions)
    got = ask(url, "GET")
    assert (got.status, got.content.decode()) == (
        record.content["response_status"],
        record.content["response_data"],
    )
    assert (got.headers["content-type"], got.headers["transfer-encoding"]) == (
        "application/octet-stream",
        "chunked",
    )
    got = ask(url, "GET", path="stated")
    assert (got.status, got.content, got.headers["x-own"]) == (201, b"Hello, world!", "1")
    assert (got.headers["content-type"], got.headers["set-cookie"]) == ("text/html", "a=1")


def test_an_answer_that_is_not_streamed_though_it_might_be(functions, role, ask):
    make_function(functions, role, ECHO, name=NAME)
    url = url_of(functions, InvokeMode="RESPONSE_STREAM")
    open_to_all(functions)
    got = ask(url, body=b"text", headers={"Content-Type": "text/plain"})
    assert (got.status, json.loads(got.content)["body"]) == (200, "text")


@pytest.mark.unverified("the guide tells which headers there are, not how AWS writes each")
def test_browsers_of_other_origins(functions, role, ask):
    own = "def handler(event, context):\n"
    own += "    return {'statusCode': 200, 'headers': {'Access-Control-Allow-Origin': 'own'}}\n"
    make_function(functions, role, own, name=NAME)
    cors = {
        "AllowOrigins": ["https://here.example"],
        "AllowMethods": ["GET", "PUT"],
        "AllowHeaders": ["x-own"],
        "ExposeHeaders": ["date"],
        "AllowCredentials": True,
        "MaxAge": 60,
    }
    url = url_of(functions, Cors=cors)
    open_to_all(functions)
    here = {"Origin": "https://here.example"}
    asked = ask(url, "OPTIONS", headers={**here, "Access-Control-Request-Method": "PUT"})
    told = {name.lower(): value for name, value in asked.getheaders() if name.lower().startswith("access-")}
    assert (asked.status, told) == (
        200,
        {
            "access-control-allow-origin": "https://here.example",
            "access-control-allow-credentials": "true",
            "access-control-allow-methods": "GET,PUT",
            "access-control-allow-headers": "x-own",
            "access-control-max-age": "60",
        },
    )
    got = ask(url, "GET", headers=here)
    assert got.headers.get_all("access-control-allow-origin") == ["https://here.example"]
    assert got.headers["access-control-expose-headers"] == "date"
    elsewhere = ask(url, "GET", headers={"Origin": "https://there.example"})
    assert elsewhere.headers["access-control-allow-origin"] is None


CALL = """
import urllib.request
def handler(event, context):
    with urllib.request.urlopen(event, timeout=5) as answer:
        return answer.read().decode()
"""


def test_a_function_calls_the_url_of_another_by_its_name(functions, role):
    make_function(functions, role, "def handler(event, context):\n    return 'hello'\n", name=NAME)
    url = url_of(functions)
    open_to_all(functions)
    make_function(functions, role, CALL, Timeout=10)
    assert invoke(functions, event=url) == "hello"
