"""Functions that answer piece by piece, and what their callers see."""

from __future__ import annotations

import base64
import json

import pytest
from lambda_functions import make_function, zip_of

from cloud_functions import zipped
from refusals import refusal

STREAMING = """
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  stream.setContentType('text/plain')
  for (const piece of event.pieces) {
    stream.write(piece)
    await new Promise(resolve => setTimeout(resolve, event.pause || 0))
  }
  if (event.fail) throw new Error('half-way')
  stream.end()
})
"""


def make_node(functions, role, source=STREAMING, **more):
    make_function(
        functions,
        role,
        **{"Runtime": "nodejs22.x", "Code": {"ZipFile": zip_of(index__js=source)}, "Timeout": 10, **more},
    )


def stream(functions, event, **more):
    return functions.invoke_with_response_stream(FunctionName="function", Payload=json.dumps(event), **more)


def pieces_of(answer):
    events = list(answer["EventStream"])
    assert list(events[-1]) == ["InvokeComplete"]
    return [event["PayloadChunk"]["Payload"] for event in events[:-1]], events[-1]["InvokeComplete"]


def test_pieces_come_as_the_function_writes_them(functions, role):
    make_node(functions, role)
    answer = stream(functions, {"pieces": ["one", "two", "three"], "pause": 60}, LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/vnd.amazon.eventstream"
    pieces, end = pieces_of(answer)
    assert pieces == [b"one", b"two", b"three"]
    assert list(end) == ["LogResult"]
    assert b"REPORT RequestId" in base64.b64decode(end["LogResult"])


def test_first_piece_comes_before_the_last_is_written(functions, role, client):
    """A caller who goes away after the first piece does not end the function."""
    make_node(functions, role)
    answer = stream(functions, {"pieces": ["first", "second"], "pause": 400})
    events = iter(answer["EventStream"])
    assert next(events) == {"PayloadChunk": {"Payload": b"first"}}
    answer["EventStream"].close()
    assert pieces_of(stream(functions, {"pieces": ["again"]}))[0] == [b"again"]


@pytest.mark.unverified(
    "the members of InvokeComplete for an error half-way were not seen in a recorded answer"
)
def test_error_half_way_ends_the_stream_with_its_document(functions, role):
    make_node(functions, role)
    pieces, end = pieces_of(stream(functions, {"pieces": ["a"], "fail": True, "pause": 30}))
    assert pieces == [b"a"]
    assert end["ErrorCode"] == "Unhandled"
    told = json.loads(end["ErrorDetails"])
    assert (told["errorType"], told["errorMessage"]) == ("Error", "half-way")


def test_invoke_gathers_what_a_function_streams(functions, role):
    make_node(functions, role)
    answer = functions.invoke(FunctionName="function", Payload=b'{"pieces": ["a", "b"]}')
    assert answer["Payload"].read() == b"ab"
    answer = functions.invoke(
        FunctionName="function", Payload=b'{"pieces": ["a"], "fail": true, "pause": 30}'
    )
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorMessage"] == "half-way"


def test_stream_may_be_larger_than_an_answer(functions, role):
    source = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const { pipeline } = require('node:stream/promises')
  const { Readable } = require('node:stream')
  const megabytes = function * () { for (let i = 0; i < 12; i++) yield Buffer.alloc(1 << 20, i) }
  await pipeline(Readable.from(megabytes()), stream)
})
"""
    make_node(functions, role, source, MemorySize=512)
    pieces, end = pieces_of(stream(functions, {}))
    assert sum(map(len, pieces)) == 12 << 20
    assert end == {}
    answer = functions.invoke(FunctionName="function")
    assert json.loads(answer["Payload"].read())["errorType"] == "Function.ResponseSizeTooLarge"


def test_function_that_does_not_stream_answers_in_one_piece(functions, role):
    make_function(functions, role)
    assert pieces_of(stream(functions, [1, 2])) == ([b"[1, 2]"], {})


@pytest.mark.unverified(
    "the members of InvokeComplete for a function's error were not seen in a recorded answer"
)
def test_error_of_a_function_that_does_not_stream_is_told_at_the_end(functions, role):
    make_function(functions, role, "def handler(event, context):\n    raise ValueError('no')\n")
    pieces, end = pieces_of(stream(functions, {}))
    assert json.loads(pieces[0])["errorType"] == "ValueError"
    assert end["ErrorCode"] == "Unhandled"
    assert json.loads(end["ErrorDetails"])["errorMessage"] == "no"


def test_stream_that_takes_too_long_is_cut(functions, role):
    make_node(functions, role, Timeout=1)
    pieces, end = pieces_of(stream(functions, {"pieces": ["a", "b"], "pause": 5000}))
    assert pieces == [b"a"]
    assert json.loads(end["ErrorDetails"])["errorType"] == "Sandbox.Timedout"


def test_custom_runtime_streams_by_the_runtime_api(functions, role):
    bootstrap = (
        "#!/var/lang/bin/python3\n"
        "import base64, http.client, os, socket, time\n"
        "host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')\n"
        "api = http.client.HTTPConnection(host, int(port))\n"
        "while True:\n"
        "    api.request('GET', '/2018-06-01/runtime/invocation/next')\n"
        "    event = api.getresponse()\n"
        "    fail, request_id = event.read() == b'true', event.headers['Lambda-Runtime-Aws-Request-Id']\n"
        "    with socket.create_connection((host, int(port))) as raw:\n"
        "        raw.sendall(f'POST /2018-06-01/runtime/invocation/{request_id}/response HTTP/1.1\\r\\n'\n"
        "            'Host: x\\r\\nLambda-Runtime-Function-Response-Mode: streaming\\r\\n'\n"
        "            'Transfer-Encoding: chunked\\r\\nTrailer: Lambda-Runtime-Function-Error-Type, '\n"
        "            'Lambda-Runtime-Function-Error-Body\\r\\n\\r\\n2\\r\\nhi\\r\\n'.encode())\n"
        "        time.sleep(0.05)\n"
        '        body = base64.b64encode(b\'{"errorMessage": "oh"}\').decode()\n'
        "        trailers = ('Lambda-Runtime-Function-Error-Type: Own.Error\\r\\n'\n"
        "            f'Lambda-Runtime-Function-Error-Body: {body}\\r\\n') if fail else ''\n"
        "        raw.sendall(f'2\\r\\n!!\\r\\n0\\r\\n{trailers}\\r\\n'.encode())\n"
        "        assert raw.recv(9999).startswith(b'HTTP/1.1 202')\n"
    )
    functions.create_function(
        FunctionName="function",
        Runtime="provided.al2023",
        Handler="anything",
        Role=role,
        Code={"ZipFile": zipped({"bootstrap": bootstrap}, mode=0o755)},
    )
    assert pieces_of(stream(functions, False)) == ([b"hi", b"!!"], {})
    pieces, end = pieces_of(stream(functions, True))
    assert pieces == [b"hi", b"!!"]
    assert json.loads(end["ErrorDetails"]) == {"errorMessage": "oh"}


def test_streaming_invocation_of_what_is_not_there_is_refused(functions, account):
    assert refusal(functions.invoke_with_response_stream, FunctionName="nothing") == (
        "ResourceNotFoundException",
        f"Function not found: arn:aws:lambda:us-east-1:{account}:function:nothing:$LATEST",
    )
