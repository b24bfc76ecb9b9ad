"""What breaks the rules of HTTP/1.1 is answered, the connection closed, and nobody else disturbed."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from serving import Serving, count, describe, read_all, read_response, serving

from cloudlet.core.http import HttpRequest, HttpResponse
from cloudlet.wire.server import Limits

SMALL = Limits(
    request_line_bytes=1000,
    header_bytes=2000,
    header_count=10,
    body_bytes=100_000,
    linger_seconds=0.2,
)
GOOD = b"GET /good HTTP/1.1\r\nHost: h\r\n\r\n"


@pytest.fixture(scope="module")
def small():
    with serving(describe, SMALL) as running:
        yield running


def post(*lines: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join((b"POST / HTTP/1.1", b"Host: h", *lines, b"", body))


MALFORMED = {
    "both lengths": post(b"Content-Length: 3", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "both lengths, turned": post(b"Transfer-Encoding: chunked", b"Content-Length: 3", body=b"0\r\n\r\n"),
    "two lengths": post(b"Content-Length: 3", b"Content-Length: 4", body=b"abcd"),
    "two equal lengths": post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"),
    "a list of lengths": post(b"Content-Length: 3, 3", body=b"abc"),
    "a signed length": post(b"Content-Length: +3", body=b"abc"),
    "a negative length": post(b"Content-Length: -3", body=b"abc"),
    "a huge length": post(b"Content-Length: 99999999999999999999999", body=b"abc"),
    "a hexadecimal length": post(b"Content-Length: 0x3", body=b"abc"),
    "an empty length": post(b"Content-Length:", body=b"abc"),
    "a bad chunk size": post(b"Transfer-Encoding: chunked", body=b"zz\r\nabc\r\n0\r\n\r\n"),
    "a negative chunk size": post(b"Transfer-Encoding: chunked", body=b"-1\r\nabc\r\n0\r\n\r\n"),
    "a huge chunk size": post(b"Transfer-Encoding: chunked", body=b"fffffffffffffffff\r\nabc"),
    "a chunk longer than its size": post(b"Transfer-Encoding: chunked", body=b"2\r\nabc\r\n0\r\n\r\n"),
    "a bare LF after a chunk size": post(b"Transfer-Encoding: chunked", body=b"3\nabc\r\n0\r\n\r\n"),
    "chunked twice": post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"),
    "chunked not last": post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "chunked in HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "NUL in a value": post(b"X: a\0b"),
    "NUL in a name": post(b"X\0: a"),
    "a control character": post(b"X: a\x01b"),
    "a bare CR in a value": post(b"X: a\rb"),
    "a space before the colon": post(b"X : a"),
    "a space in a name": post(b"X Y: a"),
    "no colon": post(b"X"),
    "an empty name": post(b": a"),
    "a folded line": post(b"X: a", b" b"),
    "a folded first line": b"GET / HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n",
    "bare LF": b"GET / HTTP/1.1\nHost: h\n\n",
    "bare LF after a header": b"GET / HTTP/1.1\r\nHost: h\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "an unknown method": b"FROB / HTTP/1.1\r\nHost: h\r\n\r\n",
    "a method in lower case": b"get / HTTP/1.1\r\nHost: h\r\n\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
    "a byte beyond ASCII in the target": b"GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n",
    "a fragment in the target": b"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n",
    "no slash": b"GET a HTTP/1.1\r\nHost: h\r\n\r\n",
    "another scheme": b"GET ftp://h/a HTTP/1.1\r\nHost: h\r\n\r\n",
    "a malformed authority": b"GET http://[::1/a HTTP/1.1\r\nHost: h\r\n\r\n",
    "no version": b"GET /\r\nHost: h\r\n\r\n",
    "a proxy request": b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
    "TLS": b"\x16\x03\x01\x00\x05hello",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a broken preface": b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_request_is_refused_and_the_connection_closed(small: Serving, request_bytes: bytes):
    answer = small.ask(request_bytes)
    status = b"505 HTTP Version Not Supported" if b"GET /\r\n" in request_bytes else b"400 Bad Request"
    assert answer.startswith(b"HTTP/1.1 %b\r\n" % status)
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"Content-Length: ") == 1


@pytest.mark.parametrize(
    ("status", "request_bytes"),
    [
        (505, b"GET / HTTP/2.0\r\nHost: h\r\n\r\n"),
        (501, post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n")),
        (501, post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n")),
        (417, post(b"Expect: miracles", b"Content-Length: 1", body=b"a")),
        (501, post(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: x")),
        (413, post(b"Content-Length: 100001", body=b"a")),
        (413, post(b"Transfer-Encoding: chunked", body=b"186a1\r\n" + b"x" * 100_001 + b"\r\n0\r\n\r\n")),
        (414, b"GET /" + b"a" * 1000 + b" HTTP/1.1\r\nHost: h\r\n\r\n"),
        (414, b"GET /" + b"a" * 1_000_000),
        (431, post(b"X: " + b"a" * 2000)),
        (431, post(b"X: " + b"a" * 1_000_000)),
        (431, post(b"X" * 1_000_000)),
        (431, post(*[b"X: a"] * 10)),
        (431, post(b"Transfer-Encoding: chunked", body=b"0\r\n" + b"T: a\r\n" * 11 + b"\r\n")),
        (431, post(b"Transfer-Encoding: chunked", body=b"0\r\nT: " + b"a" * 1_000_000)),
        (431, b"\r\n" * 500_000),
    ],
)
def test_what_is_too_much_or_unknown_has_its_own_status(small: Serving, status: int, request_bytes: bytes):
    answer = small.ask(request_bytes)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer


def test_requests_before_a_malformed_one_are_answered_first(small: Serving):
    answer = small.ask(GOOD + GOOD + b"GET bad HTTP/1.1\r\n\r\n" + GOOD)
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ") if part[3:4] == b" "] == [b"200", b"200", b"400"]


def test_nothing_after_a_request_that_closes_is_run(small: Serving):
    answer = small.ask(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + GOOD)
    assert answer.count(b"HTTP/1.1 200 OK") == 1


def test_malformed_rest_of_a_streamed_body_is_a_400():
    with serving(count) as running:
        answer = running.ask(
            post(b"Transfer-Encoding: chunked", body=b"20000\r\n" + b"x" * 0x20000 + b"\r\nzz\r\n")
        )
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_malformed_rest_of_a_body_that_was_answered_before_closes_the_connection():
    async def early(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], b"early")

    with (
        serving(early, Limits(unread_body_bytes=1 << 30, linger_seconds=0.2)) as running,
        running.connect() as sock,
    ):
        sock.sendall(post(b"Content-Length: 100000"))
        assert read_response(sock).content == b"early"
        sock.sendall(b"x" * 100_000 + b"not http\r\n\r\n")
        assert b"HTTP/1.1 400 " in read_all(sock)


# -- time


def test_head_that_does_not_end_is_a_408_however_slowly_it_grows():
    with (
        serving(describe, Limits(header_seconds=0.2, linger_seconds=0.1)) as running,
        running.connect() as sock,
    ):
        sock.settimeout(0.02)
        sock.sendall(b"GET / HTTP/1.1\r\n")
        answer = b""
        for _ in range(500):
            try:
                sock.sendall(b"X: y\r\n")
                answer = sock.recv(1000)
                break
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_body_that_pauses_too_long_is_a_408():
    with serving(describe, Limits(body_seconds=0.1, linger_seconds=0.1)) as running:
        assert running.ask(post(b"Content-Length: 10", body=b"abc")).startswith(b"HTTP/1.1 408 ")
        assert running.ask(post(b"Content-Length: 100000", body=b"abc")).startswith(b"HTTP/1.1 408 ")


def test_idle_connection_is_closed_without_a_word():
    with serving(describe, Limits(idle_seconds=0.1)) as running:
        assert running.ask(b"") == b""
        with running.connect() as sock:
            sock.sendall(GOOD)
            assert read_response(sock).status == 200
            assert read_all(sock) == b""


def test_client_that_takes_nothing_of_its_answer_is_cut():
    gone = asyncio.Event()

    async def endless():
        try:
            while True:
                yield b"x" * 65536
        finally:
            gone.set()

    async def handler(request):
        return HttpResponse(200, [], endless())

    with serving(handler, Limits(write_seconds=0.1)) as running, running.connect() as sock:
        sock.sendall(GOOD)
        running.run(asyncio.wait_for(gone.wait(), 10))


def test_client_that_reads_slowly_gets_its_whole_answer():
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], b"x" * 30_000_000)

    limits = Limits(write_seconds=0.05, linger_seconds=0.05)
    with serving(handler, limits) as running, running.connect() as sock:
        sock.sendall(GOOD.replace(b"Host", b"Connection: close\r\nHost"))
        received = 0
        while piece := sock.recv(500_000):
            received += len(piece)
            running.run(asyncio.sleep(0.005))
    assert received > 30_000_000


# -- fuzz


PIECES = (
    *(b"GET ", b"POST ", b"/", b"*", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0"),
    *(b"Host: h", b"Content-Length: 3", b"Content-Length: 70000", b"Transfer-Encoding: chunked"),
    *(b"Expect: 100-continue", b"Connection: close", b"Connection: Upgrade", b"Upgrade: h2c"),
    *(b"3\r\nabc\r\n", b"0\r\n\r\n", b"abc", b":", b" ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    *(b"\0\0\0\4\0\0\0\0\0", GOOD, post(b"Content-Length: 3", body=b"abc")),
)


@pytest.fixture(scope="module")
def fuzzed():
    limits = Limits(
        idle_seconds=0.03, header_seconds=0.03, body_seconds=0.03, write_seconds=1, linger_seconds=0.03
    )
    with serving(describe, limits) as running, serving(describe) as other:
        yield running, other


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=40)), max_size=14))
@example([b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"])
@example([b"POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\n"])
@example([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 60])
def test_any_bytes_are_answered_or_closed_and_others_are_served(fuzzed, parts: list[bytes]):
    running, _ = fuzzed
    running.ask(b"".join(parts))
    with running.connect() as sock:
        sock.sendall(GOOD)
        assert read_response(sock).status == 200
