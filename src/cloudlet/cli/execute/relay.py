"""The process that stays outside: it answers DNS, and carries bytes between the listeners and the cloud.

It ends with the program. It looks into nothing but what a proxy is asked; TLS is between program and cloud.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from typing import Final, NoReturn

from msgspec import Struct

from cloudlet.cli.execute.names import is_aws
from cloudlet.cli.execute.proxy import Proxy, Routes, carry, connect
from cloudlet.cli.problem import Problem
from cloudlet.sandbox.host import dns

_READY: Final = b"\x06"
_DESCRIPTORS: Final = 64
_POLL_SECONDS: Final = 0.5


class Listeners(Struct, frozen=True):
    """The sockets on which programs find what they look for; DNS and the cloud's ports only inside."""

    proxy: socket.socket
    dns_udp: socket.socket | None = None
    dns_tcp: socket.socket | None = None
    cloud: tuple[socket.socket, ...] = ()

    @classmethod
    def on_host(cls) -> Listeners:
        """A proxy alone, on a free port of this machine."""
        return cls(socket.create_server(("127.0.0.1", 0)))

    @classmethod
    def received(cls, descriptors: list[int]) -> Listeners:
        """What another process has handed over."""
        proxy, *others = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        if not others:
            return cls(proxy)
        dns_udp, dns_tcp, *cloud = others
        return cls(proxy, dns_udp, dns_tcp, tuple(cloud))

    @property
    def proxy_port(self) -> int:
        """Where the proxy listens."""
        port: int = self.proxy.getsockname()[1]
        return port

    def all(self) -> list[socket.socket]:
        """Every socket, in the order in which they are handed over."""
        names = [self.dns_udp, self.dns_tcp]
        return [self.proxy, *(each for each in names if each is not None), *self.cloud]


class Outside:
    """The relay as the other process sees it."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def hand_over(self, listeners: Listeners) -> None:
        """Gives the listeners away and waits until they are served. Raises Problem."""
        sockets = listeners.all()
        socket.send_fds(self._channel, [b"L"], [each.fileno() for each in sockets])
        for each in sockets:
            each.close()
        if self._channel.recv(1) != _READY:
            raise Problem("The relay to the cloud did not start; it said why above.")
        self._channel.close()


def start(routes: Routes) -> Outside:
    """Starts the relay as a process that nobody waits for, outside the terminal's group of processes."""
    ours, theirs = socket.socketpair()
    watched = os.getpid()
    between = os.fork()
    if not between:
        ours.close()
        os.setsid()
        if os.fork():
            os._exit(0)
        _live(theirs, routes, watched)
    theirs.close()
    os.waitpid(between, 0)
    return Outside(ours)


def _live(channel: socket.socket, routes: Routes, watched: int) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        _, descriptors, _, _ = socket.recv_fds(channel, 1, _DESCRIPTORS)
        if descriptors:
            asyncio.run(_serve(channel, Listeners.received(descriptors), routes, watched))
        status = 0
    except OSError as error:
        print(f"cloudlet: the relay to the cloud failed: {error}", file=sys.stderr)
    finally:
        os._exit(status)


async def _serve(channel: socket.socket, listeners: Listeners, routes: Routes, watched: int) -> None:
    proxy = Proxy(routes)
    await asyncio.start_server(proxy.serve, sock=listeners.proxy, limit=proxy.HEAD_BYTES)
    if listeners.dns_udp is not None and listeners.dns_tcp is not None:
        await dns.serve(listeners.dns_udp, listeners.dns_tcp, is_aws)

    async def to_cloud(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other = await connect(routes.cloud)
        except OSError:
            writer.close()  # the cloud has ended: the program sees what it would see of a server that is gone
            return
        with contextlib.suppress(
            asyncio.CancelledError
        ):  # the end of the relay, of which streams would complain
            await carry((reader, writer), other)

    for listener in listeners.cloud:
        await asyncio.start_server(to_cloud, sock=listener)
    channel.send(_READY)
    channel.close()
    await _end_of(watched)


async def _end_of(watched: int) -> None:
    """Returns when a process has ended."""
    if sys.platform != "linux":
        while _lives(watched):
            await asyncio.sleep(_POLL_SECONDS)
        return
    try:
        descriptor = os.pidfd_open(watched)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(descriptor, ended.set)
    await ended.wait()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
