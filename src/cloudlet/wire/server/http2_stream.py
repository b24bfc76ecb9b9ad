"""HTTP/2: one stream, which runs the handler of one request and sends its answer as its windows allow.

It parses nothing; its connection feeds it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Final, Protocol

from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError

from cloudlet.core.http import ClientDisconnected, FileBody, HttpRequest, HttpResponse, RequestEntityTooLarge
from cloudlet.wire.server.answer import (
    BrokenBody,
    InvalidResponse,
    abandon,
    bodiless,
    content_length,
    lines,
    plain_text,
)
from cloudlet.wire.server.body import RequestRefused
from cloudlet.wire.server.writer import TruncatedFile, open_file, read_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from h2.connection import H2Connection

    from cloudlet.wire.server.body import StreamBody
    from cloudlet.wire.server.site import Site

logger = logging.getLogger(__name__)

_HOP_BY_HOP: Final = frozenset(
    {"connection", "content-length", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
)


class StreamOwner(Protocol):
    """The connection, as a stream sees it."""

    h2: H2Connection

    def flush(self) -> None:
        """Writes what h2 has made."""

    def served(self, stream: Stream) -> None:
        """A stream's answer is complete, or will never be."""

    @property
    def writable(self) -> bool:
        """Whether the client keeps up."""

    @property
    def lost(self) -> bool:
        """Whether there is nobody to answer any more."""


class Stream:
    """One request, the way its body comes and the way its answer goes."""

    def __init__(self, site: Site, connection: StreamOwner, stream_id: int, request: HttpRequest) -> None:
        self._site = site
        self._connection = connection
        self._opened: asyncio.Future[None] | None = None
        self.id = stream_id
        self.request = request
        request.is_abandoned = self._is_abandoned
        self.length: int | None = None
        self.pieces: list[bytes] = []
        self.received = 0
        self.acknowledged = 0
        """How much was acknowledged ahead of the reader's taking it."""
        self.body: StreamBody | None = None
        self.awaits_continue = False
        self.ended = False
        self.gone = False
        self.refusal: HttpResponse | None = None

    def _is_abandoned(self) -> bool:
        return self.gone or self._connection.lost

    # -- the connection's side

    def awaits_client(self) -> bool:
        """Whether nothing happens until the client sends something."""
        if self._opened is not None and not self._opened.done():
            return True
        return not self.ended and not self.awaits_continue and (self.body is None or self.body.buffered == 0)

    def wake(self) -> None:
        """A window has opened, or the stream is gone."""
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(None)

    def lose(self, error: ClientDisconnected) -> None:
        """The client has left this stream."""
        self.gone = True
        if self.body is not None:
            self.body.fail(error)
        elif not self.ended:
            self._connection.served(self)
        self.wake()

    def widen(self, count: int) -> None:
        """Lets the client send more at a time."""
        try:
            self._connection.h2.increment_flow_control_window(count, self.id)
        except (ProtocolError, KeyError):
            # The client has reset the stream in the same segment, so h2 knows it no more (and says KeyError).
            self.gone = True

    # -- the body's side

    def body_wanted(self) -> None:
        """The handler begins to read."""
        if self.awaits_continue and not self.gone:
            self.awaits_continue = False
            if not self.received:
                self._connection.h2.send_headers(self.id, [(":status", "100")])
                self._connection.flush()

    def body_taken(self, count: int) -> None:
        """The handler took a piece, so as much may follow."""
        ahead = min(count, self.acknowledged)
        self.acknowledged -= ahead
        if count > ahead and not self._connection.lost:
            self._connection.h2.acknowledge_received_data(count - ahead, self.id)
            self._connection.flush()

    # -- answering

    async def serve(self) -> None:
        """Runs the handler and sends its answer."""
        request = self.request
        code: ErrorCodes | None = None
        try:
            await self._answer()
        except (ClientDisconnected, ProtocolError):
            code = ErrorCodes.CANCEL
        except (BrokenBody, TruncatedFile) as error:
            logger.error("%s %s: %s", request.method, request.path, error)
            code = ErrorCodes.INTERNAL_ERROR
        except Exception:
            logger.exception("%s %s: the body failed", request.method, request.path)
            code = ErrorCodes.INTERNAL_ERROR
        if code is None and not self.ended:
            # A client that still sends is told that nobody reads it, which is no error (RFC 9113 8.1).
            code = ErrorCodes.NO_ERROR
        if self.body is not None:
            self.body.discard()
        if code is not None:
            self._reset(code)
        self._connection.served(self)

    def _reset(self, code: ErrorCodes) -> None:
        if self.gone or self._connection.lost:
            return
        self.gone = True
        try:
            self._connection.h2.reset_stream(self.id, code)
        except ProtocolError:
            return
        self._connection.flush()

    async def _answer(self) -> None:
        request = self.request
        file: int | None = None
        try:
            response = self.refusal or await self._site.handler(request)
            headers, length = self._head(response)
            if isinstance(response.body, FileBody) and not bodiless(request.method, response.status):
                file = open_file(response.body)
        except RequestEntityTooLarge as error:
            response = plain_text(413, str(error))
            headers, length = self._head(response)
        except RequestRefused:
            response = self.refusal or plain_text(400, "The request is malformed.")
            headers, length = self._head(response)
        except ClientDisconnected:
            raise
        except Exception:
            logger.exception("%s %s: the handler failed", request.method, request.path)
            response = plain_text(500, "Internal Server Error")
            headers, length = self._head(response)
        try:
            await self._send(headers, response, length, file)
        finally:
            if file is not None:
                os.close(file)

    async def _send(
        self, headers: list[tuple[str, str]], response: HttpResponse, length: int | None, file: int | None
    ) -> None:
        if self.gone or self._connection.lost:
            raise ClientDisconnected
        body = response.body
        if isinstance(body, bytes) or bodiless(self.request.method, response.status):
            content = (
                body
                if isinstance(body, bytes) and not bodiless(self.request.method, response.status)
                else b""
            )
            self._connection.h2.send_headers(self.id, headers, end_stream=not content)
            if content:
                await self._send_data(content, end=True)
            self._connection.flush()
            await abandon(body)
        elif isinstance(body, FileBody):
            assert file is not None
            await self._send_pieces(headers, read_file(body, file), length)
        else:
            await self._send_pieces(headers, body, length)

    def _head(self, response: HttpResponse) -> tuple[list[tuple[str, str]], int | None]:
        """The header list, and the size of the body if it is known."""
        if not 200 <= response.status <= 999:
            raise InvalidResponse(f"{response.status} is no status of a final answer.")
        lines(response.headers)
        headers = [(":status", str(response.status))]
        headers += [
            (name.lower(), value) for name, value in response.headers if name.lower() not in _HOP_BY_HOP
        ]
        if response.header("date") is None:
            headers.append(("date", self._site.dates.now()))
        nothing = bodiless(self.request.method, response.status)
        length = content_length(response, nothing)
        announced = response.header("content-length") is not None
        if length is not None and response.status != 204 and (not nothing or length or announced):
            headers.append(("content-length", str(length)))
        return headers, length

    async def _send_pieces(
        self, headers: list[tuple[str, str]], pieces: AsyncIterator[bytes], length: int | None
    ) -> None:
        left = length
        try:
            self._connection.h2.send_headers(self.id, headers)
            self._connection.flush()
            async for piece in pieces:
                if left is not None:
                    left -= len(piece)
                    if left < 0:
                        raise BrokenBody("The body is longer than its Content-Length.")
                if piece:
                    await self._send_data(piece, end=False)
        finally:
            await abandon(pieces)
        if left:
            raise BrokenBody(f"The body is {left} bytes shorter than its Content-Length.")
        if self.gone or self._connection.lost:
            raise ClientDisconnected
        self._connection.h2.end_stream(self.id)
        self._connection.flush()

    async def _send_data(self, content: bytes, *, end: bool) -> None:
        connection = self._connection
        view = memoryview(content)
        while view:
            if self.gone or connection.lost:
                raise ClientDisconnected
            window = min(
                connection.h2.local_flow_control_window(self.id), connection.h2.max_outbound_frame_size
            )
            if window <= 0 or not connection.writable:
                connection.flush()
                self._opened = asyncio.get_running_loop().create_future()
                await self._opened
                continue
            piece, view = bytes(view[:window]), view[window:]
            connection.h2.send_data(self.id, piece, end_stream=end and not view)
            connection.flush()
