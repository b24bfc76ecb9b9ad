"""The head of an answer, and the rules by which its end is found."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from cloudlet.core.clock import SystemClock
from cloudlet.core.http import FileBody, HttpResponse
from cloudlet.wire.server.answer import Dates, Framing, InvalidResponse, encode_head


def head(response: HttpResponse, method: str = "GET", *, http_1_0: bool = False, keep_alive: bool = True):
    return encode_head(response, method=method, http_1_0=http_1_0, keep_alive=keep_alive, date="now")


async def nothing():
    return
    yield b""


def test_date_is_the_machines_as_clients_sign_by_what_it_tells():
    clock = SystemClock()
    clock.advance(3600)
    told = parsedate_to_datetime(Dates(clock).now()).timestamp()
    assert abs(told - clock.machine_time()) < 60


def test_a_head_is_written_as_usual():
    text, framing, keep_alive = head(HttpResponse(404, [("x-amzn-RequestId", "1")], b"abc"))
    assert text == (
        b"HTTP/1.1 404 Not Found\r\nx-amzn-RequestId: 1\r\nDate: now\r\nContent-Length: 3\r\n\r\n"
    )
    assert (framing, keep_alive) == (Framing.LENGTH, True)


def test_name_beyond_latin_1_is_sent_as_utf_8_and_latin_1_as_it_came():
    assert b"x: \xe9\r\n" in head(HttpResponse(200, [("x", "\xe9")]))[0]
    assert b"x: \xe2\x82\xac\r\n" in head(HttpResponse(200, [("x", "€")]))[0]


@pytest.mark.parametrize(
    ("response", "method", "http_1_0", "framing", "keep_alive"),
    [
        (HttpResponse(200, [], b""), "GET", False, Framing.LENGTH, True),
        (HttpResponse(200, [], b"a"), "HEAD", False, Framing.NOTHING, True),
        (HttpResponse(204, [], b""), "GET", False, Framing.NOTHING, True),
        (HttpResponse(304, [("Content-Length", "5")], b""), "GET", False, Framing.NOTHING, True),
        (HttpResponse(200, [], nothing()), "GET", False, Framing.CHUNKED, True),
        (HttpResponse(200, [], nothing()), "GET", True, Framing.UNTIL_CLOSE, False),
        (HttpResponse(200, [("Content-Length", "5")], nothing()), "GET", True, Framing.LENGTH, True),
        (HttpResponse(200, [("Transfer-Encoding", "chunked")], b"a"), "GET", False, Framing.LENGTH, True),
        (HttpResponse(200, [("connection", "Close")], b"a"), "GET", False, Framing.LENGTH, False),
        (HttpResponse(200, [], FileBody(__file__, 0, 5)), "GET", False, Framing.LENGTH, True),
    ],
)
def test_an_answer_is_framed_as_its_client_understands(response, method, http_1_0, framing, keep_alive):
    text, found, kept = head(response, method, http_1_0=http_1_0)
    assert (found, kept) == (framing, keep_alive)
    assert (b"Connection: close\r\n" in text) is (not keep_alive)
    assert (b"Transfer-Encoding: chunked" in text) is (framing is Framing.CHUNKED)


@pytest.mark.parametrize("status", [0, 99, 100, 199, 1000, -200])
def test_status_that_is_no_final_answer_is_refused(status):
    with pytest.raises(InvalidResponse):
        head(HttpResponse(status))
