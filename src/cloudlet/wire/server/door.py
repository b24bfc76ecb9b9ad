"""The first bytes of a connection decide which HTTP it speaks.

It answers nothing itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from cloudlet.wire.server.deadline import Deadline
from cloudlet.wire.server.http1 import Http1

if TYPE_CHECKING:
    from cloudlet.wire.server.http2 import Http2
    from cloudlet.wire.server.site import Site

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Door(asyncio.Protocol):
    """A connection that has not yet shown what it speaks."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._received = b""
        self._deadline = Deadline(site.loop, self.abort)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """By ALPN the protocol is known before the first byte."""
        self._transport = cast("asyncio.Transport", transport)
        self._site.connections.add(self)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() == "h2":
            self._enter(_http2(self._site))
        else:
            self._deadline.set(self._site.limits.idle_seconds)

    def data_received(self, data: bytes) -> None:
        """By prior knowledge the first line says HTTP/2 (RFC 9113 3.3)."""
        self._received += data
        if self._received.startswith(PREFACE):
            self._enter(_http2(self._site))
        elif not PREFACE.startswith(self._received):
            self._enter(Http1(self._site))

    def connection_lost(self, error: Exception | None) -> None:
        """The client left without a word."""
        self._deadline.cancel()
        self._site.connections.remove(self)

    def shut(self) -> None:
        """Closes: nothing has been asked yet."""
        self._transport.close()

    def abort(self) -> None:
        """Cuts the connection at once."""
        self._transport.abort()

    def _enter(self, protocol: Http1 | Http2) -> None:
        self._deadline.cancel()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        self._site.connections.remove(self)
        if self._received:
            protocol.data_received(self._received)


def _http2(site: Site) -> Http2:
    from cloudlet.wire.server.http2 import Http2  # noqa: PLC0415 (start time: few clients ever speak HTTP/2)

    return Http2(site)
