"""HTTP/2: every stream is a request to the same handler, with flow control both ways.

The protocol itself is h2's; nothing here knows a frame's layout.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Final, cast

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
from hyperframe.frame import Frame, GoAwayFrame

from cloudlet.core.http import BytesBody, ClientDisconnected, Headers, HttpRequest, HttpResponse
from cloudlet.wire.server.answer import plain_text
from cloudlet.wire.server.body import RequestRefused, StreamBody
from cloudlet.wire.server.deadline import Deadline
from cloudlet.wire.server.http2_stream import Stream
from cloudlet.wire.server.writer import Writer
from cloudlet.wire.tls import client_certificate

if TYPE_CHECKING:
    from cloudlet.wire.server.site import Site

logger = logging.getLogger(__name__)

_TARGET: Final = re.compile(r"(?:/[!-~]*|\*)")
_FIRST_WINDOW: Final = 65_535
"""How much a client may send on a stream before it is told more (RFC 9113 6.9.2)."""
_CONNECTION_WINDOW: Final = 16
"""How many full stream buffers a whole connection may have on their way."""


class _Connection(h2.connection.H2Connection):
    """h2's connection, but for what a client's GOAWAY means: no more requests, not no more answers."""

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[h2.events.Event]]:
        event = h2.events.ConnectionTerminated()
        event.error_code = frame.error_code
        return [], [event]


class Http2(asyncio.Protocol):
    """One connection."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._limits = site.limits
        self._streams: dict[int, Stream] = {}
        self._last_stream_id = 0
        self._resets = 0
        self._closing = False
        self._deadline = Deadline(site.loop, self._expired)
        self.h2: h2.connection.H2Connection = _Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="latin-1")
        )

    # -- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection over and says what it allows."""
        limits = self._limits
        self._transport = cast("asyncio.Transport", transport)
        self._writer = Writer(self._transport, self._deadline, limits.buffer_bytes, limits.write_seconds)
        self._scheme = "http" if transport.get_extra_info("ssl_object") is None else "https"
        self._certificate = client_certificate(transport)
        peer = transport.get_extra_info("peername")
        self._client = (str(peer[0]), int(peer[1])) if isinstance(peer, tuple) else ("", 0)
        codes = h2.settings.SettingCodes
        self.h2.update_settings(
            {
                codes.MAX_CONCURRENT_STREAMS: limits.streams,
                codes.MAX_HEADER_LIST_SIZE: limits.header_bytes,
                codes.ENABLE_CONNECT_PROTOCOL: 0,
            }
        )
        self.h2.decoder.max_header_list_size = limits.header_bytes
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(limits.buffer_bytes * _CONNECTION_WINDOW)
        self._site.connections.add(self)
        self.flush()
        self._wait_for_client()

    def data_received(self, data: bytes) -> None:
        """Hands what has arrived to the streams."""
        try:
            events = self.h2.receive_data(data)
        except h2.exceptions.ProtocolError as error:
            logger.debug("HTTP/2 connection ended: %s", error)
            self.flush()
            self._transport.close()
            return
        for event in events:
            self._take(event)
        self.flush()
        self._wait_for_client()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone, and every stream with it."""
        self._deadline.cancel()
        self._writer.lost()
        for stream in tuple(self._streams.values()):
            stream.lose(ClientDisconnected())
        self._site.connections.remove(self)

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self._writer.pause()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writer.resume()
        for stream in tuple(self._streams.values()):
            stream.wake()
        self._wait_for_client()

    # -- the listener's side

    def shut(self) -> None:
        """Takes no further request; closes once those that run are answered."""
        if self._closing:
            return
        self._closing = True
        # h2 allows no answer after its own close_connection(), so this frame goes around it.
        goaway = GoAwayFrame(0, last_stream_id=self._last_stream_id)
        self.flush()
        self._transport.write(goaway.serialize())
        self._close_if_done()

    def abort(self) -> None:
        """Cuts the connection at once."""
        self._transport.abort()

    # -- the streams' side

    def flush(self) -> None:
        """Writes what h2 has made."""
        data = self.h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def served(self, stream: Stream) -> None:
        """A stream's answer is complete, or will never be."""
        self._streams.pop(stream.id, None)
        self._close_if_done()
        self._wait_for_client()

    @property
    def writable(self) -> bool:
        """Whether the client keeps up."""
        return not self._writer.paused

    @property
    def lost(self) -> bool:
        """Whether there is nobody to answer any more."""
        return self._transport.is_closing()

    # -- events

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=stream_id, headers=headers):
                self._begin(stream_id, [(str(name), str(value)) for name, value in headers])
            case h2.events.DataReceived():
                self._take_data(event)
            case h2.events.StreamEnded(stream_id=stream_id):
                self._end(stream_id)
            case h2.events.StreamReset(stream_id=stream_id):
                self._count_reset()
                if stream_id in self._streams:
                    self._streams[stream_id].lose(ClientDisconnected())
            case h2.events.WindowUpdated(stream_id=stream_id):
                self._wake(stream_id)
            case h2.events.RemoteSettingsChanged():
                self._wake(0)
            case h2.events.ConnectionTerminated(error_code=h2.errors.ErrorCodes.NO_ERROR):
                # AWS's SDK for Node says so as soon as an event stream begins, and reads on.
                self._closing = True
                self._close_if_done()
            case h2.events.ConnectionTerminated():
                self._transport.close()

    def _begin(self, stream_id: int, headers: Headers) -> None:
        if self._closing:
            # The GOAWAY has told the client that this one is not taken.
            return
        self._last_stream_id = stream_id
        request, refusal = self._request(headers)
        self._streams[stream_id] = stream = Stream(self._site, self, stream_id, request)
        stream.refusal = refusal
        length = request.header("content-length")
        stream.length = int(length) if length and length.isdigit() else None
        expect = request.header("expect")
        stream.awaits_continue = expect is not None and expect.lower() == "100-continue"
        if refusal is None and (stream.length or 0) > self._limits.body_bytes:
            stream.refusal = plain_text(413, "The request body is too large.")
        if stream.refusal is not None:
            self._run(stream)
        elif stream.awaits_continue or (stream.length or 0) > self._limits.inline_body_bytes:
            self._stream(stream)

    def _request(self, headers: Headers) -> tuple[HttpRequest, HttpResponse | None]:
        pseudo = {name: value for name, value in headers if name[:1] == ":"}
        plain = [header for header in headers if header[0][:1] != ":"]
        authority = pseudo.get(":authority")
        if authority is not None and all(name != "host" for name, _ in plain):
            plain.insert(0, ("host", authority))
        target = pseudo.get(":path", "")
        path, _, query = target.partition("?")
        request = HttpRequest(
            method=pseudo[":method"],
            path=path,
            query=query,
            headers=plain,
            scheme=self._scheme,
            version="2",
            client=self._client,
            origin=self._site.origin,
            client_certificate=self._certificate,
        )
        if len(target) > self._limits.request_line_bytes:
            return request, plain_text(414, "The request target is too long.")
        if len(plain) > self._limits.header_count:
            return request, plain_text(431, "The request's headers are too many.")
        if request.method == "CONNECT" or "#" in target or not _TARGET.fullmatch(target):
            return request, plain_text(400, "The request target is malformed.")
        return request, None

    def _take_data(self, event: h2.events.DataReceived) -> None:
        data = event.data or b""
        length = event.flow_controlled_length or 0
        stream = self._streams.get(event.stream_id)
        if stream is None or stream.body is None or stream.refusal is not None:
            self.h2.acknowledge_received_data(length, event.stream_id)
        elif length > len(data):
            self.h2.acknowledge_received_data(length - len(data), event.stream_id)
        if stream is None or stream.refusal is not None:
            return
        stream.received += len(data)
        if stream.received > self._limits.body_bytes:
            self._refuse(stream, plain_text(413, "The request body is too large."))
        elif stream.body is not None:
            stream.body.feed(data)
        else:
            stream.pieces.append(data)
            if stream.received > self._limits.inline_body_bytes:
                self._stream(stream)

    def _end(self, stream_id: int) -> None:
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        stream.ended = True
        if stream.body is not None:
            stream.body.end()
        elif stream.refusal is None:
            stream.request.body = BytesBody(b"".join(stream.pieces))
            self._run(stream)

    def _stream(self, stream: Stream) -> None:
        """Lets the handler have the body while it arrives."""
        stream.request.body = stream.body = StreamBody(stream, stream.length)
        # What came before the handler was wanted has been acknowledged, so it is not counted again.
        stream.acknowledged = stream.received
        for piece in stream.pieces:
            stream.body.feed(piece)
        stream.pieces.clear()
        # Not by a larger INITIAL_WINDOW_SIZE: curl 7.88 goes on only when the stream's own window is moved.
        if self._limits.buffer_bytes > _FIRST_WINDOW and not stream.ended:
            stream.widen(self._limits.buffer_bytes - _FIRST_WINDOW)
        self._run(stream)

    def _refuse(self, stream: Stream, response: HttpResponse) -> None:
        stream.refusal = response
        if stream.body is not None:
            stream.body.fail(RequestRefused())
        else:
            self._run(stream)

    def _count_reset(self) -> None:
        self._resets += 1
        if self._resets > self._limits.stream_resets:
            self.h2.close_connection(h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
            self.flush()
            self._transport.close()

    def _wake(self, stream_id: int) -> None:
        if stream_id == 0:
            for stream in tuple(self._streams.values()):
                stream.wake()
        elif stream_id in self._streams:
            self._streams[stream_id].wake()

    def _run(self, stream: Stream) -> None:
        self._site.eager.start(stream.serve())

    def _close_if_done(self) -> None:
        if self._closing and not self._streams:
            self._deadline.set(self._limits.write_seconds)
            self._transport.close()

    def _wait_for_client(self) -> None:
        """Sets the time limit that fits what is awaited of the client, if anything is."""
        if self._writer.paused or self._transport.is_closing():
            return
        if not self._streams:
            self._deadline.set(self._limits.idle_seconds)
        elif any(stream.awaits_client() for stream in self._streams.values()):
            self._deadline.set(self._limits.body_seconds)
        else:
            self._deadline.clear()

    def _expired(self) -> None:
        if self._writer.paused and self._writer.progressed():
            self._deadline.set(self._limits.write_seconds)
        elif self._streams or self._writer.paused or self._transport.is_closing():
            self._transport.abort()
        else:
            self.shut()
