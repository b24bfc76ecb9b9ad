"""HTTP/1.1 and 1.0: the receiving half. Requests are parsed as they come and answered one after the other.

Every request that cannot be understood is answered and its connection closed; none is dropped in silence.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, cast

import httptools

from cloudlet.core.http import BytesBody, ClientDisconnected, Headers, HttpRequest
from cloudlet.wire.server.answer import plain_text
from cloudlet.wire.server.body import RequestRefused, StreamBody
from cloudlet.wire.server.deadline import Deadline
from cloudlet.wire.server.http1_exchange import Exchange, ExchangeRunner
from cloudlet.wire.server.http1_head import (
    Lines,
    Refusal,
    check_coding,
    check_host,
    decode,
    expects_continue,
    origin_form,
    size_bytes,
)
from cloudlet.wire.server.writer import Writer
from cloudlet.wire.tls import client_certificate

if TYPE_CHECKING:
    from cloudlet.wire.server.site import Site

_LINGER_BYTES: Final = 16 * 1024 * 1024
_NO_BODY: Final = BytesBody(b"")


class SecondHead:
    """Parser callbacks that pass over the first head, which has been taken in already."""

    def __init__(self, connection: Http1) -> None:
        self._connection = connection
        self._passed = False
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete

    def on_message_begin(self) -> None:
        """A request line begins."""
        if self._passed:
            self._connection.on_message_begin()

    def on_url(self, part: bytes) -> None:
        """A piece of the request target."""
        if self._passed:
            self._connection.on_url(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line."""
        if self._passed:
            self._connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete."""
        if self._passed:
            self._connection.on_headers_complete()
        self._passed = True


class Http1(asyncio.Protocol):
    """One connection."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._limits = site.limits
        self._parser = httptools.HttpRequestParser(self)
        self._deadline = Deadline(site.loop, self._expired)
        self._queue: deque[Exchange] = deque()
        self._exchange: Exchange | None = None
        self._target = b""
        self._lines: Lines = []
        self._silent_bytes = 0
        """What has come since the last thing that was complete: part of a head, or of trailers."""
        self._head_bytes = 0
        """What has come since no request was under way: no head can be larger."""
        self._silence_limit = site.limits.request_line_bytes + site.limits.header_bytes
        self._deaf_bytes = -1
        """What has been thrown away unread once nothing more is taken in; -1 until then."""
        self._reading = True
        self._ended = False
        self._finished = False

    # -- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection over."""
        limits = self._limits
        self._transport = cast("asyncio.Transport", transport)
        self._writer = Writer(self._transport, self._deadline, limits.buffer_bytes, limits.write_seconds)
        self._runner = ExchangeRunner(self._site, self, self._writer)
        self._scheme = "http" if transport.get_extra_info("ssl_object") is None else "https"
        self._certificate = client_certificate(transport)
        peer = transport.get_extra_info("peername")
        self._client = (str(peer[0]), int(peer[1])) if isinstance(peer, tuple) else ("", 0)
        self._deadline.set(limits.idle_seconds)
        self._site.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Parses what has arrived and runs what is complete."""
        if self._deaf_bytes >= 0:
            self._deaf_bytes += len(data)
            if self._deaf_bytes > _LINGER_BYTES:
                self._transport.abort()
            return
        self._silent_bytes += len(data)
        self._head_bytes += len(data)
        self._parse(data)
        if self._silent_bytes > self._silence_limit:
            self._refuse(431, "The request's headers are too large.")
        if self._exchange is None:
            self._head_bytes = 0
        self.advance()

    def eof_received(self) -> bool:
        """The client sends no more; what it has sent is still answered."""
        self._ended = True
        self._deaf_bytes = max(self._deaf_bytes, 0)
        if self._exchange is not None:
            self._lose_body(ClientDisconnected())
        return self._scheme == "http" and (self._runner.busy or bool(self._queue))

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._deadline.cancel()
        self._queue.clear()
        self._lose_body(ClientDisconnected())
        self._writer.lost()
        self._site.connections.remove(self)

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self._writer.pause()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writer.resume()
        if self._finished:
            self._deadline.set(self._limits.linger_seconds)
            return
        if self._exchange is not None:
            self._exchange.timed = False
        if not self._runner.busy and self._queue:
            self._site.loop.call_soon(self.advance)
        else:
            self._wait_for_client()

    # -- the listener's side

    def shut(self) -> None:
        """Takes no further request; closes once the running one is answered."""
        self._runner.close_after_answer = True
        if not self._runner.busy and not self._queue:
            self._transport.close()

    def abort(self) -> None:
        """Cuts the connection at once."""
        self._transport.abort()

    # -- the runner's and the body's side

    def advance(self) -> None:
        """Runs the next request, if its turn has come, and sees to it that reading and time limits fit."""
        if self._finished or self._transport.is_closing():
            return
        self._runner.run(self._queue)
        if self._deaf_bytes >= 0 and not self._runner.busy and not self._queue:
            self.finish(linger=not self._ended)
        self._update_reading()
        self._wait_for_client()

    def body_wanted(self) -> None:
        """The handler begins to read the running request's body."""
        self._runner.send_continue()

    def body_taken(self, count: int) -> None:
        """The handler took a piece of the body."""
        self._update_reading()

    def finish(self, *, linger: bool) -> None:
        """Closes after the last answer; a client that may still be sending is given time to read it."""
        if self._finished:
            return
        self._finished = True
        self._queue.clear()
        if not linger:
            self._deadline.set(self._limits.write_seconds)
            self._transport.close()
            return
        self._deaf_bytes = max(self._deaf_bytes, 0)
        self._update_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        # A client that is still reading the answer has the time that any answer has.
        if not self._writer.paused:
            self._deadline.set(self._limits.linger_seconds)

    # -- the parser's callbacks

    def on_message_begin(self) -> None:
        """A request line begins."""
        self._silent_bytes = 0
        self._target = b""
        self._lines = []
        self._exchange = Exchange()

    def on_url(self, part: bytes) -> None:
        """A piece of the request target."""
        self._target += part
        if len(self._target) > self._limits.request_line_bytes:
            raise Refusal(414, "The request target is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line, or a line of the trailers."""
        self._lines.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is complete: the body is waited for, or streamed to the handler."""
        exchange = self._exchange
        assert exchange is not None
        self._silent_bytes = 0
        parser = self._parser
        version = parser.get_http_version()
        exchange.request = request = self._request(parser.get_method().decode("ascii"), version)
        exchange.keep_alive = parser.should_keep_alive()
        exchange.http_1_0 = version == "1.0"
        length = request.header("content-length")
        coding = request.header("transfer-encoding")
        if length is None and coding is None:
            return
        exchange.head_again = parser.should_upgrade() and length != "0"
        check_coding(coding, version)
        exchange.length = None if length is None else int(length)
        exchange.awaits_continue = expects_continue(request)
        if exchange.length is not None and exchange.length > self._limits.body_bytes:
            raise Refusal(413, "The request body is too large.")
        slow = self._site.patient and exchange.length is None
        if slow or exchange.awaits_continue or (exchange.length or 0) > self._limits.inline_body_bytes:
            self._stream(exchange)

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        exchange = self._exchange
        assert exchange is not None
        self._silent_bytes = 0
        exchange.received += len(piece)
        if exchange.received > self._limits.body_bytes:
            raise Refusal(413, "The request body is too large.")
        if exchange.body is not None:
            exchange.body.feed(piece)
            return
        exchange.pieces.append(piece)
        if exchange.received > self._limits.inline_body_bytes:
            self._stream(exchange)

    def on_message_complete(self) -> None:
        """The request is whole."""
        exchange = self._exchange
        assert exchange is not None
        if exchange.head_again:
            return
        trailers = self._take_headers() if self._lines else []
        self._exchange = None
        self._silent_bytes = 0
        if exchange.body is not None:
            exchange.request.trailers = trailers
            exchange.body.end()
            return
        pieces = exchange.pieces
        if pieces:
            exchange.request.body = BytesBody(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._queue.append(exchange)

    # -- parsing

    def _parse(self, data: bytes) -> None:
        rest: bytes | memoryview = data
        while rest:
            try:
                self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                # An offer of another protocol is not taken up, so what follows is HTTP/1.1 still.
                rest = memoryview(rest)[upgrade.args[0] :]
                self._pass_over_offer()
            except httptools.HttpParserCallbackError as error:
                cause = error.__context__
                if not isinstance(cause, Refusal):
                    raise
                self._refuse(cause.status, cause.message)
                return
            except httptools.HttpParserError as error:
                if self._closes_by_itself():
                    # What follows the last request of a connection is no request.
                    self._deaf_bytes = len(rest)
                else:
                    self._refuse(400, f"The request is malformed: {error}.")
                return
            else:
                return

    def _pass_over_offer(self) -> None:
        """Makes a parser for what follows a head that offers another protocol."""
        exchange = self._exchange
        if exchange is None:
            self._parser = httptools.HttpRequestParser(self)
            return
        # llhttp takes the body for the other protocol's; a head without the offer brings it back.
        exchange.head_again = False
        self._parser = httptools.HttpRequestParser(SecondHead(self))
        length = exchange.length
        framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        self._parser.feed_data(f"POST / HTTP/1.1\r\n{framing}\r\n\r\n".encode())

    def _closes_by_itself(self) -> bool:
        if self._exchange is not None:
            return False
        last = self._queue[-1] if self._queue else self._runner.exchange
        return last is not None and not last.keep_alive

    def _request(self, method: str, version: str) -> HttpRequest:
        if version not in ("1.1", "1.0"):
            raise Refusal(505, f"HTTP/{version} is not spoken here.")
        target, headers = self._target.decode("ascii"), self._take_headers()
        if method == "CONNECT" or "#" in target:
            raise Refusal(400, "This is no proxy, and no place for fragments.")
        if target[:1] != "/" and target != "*":
            target, headers = origin_form(target, headers)
        path, _, query = target.partition("?")
        request = HttpRequest(method, path, query, headers, _NO_BODY, self._scheme, version, self._client)
        request.origin = self._site.origin
        request.is_abandoned = self._is_abandoned
        request.client_certificate = self._certificate
        check_host(request)
        if self._parser.should_upgrade() and "websocket" in (request.header("upgrade") or "").lower():
            raise Refusal(501, "WebSocket is not spoken here.")
        return request

    def _is_abandoned(self) -> bool:
        # Who sends no more could still read; but clients of HTTP that do that are gone.
        return self._ended or self._transport.is_closing()

    def _take_headers(self) -> Headers:
        """The header lines so far; what follows them will be trailers."""
        raw, self._lines = self._lines, []
        limits = self._limits
        # Only what has come in several segments, or in a large one, can be too large and is worth counting.
        large = self._head_bytes > limits.header_bytes
        if len(raw) > limits.header_count or (large and size_bytes(raw) > limits.header_bytes):
            raise Refusal(431, "The request's headers are too large or too many.")
        return decode(raw)

    def _stream(self, exchange: Exchange) -> None:
        """Lets the handler have the body while it arrives."""
        exchange.body = body = StreamBody(self, exchange.length)
        exchange.request.body = body
        for piece in exchange.pieces:
            body.feed(piece)
        exchange.pieces.clear()
        self._queue.append(exchange)

    # -- refusing, waiting

    def _refuse(self, status: int, message: str) -> None:
        """Answers the request that is being parsed, in its turn, and closes the connection."""
        if self._deaf_bytes >= 0:
            return
        self._deaf_bytes = 0
        exchange = self._exchange
        self._exchange = None
        if exchange is None or exchange.body is None:
            exchange = exchange or Exchange()
            self._queue.append(exchange)
        else:
            exchange.body.fail(RequestRefused(message))
        exchange.refusal = plain_text(status, message)
        exchange.keep_alive = False

    def _lose_body(self, error: ClientDisconnected) -> None:
        for exchange in (self._exchange, self._runner.exchange, *self._queue):
            if exchange is not None and exchange.body is not None:
                exchange.body.fail(error)

    def _update_reading(self) -> None:
        """Reads on unless a body's buffer is full or requests wait for their turn."""
        if self._transport.is_closing():
            return
        body = self._exchange.body if self._exchange is not None else None
        full = body is not None and body.buffered > self._limits.buffer_bytes
        reading = self._deaf_bytes >= 0 or not (full or (self._queue and body is None))
        if reading != self._reading:
            self._reading = reading
            if reading:
                self._transport.resume_reading()
                self._wait_for_client()
            else:
                self._transport.pause_reading()

    def _wait_for_client(self) -> None:
        """Sets the time limit that fits what is awaited of the client, if anything is."""
        if self._writer.paused or self._deaf_bytes >= 0:
            return
        exchange = self._exchange
        if exchange is None:
            if not self._runner.busy:
                self._deadline.set(self._limits.idle_seconds)
            else:
                self._deadline.clear()
        elif exchange.request is Exchange.request_to_come:
            if not exchange.timed:
                exchange.timed = True
                self._deadline.set(self._limits.header_seconds)
        elif self._reading and not exchange.awaits_continue and not self._site.patient:
            self._deadline.set(self._limits.body_seconds)
        else:
            self._deadline.clear()

    def _expired(self) -> None:
        if self._writer.paused and self._writer.progressed():
            self._deadline.set(self._limits.write_seconds)
        elif self._deaf_bytes >= 0 or self._writer.paused or self._transport.is_closing():
            self._transport.abort()
        elif self._exchange is None:
            self._transport.close()
        else:
            self._refuse(408, "The rest of the request did not arrive in time.")
            self.advance()
