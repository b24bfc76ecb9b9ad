"""Fork servers as the server sees them: started, asked for sandboxes, replaced when they die."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.sandbox import SandboxError
from cloudlet.sandbox.host import surroundings
from cloudlet.sandbox.host.channel import Channel, pair
from cloudlet.sandbox.inside.control import Closed

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from cloudlet.sandbox.host.surroundings import Machine
    from cloudlet.sandbox.inside.control import Message

_FIRST_STAGE: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from cloudlet.sandbox.inside import zygote; zygote.enter()"
)


class Born(Struct, frozen=True):
    """A new sandbox's first process, before it is told what to become."""

    pid: int
    pidfd: int
    channel: Channel


class Zygote:
    """One fork server."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel) -> None:
        self._process = process
        self._channel = channel
        self._turn = asyncio.Lock()
        self.modules: frozenset[str] = frozenset()

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return self._process.poll() is None

    async def preload(self, modules: tuple[str, ...], clients: tuple[str, ...]) -> None:
        """Has it import modules, and read the models of SDK clients, inside its root. Raises SandboxError."""
        message = await self._ask({"preload": modules, "clients": clients})
        self.modules = frozenset(message["modules"])

    async def spawn(self, cgroup: int | None) -> Born:
        """A new first process. Raises SandboxError."""
        ours, theirs = pair()
        descriptors = (theirs.fileno(),) if cgroup is None else (theirs.fileno(), cgroup)
        try:
            async with self._turn:
                self._channel.send({}, descriptors)
                message, (pidfd,) = await self._channel.receive()
        except (OSError, Closed, ValueError) as error:
            ours.close()
            raise SandboxError(f"The fork server could not make a process: {error}") from error
        finally:
            theirs.close()
        return Born(message["pid"], pidfd, ours)

    def close(self) -> None:
        """Ends it. Sandboxes it made live on."""
        self._channel.close()
        self._process.kill()
        self._process.wait()

    async def _ask(self, message: Message) -> Message:
        try:
            self._channel.send(message)
            answer, _ = await self._channel.receive()
        except (OSError, Closed) as error:
            raise SandboxError(
                "The fork server ended while starting; its last words are on the log."
            ) from error
        if "error" in answer:
            raise SandboxError(f"The fork server could not enter its root: {answer['error']}")
        return answer


async def start(machine: Machine, mount_point: Path, *, sdk: bool, user_namespace: bool) -> Zygote:
    """Starts a fork server, with or without the SDK that AWS ships. Raises SandboxError."""
    channel, theirs = pair()
    with theirs:
        process = _launch(machine, theirs)
    zygote = Zygote(process, channel)
    channel.send(
        {
            "mount_point": str(mount_point),
            "user_namespace": user_namespace,
            "shown": machine.shown(),
            "covered": machine.covered(),
            "certificates": machine.certificates(),
            "python": f"/var/lang/bin/{machine.python}",
            "environment": surroundings.zygote_environment(),
        }
    )
    try:
        modules = surroundings.PYTHON_PRELOAD + (surroundings.SDK_PRELOAD if sdk else ())
        await zygote.preload(modules, surroundings.SDK_CLIENTS if sdk else ())
    except SandboxError:
        zygote.close()
        raise
    return zygote


def _launch(machine: Machine, channel: socket.socket) -> subprocess.Popen[bytes]:
    """Starts Python outside, with the channel's number as its last argument."""
    number = channel.fileno()
    command = [sys.executable, "-I", "-S", "-c", _FIRST_STAGE, str(machine.package.parent), str(number)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(number,), start_new_session=True)
