"""HTTP/2 by prior knowledge, with httpx as a whole client and h2 as one that can misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import h2.config
import h2.connection
import h2.errors
import h2.events
import httpx
import pytest
from hyperframe.frame import GoAwayFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import Serving, count, describe, serving

from cloudlet.core.http import FileBody, HttpRequest, HttpResponse
from cloudlet.wire.server import Limits

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def client(running: Serving) -> httpx.Client:
    return httpx.Client(http1=False, http2=True, base_url=f"http://127.0.0.1:{running.port}", timeout=10)


class Raw:
    """One connection whose every frame the test decides on."""

    def __init__(self, running: Serving) -> None:
        self.sock = running.connect()
        configuration = h2.config.H2Configuration(
            client_side=True,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            header_encoding="utf-8",
        )
        self.h2 = h2.connection.H2Connection(configuration)
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.sock.sendall(self.h2.data_to_send())

    def get(self, stream_id: int, *extra: tuple[str, str], path: str = "/", end: bool = True) -> None:
        head = [(":method", "POST"), (":scheme", "http"), (":authority", "h"), (":path", path), *extra]
        self.h2.send_headers(stream_id, head, end_stream=end)
        self.flush()

    def events_until(self, wanted: type) -> list:
        """All events up to one of the wanted type; [] at the end if the connection ended before."""
        events: list = []
        while not any(isinstance(event, wanted) for event in events):
            data = self.sock.recv(65536)
            if not data:
                raise EOFError(events)
            events += self.h2.receive_data(data)
            self.flush()
        return events

    def status(self) -> str:
        for event in self.events_until(h2.events.ResponseReceived):
            if isinstance(event, h2.events.ResponseReceived):
                return dict(event.headers)[":status"]
        raise AssertionError


@pytest.fixture(scope="module")
def described():
    with serving(describe) as running:
        yield running


def test_request_and_answer(described: Serving):
    with client(described) as http:
        response = http.post("/a%2Fb?x=%20", content=b"abc", headers={"X-One": "1"})
    assert response.http_version == "HTTP/2"
    assert response.text.split("\n")[0] == "POST /a%2Fb?x=%20 HTTP/2 http 3"
    assert f"host=127.0.0.1:{described.port}" in response.text.split("\n")
    assert "x-one=1" in response.text.split("\n")
    assert response.headers["x-answer"] == "yes"
    assert "date" in response.headers
    assert int(response.headers["content-length"]) == len(response.content)


def test_head_has_length_and_no_body(described: Serving):
    with client(described) as http:
        response = http.head("/")
    assert int(response.headers["content-length"]) > 0
    assert response.content == b""


def test_many_streams_run_at_a_time():
    waiting = asyncio.Semaphore(0)
    everybody = asyncio.Event()
    number = 0

    async def handler(request: HttpRequest) -> HttpResponse:
        nonlocal number
        number += 1
        if number == 50:
            everybody.set()
        await everybody.wait()
        return HttpResponse(200, [], request.path.encode())

    async def ask_all(port: int) -> list[bytes]:
        async with httpx.AsyncClient(http1=False, http2=True, timeout=10) as http:
            answers = await asyncio.gather(*(http.get(f"http://127.0.0.1:{port}/{n}") for n in range(50)))
        return [answer.content for answer in answers]

    with serving(handler) as running:
        assert asyncio.run(ask_all(running.port)) == [b"/%d" % n for n in range(50)]
    assert waiting.locked()


def test_large_bodies_both_ways(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 8192)

    async def handler(request: HttpRequest) -> HttpResponse:
        if request.path == "/file":
            return HttpResponse(200, [], FileBody(path, 100, 2_000_000))
        if request.path == "/bytes":
            return HttpResponse(200, [], path.read_bytes())
        if request.path == "/echo":
            return HttpResponse(200, [], request.body.stream())
        return await count(request)

    with serving(handler) as running, client(running) as http:
        content = path.read_bytes()
        assert http.get("/file").content == content[100:2_000_100]
        assert http.get("/bytes").content == content
        assert http.put("/count", content=content).text == str(len(content))
        assert http.put("/count", content=iter([content[:1000], content[1000:]])).text == str(len(content))
        assert http.put("/echo", content=content).content == content


def test_client_is_not_allowed_more_than_the_buffer_while_nobody_reads():
    may_read = asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        await may_read.wait()
        return await count(request)

    with serving(handler, Limits(buffer_bytes=100_000)) as running:
        raw = Raw(running)
        raw.get(1, end=False)
        sent = 0
        raw.sock.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            while True:
                window = min(raw.h2.local_flow_control_window(1), 10_000)
                if window:
                    raw.h2.send_data(1, b"x" * window)
                    raw.flush()
                    sent += window
                else:
                    raw.events_until(h2.events.WindowUpdated)
        assert 65_535 <= sent <= 300_000
        running.loop.call_soon_threadsafe(may_read.set)
        raw.sock.settimeout(10)
        raw.events_until(h2.events.WindowUpdated)
        raw.h2.end_stream(1)
        raw.flush()
        events = raw.events_until(h2.events.StreamEnded)
        assert b"".join(e.data for e in events if isinstance(e, h2.events.DataReceived)) == b"%d" % sent


def test_answer_waits_for_the_clients_window():
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], b"x" * 200_000)

    with serving(handler) as running:
        raw = Raw(running)
        raw.get(1)
        received = 0
        while received < 65_535:
            for event in raw.events_until(h2.events.DataReceived):
                if isinstance(event, h2.events.DataReceived):
                    received += len(event.data)
        assert received == 65_535
        raw.sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            raw.events_until(h2.events.DataReceived)
        raw.sock.settimeout(10)
        raw.h2.increment_flow_control_window(200_000)
        raw.h2.increment_flow_control_window(200_000, 1)
        raw.flush()
        events = raw.events_until(h2.events.StreamEnded)
        received += sum(len(e.data) for e in events if isinstance(e, h2.events.DataReceived))
        assert received == 200_000


def test_unread_body_is_refused_by_a_reset_that_is_no_error():
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(403, [], b"no")

    with serving(handler) as running:
        raw = Raw(running)
        raw.get(1, ("content-length", "1000000"), end=False)
        events = raw.events_until(h2.events.StreamReset)
        reset = next(event for event in events if isinstance(event, h2.events.StreamReset))
        assert reset.error_code == 0
        assert any(isinstance(event, h2.events.StreamEnded) for event in events)
        raw.get(3)
        assert raw.status() == "403"


def test_continue_is_sent_when_the_handler_reads():
    with serving(count) as running:
        raw = Raw(running)
        raw.get(1, ("expect", "100-continue"), ("content-length", "3"), end=False)
        raw.events_until(h2.events.InformationalResponseReceived)
        raw.h2.send_data(1, b"abc", end_stream=True)
        raw.flush()
        assert raw.status() == "200"


def test_iterator_that_fails_resets_its_stream_only(caplog):
    async def failing():
        yield b"ab"
        raise ValueError("lost")

    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], failing() if request.path == "/bad" else b"good")

    with serving(handler) as running, client(running) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            http.get("/bad")
        assert http.get("/").text == "good"
    assert "the body failed" in caplog.text


def test_handler_that_fails_is_a_500(caplog):
    async def handler(request: HttpRequest) -> HttpResponse:
        if request.path == "/header":
            return HttpResponse(200, [("x", "a\r\nb")], b"")
        raise ValueError("broken")

    with serving(handler) as running, client(running) as http:
        assert http.get("/").status_code == 500
        assert http.get("/header").status_code == 500
    assert "broken" in caplog.text


def test_reader_learns_that_its_stream_was_cancelled():
    outcome: asyncio.Queue[str] = asyncio.Queue()

    async def handler(request: HttpRequest) -> HttpResponse:
        try:
            await request.body.read(10_000_000)
        except Exception as error:
            outcome.put_nowait(type(error).__name__)
            raise
        return HttpResponse()

    with serving(handler) as running:
        raw = Raw(running)
        raw.get(1, ("content-length", "1000000"), end=False)
        raw.h2.reset_stream(1)
        raw.flush()
        assert running.run(asyncio.wait_for(outcome.get(), 10)) == "ClientDisconnected"


@pytest.mark.parametrize(
    ("status", "path", "extra"),
    [
        ("414", "/" + "a" * 1000, []),
        ("431", "/", [("x", "a")] * 11),
        ("413", "/", [("content-length", "100001")]),
        ("400", "nothing", []),
        ("400", "/a#b", []),
        ("400", "/a b", []),
    ],
)
def test_what_is_too_much_has_its_own_status(status, path, extra):
    with serving(describe, Limits(request_line_bytes=1000, header_count=10, body_bytes=100_000)) as running:
        raw = Raw(running)
        raw.get(1, *extra, path=path, end=not extra or status != "413")
        assert raw.status() == status


def test_body_beyond_the_limit_is_a_413():
    with serving(describe, Limits(body_bytes=1000)) as running:
        raw = Raw(running)
        raw.get(1, end=False)
        raw.h2.send_data(1, b"x" * 1001)
        raw.flush()
        assert raw.status() == "413"


@pytest.mark.parametrize("extra", [("X-Upper", "a"), ("connection", "close"), ("x", "a\r\nb"), ("x", "a\0b")])
def test_header_that_http2_forbids_ends_the_connection_or_stream(described: Serving, extra):
    raw = Raw(described)
    raw.get(1, extra)
    with pytest.raises((EOFError, ConnectionError, AssertionError)):
        assert raw.status() != "200"
        raise EOFError


def test_client_that_cancels_without_end_is_sent_away():
    with serving(describe, Limits(stream_resets=20)) as running:
        raw = Raw(running)
        with contextlib.suppress(ConnectionError):
            for number in range(30):
                raw.get(2 * number + 1, end=False)
                raw.h2.reset_stream(2 * number + 1)
                raw.flush()
        with pytest.raises((EOFError, ConnectionError)):
            raw.events_until(h2.events.PushedStreamReceived)


def test_close_says_goaway_and_lets_running_streams_end():
    started, may_end = asyncio.Event(), asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        started.set()
        await may_end.wait()
        return HttpResponse(200, [], b"done")

    with serving(handler) as running:
        raw = Raw(running)
        raw.get(1)
        running.run(started.wait())
        closing = running.submit(running.server.close(10))
        frames = raw.sock.recv(65536)
        while bytes([7]) + b"\0" + b"\0\0\0\0" not in frames:
            frames += raw.sock.recv(65536)
        running.loop.call_soon_threadsafe(may_end.set)
        while piece := raw.sock.recv(65536):
            frames += piece
        assert b"done" in frames
        closing.result(10)


def test_idle_connection_is_closed():
    with serving(describe, Limits(idle_seconds=0.1)) as running:
        raw = Raw(running)
        with pytest.raises(EOFError):
            raw.events_until(h2.events.PushedStreamReceived)


def test_body_that_pauses_too_long_cuts_the_connection():
    with serving(describe, Limits(body_seconds=0.1)) as running:
        raw = Raw(running)
        raw.get(1, end=False)
        with pytest.raises((EOFError, ConnectionError)):
            raw.events_until(h2.events.PushedStreamReceived)


@pytest.fixture(scope="module")
def hasty():
    with serving(describe, Limits(idle_seconds=0.02, body_seconds=0.02, linger_seconds=0.02)) as running:
        yield running


FRAME_HEADS = st.tuples(st.integers(0, 10), st.integers(0, 255), st.sampled_from([0, 1, 3]))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(FRAME_HEADS, st.binary(max_size=40)), max_size=5), st.binary(max_size=20))
def test_any_frames_are_answered_or_closed_and_others_are_served(hasty, frames, rest: bytes):
    content = b"".join(
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream_id.to_bytes(4, "big") + payload
        for (kind, flags, stream_id), payload in frames
    )
    hasty.ask(PREFACE + b"\0\0\0\4\0\0\0\0\0" + content + rest)
    assert any(answers(hasty) for _ in range(20))


def answers(running: Serving) -> bool:
    """Whether a request on a new connection is answered, rather than too slow for so hasty a server."""
    try:
        raw = Raw(running)
        with raw.sock:
            raw.get(1)
            return raw.status() == "200"
    except (EOFError, ConnectionError):
        return False


def test_preface_may_come_in_pieces(described: Serving):
    raw = Raw.__new__(Raw)
    raw.sock = described.connect()
    raw.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    raw.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    raw.h2.initiate_connection()
    for byte in raw.h2.data_to_send():
        raw.sock.sendall(bytes([byte]))
    raw.get(1)
    assert raw.status() == "200"


@pytest.mark.parametrize("extra", [[], [("content-length", "1000000")], [("expect", "100-continue")]])
def test_stream_begun_and_cancelled_in_one_segment_harms_no_other(described: Serving, extra):
    raw = Raw(described)
    head = [(":method", "PUT"), (":scheme", "http"), (":authority", "h"), (":path", "/"), *extra]
    raw.h2.send_headers(1, head)
    raw.h2.reset_stream(1)
    raw.get(3)
    assert raw.status() == "200"


def test_client_that_says_goaway_is_let_go(caplog):
    started = asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        started.set()
        await request.body.read(10_000_000)
        return HttpResponse()

    with serving(handler) as running:
        raw = Raw(running)
        raw.get(1, ("content-length", "1000000"), end=False)
        running.run(started.wait())
        raw.h2.close_connection(h2.errors.ErrorCodes.INTERNAL_ERROR)
        raw.flush()
        while raw.sock.recv(65536):
            pass
    assert caplog.text == ""


def test_client_that_wants_no_more_streams_gets_the_rest_of_those_that_run():
    said = asyncio.Event()

    async def pieces():
        yield b"before"
        await said.wait()
        yield b"after"

    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], pieces())

    with serving(handler) as running:
        raw = Raw(running)
        raw.get(1)
        raw.events_until(h2.events.DataReceived)
        raw.sock.sendall(GoAwayFrame(0).serialize())
        # The server has read the GOAWAY once it answers a ping that was sent after it.
        raw.h2.ping(b"12345678")
        raw.flush()
        raw.events_until(h2.events.PingAckReceived)
        running.loop.call_soon_threadsafe(said.set)
        events = raw.events_until(h2.events.StreamEnded)
        assert [e.data for e in events if isinstance(e, h2.events.DataReceived) if e.data] == [b"after"]
        assert raw.sock.recv(65536) == b""
