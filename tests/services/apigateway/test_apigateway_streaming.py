"""Answers that are streamed, of functions and of servers: pieces as they come, and what has none."""

from __future__ import annotations

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from cloud_functions import TRUST, zipped
from refusals import refusal

SOURCE = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const wanted = JSON.parse(event.body)
  if (wanted.metadata) stream = awslambda.HttpResponseStream.from(stream, wanted.metadata)
  for (const piece of wanted.pieces) {
    stream.write(piece)
    await new Promise(resolve => setTimeout(resolve, wanted.pause || 0))
  }
  if (wanted.fail) throw new Error('half-way')
  stream.end()
})
"""


@pytest.fixture
def integration(client, gateway_role):
    """An integration that streams what a function answers."""
    if shutil.which("node") is None:
        pytest.skip("streaming functions need Node")
    role = client("iam").create_role(RoleName="runner", AssumeRolePolicyDocument=json.dumps(TRUST))
    functions = client("lambda")
    made = functions.create_function(
        FunctionName="streaming",
        Runtime="nodejs22.x",
        Handler="index.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": zipped({"index.js": SOURCE})},
        Timeout=10,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="streaming", WaiterConfig={"Delay": 0})
    path = f"2021-11-15/functions/{made['FunctionArn']}/response-streaming-invocations"
    return {
        "type": "AWS_PROXY",
        "integrationHttpMethod": "POST",
        "uri": f"arn:aws:apigateway:us-east-1:lambda:path/{path}",
        "credentials": gateway_role("lambda:InvokeFunction"),
        "responseTransferMode": "STREAM",
        "timeoutInMillis": 60_000,
    }


@pytest.fixture
def streaming(api, integration):
    api.method("POST", "/", integration)
    api.deploy()
    return api


METADATA = {
    "statusCode": 201,
    "headers": {"Content-Type": "text/event-stream", "x-own": "one"},
    "multiValueHeaders": {"x-two": ["a", "b"]},
    "cookies": ["c=1", "d=2"],
}


def test_pieces_reach_the_client_as_the_function_writes_them(streaming):
    wanted = {"metadata": METADATA, "pieces": ["one ", "two ", "three"], "pause": 60}
    url = f"{streaming.endpoint}/restapis/{streaming.id}/dev/_user_request_/"
    with httpx.stream("POST", url, json=wanted, timeout=20) as answer:
        assert answer.status_code == 201
        assert (answer.headers["content-type"], answer.headers["x-own"]) == ("text/event-stream", "one")
        assert answer.headers.get_list("x-two") == ["a", "b"]
        assert answer.headers.get_list("set-cookie") == ["c=1", "d=2"]
        assert "content-length" not in answer.headers
        pieces = [*answer.iter_raw()]
    assert pieces == [b"one ", b"two ", b"three"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"pieces": ["no metadata"]},
        {"metadata": {"statusCode": "wrong"}, "pieces": ["x"]},
        {"metadata": {"status": 200}, "pieces": ["x"]},
        {"metadata": {"statusCode": 200, "cookies": "c=1"}, "pieces": ["x"]},
        {"pieces": [], "fail": True},
    ],
)
def test_what_does_not_begin_with_metadata_is_no_answer(streaming, wanted):
    answer = streaming.call("/", "POST", json=wanted)
    assert (answer.status_code, answer.json()) == (502, {"message": "Internal server error"})


def test_an_error_half_way_breaks_the_answer_off(streaming):
    wanted = {"metadata": METADATA, "pieces": ["one"], "fail": True}
    with pytest.raises(httpx.RemoteProtocolError):
        streaming.call("/", "POST", json=wanted)
    assert streaming.call("/", "POST", json={**wanted, "fail": False}).text == "one"


def test_a_trial_shows_the_whole_answer(streaming, apigateway):
    body = json.dumps({"metadata": METADATA, "pieces": ["one ", "two"]})
    named = {"restApiId": streaming.id, "resourceId": streaming.root, "httpMethod": "POST"}
    shown = apigateway.test_invoke_method(**named, body=body)
    assert (shown["status"], shown["body"], shown["headers"]["x-own"]) == (201, "one two", "one")


@pytest.mark.unverified("AWS's texts could not be looked up")
def test_only_what_can_be_streamed_is(api, apigateway, integration):
    named = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "POST"}
    apigateway.put_method(**named, authorizationType="NONE")
    put = apigateway.put_integration
    buffering = {**integration, "uri": integration["uri"].replace("response-streaming-", "")}
    mode = {"responseTransferMode": "STREAM"}
    assert refusal(put, **named, **buffering)[0] == "BadRequestException"
    assert refusal(put, **named, type="MOCK", **mode)[0] == "BadRequestException"
    assert refusal(put, **named, **{**integration, "responseTransferMode": "BUFFERED"}) == (
        "BadRequestException",
        "Timeout should be between 50 ms and 29000 ms",
    )
    server = {"type": "HTTP", "integrationHttpMethod": "GET", "uri": "http://example.com"}
    assert refusal(put, **named, **server, **mode)[0] == "BadRequestException"
    assert put(**named, **integration)["responseTransferMode"] == "STREAM"


class SlowBackend(BaseHTTPRequestHandler):
    """Says a second thing only when it was told that the first has arrived."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(202)
        self.send_header("X-Own", "yes")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nfirst\r\n")
        self.wfile.flush()
        if self.path == "/breaks":
            self.close_connection = True
            return
        self.server.heard.wait(10)
        self.wfile.write(b"6\r\nsecond\r\n0\r\n\r\n")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def slow_backend():
    server = ThreadingHTTPServer(("127.0.0.1", 0), SlowBackend)
    server.heard = threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.heard.set()
    server.shutdown()
    thread.join()


def test_what_a_server_says_reaches_the_client_while_it_still_speaks(api, slow_backend):
    uri = f"http://127.0.0.1:{slow_backend.server_port}"
    for path in ("/whole", "/breaks"):
        server = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": f"{uri}{path}"}
        api.method("GET", path, {**server, "responseTransferMode": "STREAM"})
    api.deploy()
    url = f"{api.endpoint}/restapis/{api.id}/dev/_user_request_"
    with httpx.stream("GET", f"{url}/whole", timeout=20) as answer:
        assert (answer.status_code, answer.headers["x-own"]) == (202, "yes")
        pieces = answer.iter_raw()
        assert next(pieces) == b"first"
        slow_backend.heard.set()
        assert b"".join(pieces) == b"second"
    with pytest.raises(httpx.RemoteProtocolError):
        api.call("/breaks")
