"""Parameter mappings: from every place of a request, and of an integration's answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from refusals import refusal

BODY = {"a": {"b": [1, "two"]}, "text": "hi", "none": None}


class Backend(BaseHTTPRequestHandler):
    """Tells the header lines that it was sent."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = json.dumps({"lines": self.headers.items(), "deep": {"er": [1]}}).encode()
        self.send_response(200)
        for name, value in (("X-Two", "one"), ("X-Two", "two"), ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def deployed(api, backend):
    """An API that maps sources of a request to headers of its backend, and of the answer to the client's."""

    def make(*sources, **response):
        integration = {
            "type": "HTTP",
            "integrationHttpMethod": "POST",
            "uri": backend,
            "requestParameters": {f"integration.request.header.m{n}": each for n, each in enumerate(sources)},
        }
        read = [each for each in sources if each.startswith("method.request.") and ".body" not in each]
        declared = [each.replace("multivalue", "") for each in read]
        named = api.method("POST", "/{place}", integration, requestParameters=dict.fromkeys(declared, False))
        api.respond(named, **response)
        api.deploy(variables={"colour": "red"})
        return api

    return make


@pytest.fixture
def seen(deployed):
    """The lines of each mapped header, as the backend sees them."""

    def read(target, *sources, **request):
        answer = deployed(*sources).call(target, "POST", **request)
        assert answer.status_code == 200, answer.text
        lines = answer.json()["lines"]
        return [[value for name, value in lines if name == f"m{n}"] for n in range(len(sources))]

    return read


def test_values_come_from_paths_queries_and_headers(seen):
    assert seen(
        "/a%20b?q=1&q=2&e=%26",
        "method.request.path.place",
        "method.request.querystring.q",
        "method.request.multivaluequerystring.q",
        "method.request.querystring.e",
        "method.request.querystring.none",
        "method.request.header.X-Own",
        "method.request.multivalueheader.X-Own",
        "method.request.header.x-cased",
        headers=[("X-Own", "one"), ("X-Own", "two"), ("X-Cased", "one")],
    ) == [["a b"], ["2"], ["1", "2"], ["&"], [], ["two"], ["one", "two"], []]


def test_values_are_written_down_or_come_from_the_context_and_stage_variables(seen, account):
    assert seen(
        "/x",
        "'written'",
        "context.accountId",
        "context.resourcePath",
        "context.no.such",
        "stageVariables.colour",
        "stageVariables.none",
    ) == [["written"], [account], ["/{place}"], [], ["red"], []]


def test_values_come_from_bodies_by_their_paths(seen):
    assert seen(
        "/x",
        "method.request.body.text",
        "method.request.body.a.b[1]",
        "method.request.body.a.b",
        "method.request.body.a",
        "method.request.body.none",
        json=BODY,
    ) == [["hi"], ["two"], ['[1,"two"]'], ['{"b":[1,"two"]}'], []]


@pytest.mark.parametrize("body", ["", "plain text", "a=b&c=d"])
def test_a_body_that_does_not_begin_like_json_has_no_values(seen, body):
    assert seen("/x", "method.request.body.text", content=body) == [[]]


def test_a_body_that_begins_like_json_and_is_none_is_refused(deployed):
    answer = deployed("method.request.body.text").call("/x", "POST", content='{"text": ')
    assert (answer.status_code, answer.json()) == (400, {"message": "Invalid JSON in request body"})


def test_answers_are_mapped_from_headers_and_bodies(deployed):
    parameters = {
        "last": "integration.response.header.X-Two",
        "both": "integration.response.multivalueheader.X-Two",
        "deep": "integration.response.body.deep.er[0]",
        "whole": "integration.response.body.deep",
        "none": "integration.response.body.no.such",
        "stage": "stageVariables.colour",
        "status": "context.status",
    }
    mapped = {f"method.response.header.{name}": source for name, source in parameters.items()}
    answer = deployed(responseParameters=mapped).call("/x", "POST")
    told = {name: answer.headers.get_list(name) for name in parameters}
    assert told == {
        "last": ["two"],
        "both": ["one", "two"],
        "deep": ["1"],
        "whole": ['{"er":[1]}'],
        "none": [],
        "stage": ["red"],
        "status": [],
    }


def test_any_is_seven_methods_and_get_is_no_head(api):
    api.says("ANY", "/any", "hi")
    api.says("GET", "/get", "hi")
    api.deploy()
    for verb in ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"):
        assert api.call("/any", verb).status_code == 200
    for verb, path in (("PURGE", "/any"), ("TRACE", "/any"), ("HEAD", "/get")):
        assert api.call(path, verb).status_code == 403


def test_what_is_no_stage_variable_stays_in_an_address(api, backend):
    uri = f"{backend}/${{stageVariables.none}}x"
    api.respond(api.method("POST", "/", {"type": "HTTP", "integrationHttpMethod": "POST", "uri": uri}))
    api.deploy()
    assert api.call("/", "POST").status_code == 200


def invalid(text):
    return (
        "BadRequestException",
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
        f"[Invalid mapping expression parameter specified: {text}]",
    )


@pytest.mark.parametrize(
    "place", ["path", "querystring", "multivaluequerystring", "header", "multivalueheader"]
)
def test_a_method_declares_what_its_integration_reads(api, apigateway, backend, place):
    source, declared = (
        f"method.request.{place}.page",
        f"method.request.{place.removeprefix('multivalue')}.page",
    )
    named = {"restApiId": api.id, "resourceId": api.resource("/{page}"), "httpMethod": "GET"}
    integration = {
        "type": "HTTP_PROXY",
        "integrationHttpMethod": "GET",
        "uri": backend,
        "requestParameters": {"integration.request.header.x": source},
    }
    apigateway.put_method(**named, authorizationType="NONE")
    assert refusal(apigateway.put_integration, **named, **integration) == invalid(source)
    add = [{"op": "add", "path": f"/requestParameters/{declared}", "value": "false"}]
    apigateway.update_method(**named, patchOperations=add)
    assert apigateway.put_integration(**named, **integration)["type"] == "HTTP_PROXY"


def test_a_method_declares_what_its_responses_say(api, apigateway):
    named = api.mock("GET", "/")
    target = "method.response.header.Location"
    respond = {**named, "statusCode": "200"}
    mapped = {"responseParameters": {target: "'/elsewhere'"}}
    assert refusal(apigateway.put_integration_response, **respond, **mapped) == invalid(target)
    add = [{"op": "add", "path": f"/responseParameters/{target}", "value": "false"}]
    apigateway.update_method_response(**respond, patchOperations=add)
    apigateway.put_integration_response(**respond, **mapped)
    api.deploy()
    assert api.call("/").headers["location"] == "/elsewhere"


def test_a_document_declares_what_it_maps(apigateway):
    target = "method.response.header.Location"
    integration = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 302}'},
        "responses": {"default": {"statusCode": "302", "responseParameters": {target: "'/elsewhere'"}}},
    }
    method = {"responses": {"302": {"description": "moved"}}, "x-amazon-apigateway-integration": integration}
    document = {
        "openapi": "3.0.1",
        "info": {"title": "a", "version": "1"},
        "paths": {"/foo": {"post": method}},
    }
    code, text = refusal(apigateway.import_rest_api, body=json.dumps(document))
    assert code == "BadRequestException"
    assert (
        f"Unable to put integration response on 'POST' for resource at path '/foo': {invalid(target)[1]}"
        in text
    )
