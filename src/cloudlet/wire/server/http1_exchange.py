"""HTTP/1.1 and 1.0: the sending half. It runs the handler of one request at a time and writes its answer.

It parses nothing.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, ClassVar, Protocol

from cloudlet.core.http import ClientDisconnected, FileBody, HttpRequest, HttpResponse, RequestEntityTooLarge
from cloudlet.wire.server.answer import BrokenBody, Framing, abandon, encode_head, plain_text
from cloudlet.wire.server.body import RequestRefused
from cloudlet.wire.server.writer import TruncatedFile, open_file

if TYPE_CHECKING:
    from collections import deque

    from cloudlet.wire.server.body import StreamBody
    from cloudlet.wire.server.site import Site
    from cloudlet.wire.server.writer import Writer

logger = logging.getLogger(__name__)

_JOIN_BYTES = 64 * 1024


class Exchange:
    """One request and its place in the order of answers."""

    __slots__ = (
        "awaits_continue",
        "body",
        "head_again",
        "http_1_0",
        "keep_alive",
        "length",
        "pieces",
        "received",
        "refusal",
        "request",
        "timed",
    )

    request_to_come: ClassVar[HttpRequest] = HttpRequest("", "")

    def __init__(self) -> None:
        self.request = Exchange.request_to_come
        self.pieces: list[bytes] = []
        self.received = 0
        self.length: int | None = None
        self.body: StreamBody | None = None
        self.awaits_continue = False
        self.head_again = False
        """Whether the parser has to be shown a head without its offer of another protocol."""
        self.keep_alive = True
        self.http_1_0 = False
        self.timed = False
        self.refusal: HttpResponse | None = None
        """The server's own answer to a request that breaks the rules."""


class Owner(Protocol):
    """The receiving half, as this half sees it."""

    def advance(self) -> None:
        """An answer has been given: the next request's turn."""

    def finish(self, *, linger: bool) -> None:
        """The last answer has been given."""


class ExchangeRunner:
    """Answers requests in their order."""

    def __init__(self, site: Site, owner: Owner, writer: Writer) -> None:
        self._site = site
        self._owner = owner
        self._writer = writer
        self._running = False
        self._head_sent = False
        self.exchange: Exchange | None = None
        """The request that runs, or ran last."""
        self.busy = False
        self.close_after_answer = False

    def run(self, queue: deque[Exchange]) -> None:
        """Runs what waits, until one of them has to wait itself or the client does not keep up."""
        if self._running:
            return
        self._running = True
        start = self._site.eager.start
        while queue and not self.busy and not self._writer.paused:
            self.busy = True
            self.exchange = exchange = queue.popleft()
            start(self._serve(exchange))
        self._running = False

    def send_continue(self) -> None:
        """Tells the client of the running request to send its body, if it waits for that."""
        exchange = self.exchange
        if exchange is not None and exchange.awaits_continue and not self._head_sent:
            exchange.awaits_continue = False
            if not exchange.received:
                self._writer.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._owner.advance()

    async def _serve(self, exchange: Exchange) -> None:
        self._head_sent = False
        keep_alive = False
        try:
            keep_alive = await self._answer(exchange)
        except ClientDisconnected:
            self._writer.transport.abort()
        except (BrokenBody, TruncatedFile) as error:
            logger.error("%s %s: %s", exchange.request.method, exchange.request.path, error)
            self._writer.transport.abort()
        except Exception:
            logger.exception("%s %s: the body failed", exchange.request.method, exchange.request.path)
            self._writer.transport.abort()
        self.busy = False
        if self._writer.transport.is_closing():
            return
        if not keep_alive:
            body_left = exchange.body is not None and not exchange.body.ended
            self._owner.finish(linger=body_left or exchange.refusal is not None)
        elif not self._running:
            self._site.loop.call_soon(self._owner.advance)

    async def _answer(self, exchange: Exchange) -> bool:
        """Gets the handler's answer, or makes one, and sends it; whether the connection can go on."""
        try:
            response = exchange.refusal or await self._site.handler(exchange.request)
            head, framing, keep_alive = self._head(exchange, response)
        except RequestEntityTooLarge as error:
            response = plain_text(413, str(error))
            head, framing, keep_alive = self._head(exchange, response)
        except RequestRefused:
            response = exchange.refusal or plain_text(400, "The request is malformed.")
            head, framing, keep_alive = self._head(exchange, response)
        except ClientDisconnected:
            raise
        except Exception:
            logger.exception("%s %s: the handler failed", exchange.request.method, exchange.request.path)
            response = plain_text(500, "Internal Server Error")
            head, framing, keep_alive = self._head(exchange, response)
        self._head_sent = True
        body = response.body
        if type(body) is bytes:
            self._write(head, b"" if framing is Framing.NOTHING else body)
        elif framing is Framing.NOTHING:
            self._write(head, b"")
            await abandon(body)
        elif isinstance(body, FileBody):
            keep_alive = await self._send_file(exchange, head, body) and keep_alive
        else:
            await self._send_pieces(head, framing, response)
            if exchange.body is not None:
                keep_alive = self._leave_body(exchange, exchange.body) and keep_alive
        return keep_alive

    def _head(self, exchange: Exchange, response: HttpResponse) -> tuple[bytes, Framing, bool]:
        keep_alive = exchange.keep_alive and not self.close_after_answer
        if exchange.body is not None:
            if isinstance(response.body, bytes | FileBody):
                keep_alive = self._leave_body(exchange, exchange.body) and keep_alive
            else:
                # The answer may be made of the request while both are on their way.
                self.send_continue()
        return encode_head(
            response,
            method=exchange.request.method,
            http_1_0=exchange.http_1_0,
            keep_alive=keep_alive,
            date=self._site.dates.now(),
        )

    def _leave_body(self, exchange: Exchange, body: StreamBody) -> bool:
        """Throws away what the handler did not read; whether that is little enough to go on afterwards."""
        if body.ended:
            return True
        left = None if exchange.length is None else exchange.length - exchange.received
        body.discard()
        small = left is not None and left <= self._site.limits.unread_body_bytes
        return small and not exchange.awaits_continue

    def _write(self, head: bytes, body: bytes) -> None:
        transport = self._writer.transport
        if len(body) < _JOIN_BYTES:
            transport.write(head + body)
        else:
            transport.write(head)
            transport.write(body)

    async def _send_file(self, exchange: Exchange, head: bytes, body: FileBody) -> bool:
        try:
            file = open_file(body)
        except OSError:
            logger.exception("%s %s: the file of the answer", exchange.request.method, exchange.request.path)
            response = plain_text(500, "Internal Server Error")
            head, _, keep_alive = self._head(exchange, response)
            assert isinstance(response.body, bytes)
            self._write(head, response.body)
            return keep_alive
        try:
            await self._writer.send_file(head, body, file)
        finally:
            os.close(file)
        return True

    async def _send_pieces(self, head: bytes, framing: Framing, response: HttpResponse) -> None:
        pieces = response.body
        assert not isinstance(pieces, bytes | FileBody)
        left = int(response.header("content-length") or 0) if framing is Framing.LENGTH else None
        try:
            await self._writer.send(head)
            async for piece in pieces:
                if not piece:
                    continue
                if framing is Framing.CHUNKED:
                    await self._writer.send(b"%x\r\n%b\r\n" % (len(piece), piece))
                    continue
                if left is not None:
                    left -= len(piece)
                    if left < 0:
                        raise BrokenBody("The body is longer than its Content-Length.")
                await self._writer.send(piece)
        finally:
            await abandon(pieces)
        if left:
            raise BrokenBody(f"The body is {left} bytes shorter than its Content-Length.")
        if framing is Framing.CHUNKED:
            self._writer.transport.write(b"0\r\n\r\n")
