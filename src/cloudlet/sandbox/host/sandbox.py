"""One running sandbox, from the server's side: its processes, its group, its pipes and its listeners."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
from typing import TYPE_CHECKING, Final

from cloudlet.core.sandbox import Exit
from cloudlet.sandbox.host.connector import Connector
from cloudlet.sandbox.inside.control import Closed
from cloudlet.sandbox.linux import syscalls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cloudlet.core.sandbox import Closer
    from cloudlet.sandbox.host.caller import Caller
    from cloudlet.sandbox.host.cgroups import Cgroup
    from cloudlet.sandbox.host.channel import Channel
    from cloudlet.sandbox.host.output import Drain
    from cloudlet.sandbox.host.zygotes import Born
    from cloudlet.sandbox.inside.control import Message

_DRAIN_SECONDS: Final = 1.0
_REMOVAL_ATTEMPTS: Final = 100
_REMOVAL_SECONDS: Final = 0.01
_log: Final = logging.getLogger(__name__)


class MountedTmp:
    """A /tmp that no sandbox shows, by the descriptor of its mount."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def close(self) -> None:
        """Gives up what was written there, unless a sandbox shows it by now."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class NamespaceSandbox:
    """A function behind namespaces. Made by driver.py."""

    def __init__(
        self,
        born: Born,
        cgroup: Cgroup,
        drains: tuple[Drain, ...],
        forget: Callable[[NamespaceSandbox], None],
    ) -> None:
        self._born = born
        self._cgroup = cgroup
        self._forget = forget
        self._loop = asyncio.get_running_loop()
        self._exit: asyncio.Future[Exit] = self._loop.create_future()
        self._ended = False
        self._killed = False
        self._task: asyncio.Task[None] | None = None
        self._out_of_memory = False
        self._peak_memory_bytes = 0
        self._drains = drains
        self._held: list[Closer] = []
        self._given_back = False
        self._caller: Caller | None = None
        self._connector: Connector | None = None
        self._start_runtime: Callable[[], Awaitable[None]] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._last: Message = {}
        self._ended_extensions: asyncio.Queue[tuple[str, Exit]] = asyncio.Queue()
        self._runtime_exit: asyncio.Future[Exit] | None = None
        self._tmp: MountedTmp | None = None
        self.runtime_process = 0
        """The runtime's number, as its own namespace counts."""
        self._loop.add_reader(born.pidfd, self._on_end)

    @property
    def alive(self) -> bool:
        """Whether its first process runs."""
        return not self._ended

    @property
    def born(self) -> Born:
        """Its first process."""
        return self._born

    @property
    def cgroup(self) -> Cgroup:
        """Its group."""
        return self._cgroup

    def hold(self, closer: Closer) -> None:
        """Has something closed when the sandbox is gone; at once if it is."""
        if self._given_back:
            closer.close()
        else:
            self._held.append(closer)

    def keep_tmp(self, descriptor: int) -> None:
        """Takes the descriptor of the mount at /tmp."""
        self._tmp = MountedTmp(descriptor)
        self.hold(self._tmp)

    def take_tmp(self) -> MountedTmp | None:
        """What is written to /tmp, which then outlives the sandbox."""
        tmp, self._tmp = self._tmp, None
        if tmp is None or self._given_back:
            return None
        self._held.remove(tmp)
        return tmp

    def call_by(self, caller: Caller) -> None:
        """Takes the socket by which ports inside are called."""
        self._caller = caller
        self.hold(caller)

    def reach_by(self, channel: Channel) -> None:
        """Takes the channel to the process inside that connects for the server."""
        self._connector = Connector(channel)
        self.hold(channel)

    def wait_to_be_released(self, start_runtime: Callable[[], Awaitable[None]]) -> None:
        """Remembers how the runtime is started once the extensions are ready for it."""
        self._start_runtime = start_runtime
        self._runtime_exit = self._loop.create_future()

    async def release(self) -> None:
        """Starts the runtime of a sandbox that has extensions. Raises SandboxError."""
        if self._start_runtime is not None:
            await self._start_runtime()

    def watch_extensions(self) -> None:
        """Listens to what the first process tells, which lives on after the runtime's end."""
        self._watching = self._loop.create_task(self._listen())

    async def wait_for_runtime(self) -> Exit:
        """Returns once the runtime has ended, though extensions may run on."""
        return await asyncio.shield(self._exit if self._runtime_exit is None else self._runtime_exit)

    async def wait_for_extension(self) -> tuple[str, Exit]:
        """The next extension that ended, and how."""
        return await self._ended_extensions.get()

    async def send(self, port: int, data: bytes, *, answered: bool) -> bytes:
        """Sends bytes to a port inside. Raises OSError where nobody listens."""
        caller = self._connector or self._caller
        if caller is None:
            raise OSError(errno.ENOTCONN, "Nothing inside connects for the server.")
        return await caller.send(port, data, answered=answered)

    async def open_port(self, outside: int, inside: int) -> None:
        """Has a port of this machine's loopback lead to one inside. Raises OSError."""
        if self._connector is None:
            raise OSError(errno.ENOTCONN, "Nothing inside connects for the server.")
        self.hold(await self._connector.forward(outside, inside))

    def terminate(self) -> None:
        """Asks the runtime to end, by SIGTERM."""
        if self._connector is not None and self.alive and self.runtime_process:
            self._connector.signal(self.runtime_process, signal.SIGTERM)

    def freeze(self) -> None:
        """Stops every process in it from running until thaw(), unless they are being ended."""
        if self.alive and not self._killed:
            self._cgroup.freeze()

    def thaw(self) -> None:
        """Lets its processes run again."""
        if self.alive:
            self._cgroup.thaw()

    def limit_cpu(self, cores: float) -> None:
        """Changes the share of the machine's processors it may use."""
        if self.alive:
            self._cgroup.limit_cpu(cores)

    def kill(self) -> None:
        """Ends every process in it by SIGKILL, at once."""
        self._killed = True
        if self.alive:
            syscalls.pidfd_send_signal(self._born.pidfd, signal.SIGKILL)
            self._cgroup.thaw()  # a frozen process of version 1 dies only once it may run

    async def wait(self) -> Exit:
        """Returns once its first process has ended, and everything it held has been given back."""
        return await asyncio.shield(self._exit)

    def peak_memory_bytes(self) -> int:
        """The most memory it has used so far."""
        if self.alive:
            self._peak_memory_bytes = self._cgroup.peak_memory_bytes()
        return self._peak_memory_bytes

    async def _listen(self) -> None:
        try:
            while True:
                message, _ = await self._born.channel.receive()
                if "extension" in message:
                    ended = _exit_of({"status": message["status_of_extension"], "not_started": None}, False)
                    self._ended_extensions.put_nowait((message["extension"], ended))
                elif "status" in message:
                    self._last = message
                    if self._runtime_exit is not None and not self._runtime_exit.done():
                        oom = self._cgroup.out_of_memory()
                        self._runtime_exit.set_result(_exit_of(message, oom))
        except (Closed, OSError):
            return

    def _on_end(self) -> None:
        """The first process is gone, and by the kernel's word all others of its namespace before it."""
        self._loop.remove_reader(self._born.pidfd)
        os.waitid(os.P_PIDFD, self._born.pidfd, os.WEXITED)
        self._task = self._loop.create_task(self._give_back())

    async def _give_back(self) -> None:
        try:
            self.peak_memory_bytes()
            self._out_of_memory = self._cgroup.out_of_memory()
            self._ended = True
            last = self._last_words()
            for drain in self._drains:
                drain.hand_over()
            await asyncio.wait([drain.ended for drain in self._drains], timeout=_DRAIN_SECONDS)
            self._close_all()
            await self._remove_group()
            exit_ = _exit_of(last, self._out_of_memory)
            self._exit.set_result(exit_)
            if self._runtime_exit is not None and not self._runtime_exit.done():
                self._runtime_exit.set_result(exit_)
        except Exception as error:  # noqa: BLE001  the edge of this task: whoever waits must hear of it
            _log.exception("A sandbox could not be given back.")
            self._exit.set_exception(error)
        finally:
            self._ended = True
            self._forget(self)

    def _close_all(self) -> None:
        self._given_back = True
        if self._watching is not None:
            self._watching.cancel()
        for drain in self._drains:
            drain.close()
        for closer in self._held:
            closer.close()
        self._born.channel.close()
        os.close(self._born.pidfd)

    async def _remove_group(self) -> None:
        """The kernel lets go of a group shortly after its last process."""
        for _ in range(_REMOVAL_ATTEMPTS):
            try:
                return self._cgroup.remove()
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
                await asyncio.sleep(_REMOVAL_SECONDS)
        return self._cgroup.remove()

    def _last_words(self) -> Message:
        """How the function ended, if its supervisor lived to tell."""
        if self._last:
            return self._last
        try:
            while (arrived := self._born.channel.receive_now()) is not None:
                if "status" in arrived[0]:
                    return arrived[0]
        except Closed:
            pass
        return {}


def _exit_of(last: Message, out_of_memory: bool) -> Exit:
    if not last:
        return Exit(None, signal.SIGKILL, out_of_memory)
    status = int(last["status"])
    if os.WIFSIGNALED(status):
        return Exit(None, os.WTERMSIG(status), out_of_memory)
    return Exit(os.WEXITSTATUS(status), None, out_of_memory, last["not_started"])
