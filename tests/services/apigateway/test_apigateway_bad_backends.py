"""Backends that hang, break off or lie about their length, and bodies beyond what the gateway takes."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

OK = b"HTTP/1.1 200 OK\r\n"
BEHAVIOURS = {
    "/reset": None,
    "/nonsense": b"this is no HTTP\r\n\r\n",
    "/short": OK + b"Content-Length: 100\r\n\r\nonly this",
    "/long": OK + b"Content-Length: 4\r\n\r\nmuch more than four",
    "/chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
    "/huge-head": OK + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n",
    "/bad-header": OK + b"Content-Length: 2\r\nX-Bad\x01: a\r\n\r\nok",
    "/endless": OK + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 100_000,
    "/good": OK + b"Content-Length: 2\r\n\r\nok",
}


def _behave(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            path = connection.recv(65536).split(b" ", 2)[1].decode()
            said = BEHAVIOURS[path]
            if said is None:
                # A zero linger time makes the kernel reset the connection.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                connection.sendall(said)


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_behave, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
def test_a_backend_that_misbehaves_is_a_network_error_and_harms_nobody_else(api, backend, kind):
    for path in BEHAVIOURS:
        uri = f"{backend}{path}"
        named = api.method("GET", path, {"type": kind, "integrationHttpMethod": "GET", "uri": uri})
        if kind == "HTTP":
            api.respond(named)
    api.deploy()
    for path in BEHAVIOURS:
        answer = api.call(path)
        if path == "/good":
            assert (answer.status_code, answer.content) == (200, b"ok")
        else:
            assert answer.status_code == 504, path
            assert answer.json() == {"message": "Network error communicating with endpoint"}, path
        assert api.call("/good").content == b"ok"


def test_a_body_beyond_ten_megabytes_is_too_long(api):
    api.mock("POST", "/a", responseTemplates={"application/json": "{}"})
    api.deploy()
    assert api.call("/a", "POST", content=b"x" * (10 * 1024 * 1024)).status_code == 200
    answer = api.call("/a", "POST", content=b"x" * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json()["message"] == "Request Too Long"
    assert answer.headers["x-amzn-ErrorType"] == "RequestTooLargeException"


def test_any_header_and_path_of_a_request_gets_an_answer(api, server):
    api.mock("GET", "/a/{x+}", responseTemplates={"application/json": "$input.params('x')"})
    api.deploy()
    place = f"/restapis/{api.id}/dev/_user_request_/a/"
    for tail in (b"%ff%fe", b"%00", b"a%2fb", b"..%2f..", b"%", b"\xc3\xa9", b"a;b=c", b"'\"<>"):
        with socket.create_connection(("127.0.0.1", server.app.port)) as connection:
            head = (
                b"GET "
                + place.encode()
                + tail
                + b" HTTP/1.1\r\nHost: a\r\nX-\xe9: \xff\r\nConnection: close\r\n\r\n"
            )
            connection.sendall(head)
            answered = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answered.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 400 ")), (tail, answered[:200])
