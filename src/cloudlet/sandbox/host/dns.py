"""The resolver of every sandbox: the cloud's names are this machine's loopback, all others do not exist."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Final, cast

from dnslib import QTYPE, RCODE, RR, A, DNSError, DNSRecord

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_SECONDS_TO_LIVE: Final = 60


def answer(query: bytes, hosts: Callable[[str], bool]) -> bytes | None:
    """The answer to one query; None for what is no query."""
    try:
        request = DNSRecord.parse(query)
    except (DNSError, ValueError, IndexError, struct.error):
        return None
    if request.header.qr or not request.questions:
        return None
    reply = request.reply()
    name = str(request.q.qname).rstrip(".").lower()
    if request.header.opcode:
        reply.header.rcode = RCODE.NOTIMP
    elif name != "localhost" and not hosts(name):
        reply.header.rcode = RCODE.NXDOMAIN
    elif request.q.qtype in (QTYPE.A, QTYPE.ANY):
        reply.add_answer(RR(request.q.qname, QTYPE.A, ttl=_SECONDS_TO_LIVE, rdata=A("127.0.0.1")))
    return bytes(reply.pack())


class UdpResponder(asyncio.DatagramProtocol):
    """Answers datagrams."""

    def __init__(self, hosts: Callable[[str], bool]) -> None:
        self._hosts = hosts
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the socket to answer on."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answers one query."""
        if self._transport is not None and (reply := answer(data, self._hosts)) is not None:
            self._transport.sendto(reply, addr)


class TcpResponder(asyncio.Protocol):
    """Answers queries that come with their length before them (RFC 1035 4.2.2)."""

    def __init__(self, hosts: Callable[[str], bool]) -> None:
        self._hosts = hosts
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the connection to answer on."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answers all queries that are complete."""
        if self._transport is None:
            return
        self._buffer += data
        while len(self._buffer) >= 2:
            length = int.from_bytes(self._buffer[:2], "big")
            if len(self._buffer) < 2 + length:
                return
            reply = answer(self._buffer[2 : 2 + length], self._hosts)
            self._buffer = self._buffer[2 + length :]
            if reply is None:
                self._transport.close()
                return
            self._transport.write(len(reply).to_bytes(2, "big") + reply)


class Resolver:
    """Both responders on one sandbox's sockets."""

    def __init__(self, transport: asyncio.BaseTransport, server: asyncio.AbstractServer) -> None:
        self._transport = transport
        self._server = server

    def close(self) -> None:
        """Stops answering."""
        self._transport.close()
        self._server.close()


async def serve(udp: socket.socket, tcp: socket.socket, hosts: Callable[[str], bool]) -> Resolver:
    """Answers on sockets that were made inside a sandbox."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: UdpResponder(hosts), sock=udp)
    server = await loop.create_server(lambda: TcpResponder(hosts), sock=tcp)
    return Resolver(transport, server)
