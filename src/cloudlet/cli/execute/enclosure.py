"""Namespaces in which AWS's names lead to listeners of ours: for network, mounts and, for a user, ids.

The process that enters stays what it is: exit status, signals and terminal are those of what it becomes.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

from cloudlet.cli.execute.files import Files
from cloudlet.cli.execute.relay import Listeners
from cloudlet.sandbox.linux import syscalls

_PROXY_PORT: Final = 3128
_CLOUD_PORTS: Final = (80, 443, 4566)
_DNS_PORT: Final = 53
_NAME_CACHE: Final = Path("/run/nscd")
"""A socket in this folder answers for names before DNS is asked."""


class Ports(Struct, frozen=True):
    """Where things listen inside."""

    cloud: tuple[int, ...]
    proxy: int

    @classmethod
    def around(cls, port: int) -> Ports:
        """The ports that programs expect, and the one that the cloud has outside."""
        taken = (*_CLOUD_PORTS, port, _DNS_PORT)
        proxy = next(number for number in range(_PROXY_PORT, _PROXY_PORT + 9) if number not in taken)
        return cls(tuple(sorted({*_CLOUD_PORTS, port})), proxy)


def trial(files: Files, ports: Ports) -> str | None:
    """Why the namespaces cannot be made here; None if they can, which a child has really done."""
    if sys.platform != "linux":
        return f"they are Linux's, and this is {sys.platform}"
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            enter(files, ports)
            status = 0
        except OSError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return None if status == 0 else said or f"a trial ended with {status}"


def enter(files: Files, ports: Ports) -> Listeners:
    """Moves the calling process inside, for ever. Raises OSError."""
    flags = syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET
    if os.geteuid() == 0:
        syscalls.unshare(flags)
    else:
        _unshare_as_user(flags)
    syscalls.mount("none", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    for source, target in files.shown:
        syscalls.mount(str(source), str(target.resolve()), flags=syscalls.MS_BIND)
    if _NAME_CACHE.is_dir():
        syscalls.mount("none", str(_NAME_CACHE), "tmpfs", syscalls.MS_RDONLY | syscalls.MS_NOSUID, "size=4k")
    syscalls.bring_loopback_up()
    return Listeners(
        dns_udp=_bound(socket.SOCK_DGRAM, _DNS_PORT),
        dns_tcp=_bound(socket.SOCK_STREAM, _DNS_PORT),
        proxy=_bound(socket.SOCK_STREAM, ports.proxy),
        cloud=tuple(_bound(socket.SOCK_STREAM, port) for port in ports.cloud),
    )


def _unshare_as_user(flags: int) -> None:
    user, group = os.geteuid(), os.getegid()
    syscalls.unshare(flags | syscalls.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _bound(kind: socket.SocketKind, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, kind)
    listener.bind(("127.0.0.1", port))
    if kind is socket.SOCK_STREAM:
        listener.listen(512)
    return listener
