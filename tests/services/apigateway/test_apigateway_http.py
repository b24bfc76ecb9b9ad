"""HTTP and HTTP_PROXY: what the backend is sent and what becomes of its answer."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from recorded_answers import recording

from refusals import refusal


class Backend(BaseHTTPRequestHandler):
    """Tells what it was sent."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path.startswith("/silent"):
            self.server.released.wait(5)
        told = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
        content = json.dumps(told).encode()
        statuses = {"/missing": 404, "/status/400": 400}
        self.send_response(statuses.get(self.path.partition("?")[0], 200))
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Backend", "yes")
        self.send_header("x-amzn-RequestId", "the-backends-own")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = answer  # noqa: N815  the names that http.server calls

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    server.released = threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.released.set()
    server.shutdown()
    thread.join()


def test_a_proxy_passes_nearly_everything_on(api, backend):
    integration = {
        "type": "HTTP_PROXY",
        "integrationHttpMethod": "ANY",
        "uri": f"{backend}/base/{{proxy}}",
        "requestParameters": {
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.querystring.v": "'bar'",
            "integration.request.header.X-Mapped": "context.httpMethod",
        },
    }
    path = {"method.request.path.proxy": True}
    api.method("ANY", "/{proxy+}", integration, requestParameters=path)
    api.deploy()
    answer = api.call("/a/b?v=foo", "POST", content="hello", headers={"X-Own": "1", "Content-Encoding": "x"})
    told = answer.json()
    assert (told["method"], told["path"], told["body"]) == ("POST", "/base/a/b?v=foo&v=bar", "hello")
    headers = told["headers"]
    assert (headers["X-Own"], headers["X-Mapped"]) == ("1", "POST")
    assert headers["X-Amzn-Apigateway-Api-Id"] == api.id
    assert headers["Host"] == backend.removeprefix("http://")
    assert "Content-Encoding" not in headers
    assert answer.headers["x-backend"] == "yes"
    assert answer.headers["x-amzn-remapped-date"]
    assert answer.headers["x-amzn-remapped-x-amzn-requestid"] == "the-backends-own"
    assert answer.headers["x-amzn-requestid"] != "the-backends-own"
    assert answer.headers["x-amzn-remapped-content-length"] == str(len(answer.content))
    assert "x-amzn-trace-id" not in answer.headers


def test_parameters_of_the_uri_come_before_those_sent_and_mapped(api, backend):
    """As recorded in test_http_proxy_integration_request_data_mappings."""
    request = "integration.request"
    integration = {
        "type": "HTTP_PROXY",
        "integrationHttpMethod": "POST",
        "uri": f"{backend}/?testVar={{pathVar}}&testQs={{qsVar}}",
        "requestParameters": {
            f"{request}.header.headerVar": "method.request.header.foobar",
            f"{request}.path.qsVar": "method.request.querystring.testVar",
            f"{request}.path.pathVar": "method.request.path.pathVariable",
            f"{request}.querystring.queryString": "method.request.querystring.testQueryString",
            f"{request}.querystring.testQs": "method.request.querystring.testQueryString",
            f"{request}.querystring.testEmptyQs": "method.request.header.emptyheader",
        },
    }
    parameters = ("path.pathVariable", "querystring.testQueryString", "querystring.testVar", "header.foobar")
    declared = {f"method.request.{each}": False for each in (*parameters, "header.emptyheader")}
    api.method("POST", "/{pathVariable}", integration, requestParameters=declared)
    api.deploy()
    told = api.call(
        "/foobar?testVar=bar&testQueryString=foo",
        "POST",
        headers={"foobar": "mapped-value", "headerVar": "request-value"},
        json={"message": "hello world"},
    ).json()
    recorded = recording("http", "test_http_proxy_integration_request_data_mappings")
    expected = recorded.content["http-proxy-invocation"]["content"]
    sent = {name: ",".join(values) for name, values in parse_qs(urlsplit(told["path"]).query).items()}
    assert sent == expected["args"]
    assert {name.lower(): value for name, value in told["headers"].items()}["headervar"] == "mapped-value"


def test_without_proxy_only_mapped_headers_pass(api, backend):
    integration = {"type": "HTTP", "integrationHttpMethod": "GET", "uri": f"{backend}/missing"}
    named = api.method("GET", "/", integration)
    mapped = {
        "method.response.header.X-Out": "integration.response.header.X-Backend",
        "method.response.header.X-Path": "integration.response.body.path",
        "method.response.header.Server": "'mine'",
    }
    api.respond(named, "200")
    api.respond(named, "410", selectionPattern="404", responseParameters=mapped)
    api.deploy()
    answer = api.call("/?q=1", headers={"X-Own": "1"})
    assert answer.status_code == 410
    told = answer.json()
    assert told["path"] == "/missing"
    assert told["headers"]["User-Agent"] == f"AmazonAPIGateway_{api.id}"
    assert "X-Own" not in told["headers"]
    assert (answer.headers["x-out"], answer.headers["x-path"]) == ("yes", "/missing")
    assert answer.headers["x-amzn-remapped-server"] == "mine"
    assert "x-backend" not in answer.headers
    assert "x-amzn-trace-id" in answer.headers


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "X-Amzn-Trace-Id"])
def test_some_headers_cannot_be_mapped(api, backend, name):
    integration = {
        "type": "HTTP_PROXY",
        "integrationHttpMethod": "GET",
        "uri": backend,
        "requestParameters": {f"integration.request.header.{name}": "'1'"},
    }
    api.method("GET", "/", integration)
    api.deploy()
    answer = api.call("/")
    assert (answer.status_code, answer.text) == (500, '{"message": "Internal server error"}')


def test_a_backend_that_is_silent_or_not_there(api, backend):
    slow = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": f"{backend}/silent"}
    api.method("GET", "/slow", {**slow, "timeoutInMillis": 100})
    api.method("GET", "/gone", {**slow, "uri": "http://127.0.0.1:1/"})
    api.deploy()
    assert api.call("/slow").status_code == 504
    assert api.call("/slow").text == '{"message": "Endpoint request timed out"}'
    gone = api.call("/gone")
    assert (gone.status_code, gone.text) == (504, '{"message": "Network error communicating with endpoint"}')
    assert gone.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_the_host_of_a_backend_comes_from_a_stage_variable(api, backend):
    uri = "http://${stageVariables.host}/x"
    api.method("GET", "/", {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": uri})
    api.deploy(variables={"host": backend.removeprefix("http://")})
    assert api.call("/").json()["path"] == "/x"


REQUEST_HEADERS = {
    "Accept": "application/json",
    "Accept-Charset": "UTF-8",
    "Accept-Encoding": "br",
    "Age": "request_Age",
    "Authorization": "Unauthorized",
    "Connection": "keep-alive",
    "Content-Encoding": "deflate",
    "Content-MD5": "request_MD5",
    "Content-Type": "application/json",
    "Date": "Tue, 15 Nov 1994 08:12:31 GMT",
    "Max-Forwards": "10",
    "Pragma": "cache",
    "Proxy-Authenticate": "Basic",
    "Range": "bytes=500-999",
    "Referer": "https://example.com/",
    "Server": "request_Server",
    "TE": "deflate",
    "Trailer": "Expires",
    "Upgrade": "HTTP/2.0",
    "User-Agent": "localStack/0.0",
    "Warn": "299 localStack/0.0",
    "WWW-Authenticate": "Basic",
}
OWN = {"Content-Length", "Host", "Date", "X-Amzn-Trace-Id"}
"""What differs from request to request."""


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
@pytest.mark.parametrize("key", ["no-param-integration", "full-integration"])
def test_a_backend_sees_the_headers_that_aws_recorded(api, backend, kind, key):
    aws = recording("integrations", f"test_apigateway_header_remapping_http[{kind}]")
    expected = {name: value for name, value in aws.content[key]["headers"].items() if name not in OWN}
    given = {
        f"integration.request.header.{name}": f"'{value}'"
        for name, value in expected.items()
        if key == "full-integration" and not name.startswith("X-Amzn-")
    }
    integration = {"type": kind, "integrationHttpMethod": "GET", "uri": backend, "requestParameters": given}
    api.respond(api.method("GET", "/", integration))
    api.deploy()
    told = api.call("/", headers=REQUEST_HEADERS).json()["headers"]
    seen = {name.title(): value for name, value in told.items()}
    expected = {name.title(): value.replace("<apigw-id:1>", api.id) for name, value in expected.items()}
    assert {name: value for name, value in seen.items() if name not in OWN} == expected


def test_a_client_sees_the_headers_that_aws_recorded(api, backend):
    aws = recording("integrations", "test_apigateway_header_remapping_http[HTTP]")
    recorded = aws.content["full-integration"]["response-headers"]
    mapped = {
        f"method.response.header.{value.removeprefix('response_param_')}": f"'{value}'"
        for value in recorded.values()
        if value.startswith("response_param_")
    }
    integration = {"type": "HTTP", "integrationHttpMethod": "GET", "uri": backend}
    api.respond(api.method("GET", "/", integration), responseParameters=mapped)
    api.deploy()
    with httpx.stream("GET", f"{api.endpoint}/restapis/{api.id}/dev/_user_request_/") as answer:
        seen = {name.decode() for name, _ in answer.headers.raw}
    # Date and Via were mapped too; AWS closed the connection.
    assert seen == recorded.keys() - {"Connection", "Via", "x-amzn-Remapped-Date"}


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
@pytest.mark.parametrize("name", ["content-length", "transfer-encoding"])
def test_a_header_that_may_not_be_mapped_fails_as_aws_recorded(api, backend, kind, name):
    aws = recording("integrations", f"test_apigateway_header_remapping_http[{kind}]").without("Connection")
    given = {f"integration.request.header.{name}": "'1'"}
    integration = {"type": kind, "integrationHttpMethod": "GET", "uri": backend, "requestParameters": given}
    api.respond(api.method("GET", "/", integration))
    api.deploy()
    answer = api.call("/")
    headers = {each.decode(): value.decode() for each, value in answer.headers.raw}
    aws.expect(name, {"body": answer.json(), "response-headers": headers})


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
def test_a_status_passes_through_a_proxy_only(api, backend, kind):
    aws = recording("http", f"test_http_integration_invoke_status_code_passthrough[{kind}]")
    integration = {
        "type": kind,
        "integrationHttpMethod": "POST",
        "uri": f"{backend}/{{map}}",
        "requestParameters": {"integration.request.path.map": "method.request.path.map"},
    }
    path = {"method.request.path.map": True}
    named = api.method("POST", "/{map+}", integration, requestParameters=path)
    api.respond(named, responseTemplates={"application/json": "$input.json('$')"})
    api.deploy()
    for key, sent in (("matching", "status/200"), ("non-matching", "status/400")):
        answer = api.call(f"/{sent}", "POST")
        assert answer.status_code == aws.content[f"{key}-response"]["status_code"]
        assert answer.json()["path"] == f"/{sent}"


@pytest.mark.unverified("what AWS answers for a link that is gone could not be looked up")
def test_a_link_that_a_stage_variable_names_leads_to_the_backend_while_it_is_there(api, apigateway, backend):
    balancer = "arn:aws:elasticloadbalancing:us-east-1:012345678910:loadbalancer/net/a/1"
    link = apigateway.create_vpc_link(name="link", targetArns=[balancer])["id"]
    integration = {
        "type": "HTTP_PROXY",
        "integrationHttpMethod": "GET",
        "uri": f"{backend}/inside",
        "connectionType": "VPC_LINK",
        "connectionId": "${stageVariables.link}",
    }
    named = api.method("GET", "/", integration)
    api.deploy(variables={"link": link})
    assert api.call("/").json()["path"] == "/inside"
    assert refusal(apigateway.delete_vpc_link, vpcLinkId=link) == (
        "BadRequestException",
        f"Cannot delete vpc link. Vpc link '{link}', is referenced in [GET:{named['resourceId']}:dev] "
        "in format of [Method:Resource:Stage].",
    )
    api.deploy(variables={"link": "abc123"})
    assert api.call("/").status_code == 500
    apigateway.delete_vpc_link(vpcLinkId=link)


@pytest.mark.unverified("how the header looks that a sampling stage passes on could not be looked up")
def test_a_stage_with_active_tracing_decides_what_is_sampled(api, apigateway, backend, server):
    api.method("GET", "/", {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": backend})
    api.deploy()
    active = [{"op": "replace", "path": "/tracingEnabled", "value": "true"}]
    apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=active)

    def traced(**headers):
        told = api.call("/", headers=headers).json()["headers"]
        return next(value for name, value in told.items() if name.lower() == "x-amzn-trace-id")

    server.advance(2)  # the first request of a second is sampled
    seen = traced()
    assert re.fullmatch("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1", seen)
    assert any(traced().endswith(";Sampled=0") for _ in range(40))
    root = "Root=1-67891233-abcdef012345678912345678"
    for sent in (f"{root};Sampled=0", f"{root};Parent=53995c3f42cd8ad8;Sampled=1"):
        assert traced(**{"X-Amzn-Trace-Id": sent}) == sent
