"""HTTP/1.1 and 1.0 as clients speak it when they speak it well."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
from serving import Serving, count, describe, read_all, read_response, serving

from cloudlet.core.http import BytesBody, FileBody, HttpRequest, HttpResponse
from cloudlet.wire.server import Limits


@pytest.fixture(scope="module")
def described():
    with serving(describe) as running:
        yield running


def head_and_body(answer: bytes) -> tuple[list[str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n"), body


def test_header_names_keep_their_case_and_order(described: Serving):
    answer = described.ask(
        b"GET /a%2Fb?x=%20&y HTTP/1.1\r\nHost: h\r\nX-fOO: 1\r\nx-foo: 2\r\nA:b \r\nConnection: close\r\n\r\n"
    )
    _, body = head_and_body(answer)
    assert body.decode().split("\n") == [
        "GET /a%2Fb?x=%20&y HTTP/1.1 http 0", "Host=h", "X-fOO=1", "x-foo=2", "A=b", "Connection=close",
    ]  # fmt: skip


def test_answer_has_date_and_length_and_the_handlers_header_names_and_no_server(described: Serving):
    head, body = head_and_body(described.ask(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
    assert head[:2] == ["HTTP/1.1 200 OK", "X-Answer: yes"]
    assert [line.partition(":")[0] for line in head[1:]] == [
        "X-Answer",
        "Date",
        "Content-Length",
        "Connection",
    ]
    assert head[3] == f"Content-Length: {len(body)}"


def test_connection_is_kept_for_the_next_request(described: Serving):
    with described.connect() as sock:
        for number in range(3):
            sock.sendall(b"POST /%d HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi" % number)
            assert read_response(sock).content.startswith(b"POST /%d HTTP/1.1 http 2" % number)


def test_request_may_come_byte_by_byte(described: Serving):
    with described.connect() as sock:
        for byte in b"POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi":
            sock.sendall(bytes([byte]))
        assert read_response(sock).content.startswith(b"POST /slow HTTP/1.1 http 2")


def test_pipelined_requests_are_answered_in_their_order_also_when_the_first_is_slow():
    async def first_is_slow(request: HttpRequest) -> HttpResponse:
        if request.path == "/0":
            await asyncio.sleep(0.02)
        return HttpResponse(200, [], request.path.encode())

    with serving(first_is_slow) as running:
        last = b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        answer = running.ask(b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n for n in range(300)) + last)
    bodies = [part.partition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == [b"/%d" % n for n in range(300)] + [b"/last"]


def test_chunked_body_with_trailers_is_read_and_trailers_are_no_headers(described: Serving):
    answer = described.ask(
        b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n"
    )
    assert b"PUT / HTTP/1.1 http 13" in answer
    assert b"X-Trailer" not in answer


def test_runtime_streams_slowly_and_says_at_the_end_how_it_went():
    seen = []

    async def gather(request: HttpRequest) -> HttpResponse:
        async for piece in request.body.stream():
            seen.append(piece)
            arrived.set()
        return HttpResponse(200, [], repr(request.trailers).encode())

    arrived = threading.Event()
    with serving(gather) as running:
        listener = socket.create_server(("127.0.0.1", 0))
        running.run(running.server.serve_socket(listener, handler=gather))
        with socket.create_connection(listener.getsockname(), timeout=10) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            assert arrived.wait(10)
            assert seen == [b"a"]
            sock.sendall(b"1\r\nb\r\n0\r\nX-Failed: yes\r\n\r\n")
            assert read_response(sock).content == b"[('X-Failed', 'yes')]"  # type: ignore[attr-defined]  # see serving.py
    assert b"".join(seen) == b"ab"


def test_absolute_target_replaces_host(described: Serving):
    answer = described.ask(b"GET http://real:1/p?q HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n")
    assert b"GET /p?q HTTP/1.1" in answer
    assert b"Host=real:1" in answer


def test_asterisk_target_is_taken(described: Serving):
    assert b"OPTIONS * HTTP/1.1" in described.ask(
        b"OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    )


def test_http_1_0_closes_unless_asked_to_keep(described: Serving):
    head, body = head_and_body(described.ask(b"GET / HTTP/1.0\r\n\r\n"))
    assert "Connection: close" in head
    assert body.startswith(b"GET / HTTP/1.0")
    with described.connect() as sock:
        for _ in range(2):
            sock.sendall(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert read_response(sock).headers["Connection"] == "keep-alive"


def test_client_that_half_closes_is_still_answered(described: Serving):
    with described.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("headers", [b"", b"Content-Length: 3\r\n"])
def test_offer_of_http2_by_upgrade_is_not_taken_up(described: Serving, headers: bytes):
    body = b"abc" if headers else b""
    answer = described.ask(
        b"POST /1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        + headers
        + b"\r\n"
        + body
        + b"GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    )
    assert b"POST /1 HTTP/1.1 http %d" % len(body) in answer
    assert b"GET /2 HTTP/1.1 http 0" in answer


def test_chunked_body_after_an_upgrade_offer_is_read(described: Serving):
    answer = described.ask(
        b"POST /1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    )
    assert b"POST /1 HTTP/1.1 http 3" in answer
    assert b"GET /2 HTTP/1.1 http 0" in answer


# -- bodies of answers


def answering(response: HttpResponse):
    async def handler(request: HttpRequest) -> HttpResponse:
        return response

    return handler


async def pieces(*contents: bytes):
    for content in contents:
        yield content


GET = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


def test_iterator_is_sent_chunked():
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], pieces(b"ab", b"", b"c" * 17))

    with serving(handler) as running:
        head, body = head_and_body(running.ask(GET))
    assert "Transfer-Encoding: chunked" in head
    assert body == b"2\r\nab\r\n11\r\n" + b"c" * 17 + b"\r\n0\r\n\r\n"


def test_iterator_with_length_is_sent_as_it_is():
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [("content-length", "3")], pieces(b"ab", b"c"))

    with serving(handler) as running:
        head, body = head_and_body(running.ask(GET))
    assert "Content-Length: 3" in head
    assert "Transfer-Encoding: chunked" not in head
    assert body == b"abc"


def test_iterator_for_http_1_0_ends_with_the_connection():
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], pieces(b"ab", b"c"))

    with serving(handler) as running:
        head, body = head_and_body(running.ask(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))
    assert "Connection: close" in head
    assert body == b"abc"


@pytest.mark.parametrize("length", [[], [("Content-Length", "5")]])
def test_iterator_that_fails_cuts_the_connection(length, caplog):
    async def failing():
        yield b"ab"
        raise ValueError("lost")

    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, list(length), failing())

    with serving(handler) as running:
        answer = running.ask(GET)
    assert b"0\r\n\r\n" not in answer
    assert not answer.endswith(b"abc")
    assert "the body failed" in caplog.text


@pytest.mark.parametrize("length", ["1", "5"])
def test_iterator_of_another_length_than_announced_cuts_the_connection(length, caplog):
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [("Content-Length", length)], pieces(b"ab", b"c"))

    with serving(handler) as running:
        answer = running.ask(GET)
    assert len(head_and_body(answer)[1]) != int(length) or length == "1"
    assert "Content-Length" in caplog.text


def test_iterator_is_closed_when_the_client_leaves():
    closed = asyncio.Event()

    async def endless():
        try:
            while True:
                yield b"x" * 65536
        finally:
            closed.set()

    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], endless())

    with serving(handler) as running:
        with running.connect() as sock:
            sock.sendall(GET)
            while b"xx" not in sock.recv(65536):
                pass
        running.run(asyncio.wait_for(closed.wait(), 10))


def test_file_is_sent_from_offset_for_count(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 8192)
    with serving(answering(HttpResponse(200, [], FileBody(path, 100, 2_000_000)))) as running:
        head, body = head_and_body(running.ask(GET))
        with running.connect() as sock:
            for _ in range(2):
                sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                assert read_response(sock).content == body
    assert "Content-Length: 2000000" in head
    assert body == path.read_bytes()[100:2_000_100]


def test_file_that_is_too_short_cuts_the_connection(tmp_path, caplog):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with serving(answering(HttpResponse(200, [], FileBody(path, 0, 10)))) as running:
        assert len(head_and_body(running.ask(GET))[1]) < 10
    assert "ends at 3" in caplog.text


def test_file_that_is_not_there_is_a_500(tmp_path):
    with serving(answering(HttpResponse(200, [], FileBody(tmp_path / "gone", 0, 10)))) as running:
        assert running.ask(GET).startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize(
    ("response", "line"),
    [
        (HttpResponse(200, [], b"abc"), "Content-Length: 3"),
        (HttpResponse(200, [("Content-Length", "77")], b""), "Content-Length: 77"),
        (HttpResponse(404, [], b""), None),
    ],
)
def test_head_has_the_length_of_get_and_no_body(response, line):
    with serving(answering(response)) as running:
        head, body = head_and_body(running.ask(HEAD))
    assert body == b""
    lengths = [found for found in head if found.startswith("Content-Length")]
    assert lengths == ([line] if line else [])


def test_head_of_a_file_and_of_an_iterator_has_no_body(tmp_path):
    async def handler(request: HttpRequest) -> HttpResponse:
        if request.path == "/file":
            return HttpResponse(200, [], FileBody(tmp_path / "any", 0, 10))
        return HttpResponse(200, [], pieces(b"abc"))

    with serving(handler) as running:
        assert head_and_body(running.ask(HEAD.replace(b"/ ", b"/file ")))[1] == b""
        assert head_and_body(running.ask(HEAD))[1] == b""


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_body_send_none(status):
    with serving(answering(HttpResponse(status, [], b"ignored" if status == 304 else b""))) as running:
        head, body = head_and_body(running.ask(GET))
    assert body == b""
    if status == 204:
        assert not any(line.startswith("Content-Length") for line in head)


def test_handler_may_close_the_connection_and_set_the_date():
    response = HttpResponse(299, [("Connection", "close"), ("Date", "then")], b"x")
    with serving(answering(response)) as running:
        head, _ = head_and_body(running.ask(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
    assert head == ["HTTP/1.1 299 ", "Date: then", "Content-Length: 1", "Connection: close"]


# -- handlers that fail


def test_handler_that_fails_is_a_500_and_the_connection_goes_on(caplog):
    async def handler(request: HttpRequest) -> HttpResponse:
        if request.path == "/late":
            await asyncio.sleep(0)
        if request.path != "/good":
            raise ValueError("broken")
        return HttpResponse(200, [], b"good")

    with serving(handler) as running, running.connect() as sock:
        for path, status in ((b"/", 500), (b"/late", 500), (b"/good", 200)):
            sock.sendall(b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % path)
            assert read_response(sock).status == status
    assert "broken" in caplog.text


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(200, [("X", "a\r\nSet-Cookie: b")], b""),
        HttpResponse(200, [("X\n", "a")], b""),
        HttpResponse(200, [("Date", "a\nb")], b""),
        HttpResponse(200, [("X", "a\0")], b""),
        HttpResponse(200, [("Content-Length", "4")], b"abc"),
        HttpResponse(200, [("Content-Length", "-1")], b"abc"),
        HttpResponse(100, [], b""),
        None,
    ],
)
def test_answer_that_http_cannot_say_is_a_500(response, caplog):
    with serving(answering(response)) as running:
        answer = running.ask(GET)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"Cookie" not in answer


# -- bodies of requests


def test_small_body_is_there_when_the_handler_begins():
    seen = []

    async def handler(request: HttpRequest) -> HttpResponse:
        seen.append(request.body)
        return HttpResponse()

    with serving(handler) as running:
        running.ask(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
    assert isinstance(seen[0], BytesBody)
    assert seen[0].content == b"abc"


def test_continue_is_sent_only_when_the_handler_begins_to_read():
    may_read = asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        await may_read.wait()
        return HttpResponse(200, [], await request.body.read(10))

    with serving(handler) as running, running.connect() as sock:
        sock.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(10)
        running.loop.call_soon_threadsafe(may_read.set)
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"abc")
        assert read_response(sock).content == b"abc"
        sock.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
        assert read_response(sock).content == b"abc"


def test_answer_without_reading_an_expected_body_closes_the_connection():
    with serving(answering(HttpResponse(403, [], b"no"))) as running:
        answer = running.ask(
            b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"Connection: close\r\n" in answer


def test_answer_made_of_the_body_while_it_comes():
    async def echo(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], request.body.stream())

    with serving(echo) as running, running.connect() as sock:
        for _ in range(2):
            sock.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            assert sock.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            sock.sendall(b"abc")
            assert read_response(sock).content == b"abc"


def test_unread_rest_of_a_small_body_is_skipped_and_the_connection_kept():
    with serving(answering(HttpResponse(200, [], b"ok"))) as running, running.connect() as sock:
        body = b"x" * 100_000
        sock.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert read_response(sock).content == b"ok"
        sock.sendall(body + b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert read_response(sock).content == b"ok"


def test_client_can_read_the_answer_to_a_large_body_that_nobody_reads():
    with serving(answering(HttpResponse(403, [], b"no"))) as running:
        size = 4_000_000
        answer = running.ask(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(b"\r\n\r\nno")


def test_reader_learns_that_its_client_left():
    outcome: asyncio.Queue[str] = asyncio.Queue()

    async def handler(request: HttpRequest) -> HttpResponse:
        try:
            await request.body.read(10_000_000)
        except Exception as error:
            outcome.put_nowait(type(error).__name__)
            raise
        return HttpResponse()

    with serving(handler) as running:
        with running.connect() as sock:
            sock.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc")
        assert running.run(asyncio.wait_for(outcome.get(), 10)) == "ClientDisconnected"


def test_body_beyond_the_readers_limit_is_a_413():
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], await request.body.read(100_000))

    with serving(handler) as running:
        head = b"PUT / HTTP/1.1\r\nHost: h\r\n"
        assert running.ask(head + b"Content-Length: 2000000\r\n\r\nabc").startswith(b"HTTP/1.1 413 ")
        chunk = b"%x\r\n%b\r\n" % (50_000, b"x" * 50_000)
        answer = running.ask(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 3)
        assert answer.startswith(b"HTTP/1.1 413 ")


def test_large_chunked_upload_is_streamed():
    with serving(count) as running, running.connect() as sock:
        sock.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            sock.sendall(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
        sock.sendall(b"0\r\n\r\n")
        assert read_response(sock).content == b"3276800"


# -- closing


def test_close_lets_a_running_request_end_and_tells_the_client():
    started, may_end = asyncio.Event(), asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        started.set()
        await may_end.wait()
        return HttpResponse(200, [], b"done")

    with serving(handler) as running, running.connect() as idle, running.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        running.run(started.wait())
        closing = running.submit(running.server.close(10))
        assert read_all(idle) == b""
        running.loop.call_soon_threadsafe(may_end.set)
        answer = read_all(sock)
        assert b"Connection: close" in answer
        assert answer.endswith(b"done")
        closing.result(10)
        with pytest.raises(ConnectionRefusedError):
            running.connect()


def test_close_cuts_what_does_not_end_in_its_grace():
    cancelled = asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return HttpResponse()

    with serving(handler, Limits()) as running, running.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET")
        running.run(running.server.close(0.05))
        assert read_all(sock) == b""
        running.run(asyncio.wait_for(cancelled.wait(), 10))


def test_file_follows_answers_that_the_client_has_not_yet_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 8192)

    async def handler(request: HttpRequest) -> HttpResponse:
        if request.path == "/file":
            return HttpResponse(200, [], FileBody(path, 0, path.stat().st_size))
        return HttpResponse(200, [], b"x" * 200_000)

    with serving(handler) as running:
        plain = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        answer = running.ask(plain * 40 + b"GET /file HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 41
    assert answer.endswith(b"\r\n\r\n" + path.read_bytes())


def test_client_that_half_closes_gets_every_pipelined_answer():
    async def slow(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0.01)
        return HttpResponse(200, [], request.path.encode())

    with serving(slow) as running, running.connect() as sock:
        sock.sendall(b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        answer = read_all(sock)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.endswith(b"/2")


def test_thousands_of_pipelined_upgrade_offers_are_all_answered(described: Serving):
    offer = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    with_body = offer.replace(b"GET", b"PUT").replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\nx")
    last = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    assert described.ask((offer + with_body) * 1000 + last).count(b"HTTP/1.1 200 OK") == 2001


def test_absolute_target_carries_no_user_into_host(described: Serving):
    answer = described.ask(b"GET http://me:pw@real/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert b"Host=real\n" in answer
