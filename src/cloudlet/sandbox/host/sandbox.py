"""One running sandbox, from the server's side: its processes, its group, its pipes and its listeners."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
from typing import TYPE_CHECKING, Final

from cloudlet.core.sandbox import Exit
from cloudlet.sandbox.inside.control import Closed
from cloudlet.sandbox.linux import syscalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.sandbox import Closer
    from cloudlet.sandbox.host.cgroups import Cgroup
    from cloudlet.sandbox.host.output import Drain
    from cloudlet.sandbox.host.zygotes import Born
    from cloudlet.sandbox.inside.control import Message

_DRAIN_SECONDS: Final = 1.0
_REMOVAL_ATTEMPTS: Final = 100
_REMOVAL_SECONDS: Final = 0.01
_log: Final = logging.getLogger(__name__)


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
        self._task: asyncio.Task[None] | None = None
        self._out_of_memory = False
        self._peak_memory_bytes = 0
        self._drains = drains
        self._held: list[Closer] = []
        self._given_back = False
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

    def freeze(self) -> None:
        """Stops every process in it from running until thaw()."""
        if self.alive:
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
            self._exit.set_result(_exit_of(last, self._out_of_memory))
        except Exception as error:  # noqa: BLE001  the edge of this task: whoever waits must hear of it
            _log.exception("A sandbox could not be given back.")
            self._exit.set_exception(error)
        finally:
            self._ended = True
            self._forget(self)

    def _close_all(self) -> None:
        self._given_back = True
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
