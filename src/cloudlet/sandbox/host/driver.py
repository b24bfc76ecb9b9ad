"""The namespace driver: sandboxes from fork servers, control groups and listeners passed out of namespaces.

It decides nothing about functions; limits, environment and code come with each SandboxSpec.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.sandbox import Enforcement, Limits, SandboxError
from cloudlet.sandbox.host import dns, languages, molds, surroundings, zygotes
from cloudlet.sandbox.host.caller import Caller
from cloudlet.sandbox.host.channel import Channel
from cloudlet.sandbox.host.output import Drain, FrameSplitter, LineSplitter
from cloudlet.sandbox.host.sandbox import MountedTmp, NamespaceSandbox
from cloudlet.sandbox.host.spares import Blank, Mold, Spares
from cloudlet.sandbox.host.zygotes import Zygote
from cloudlet.sandbox.inside.control import Closed
from cloudlet.sandbox.inside.environment import LISTENERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudlet.core.http import Handler
    from cloudlet.core.sandbox import Capabilities, Sandbox, SandboxSpec, Serve, Tmp
    from cloudlet.sandbox.host.cgroups import CgroupParent
    from cloudlet.sandbox.host.images import Images
    from cloudlet.sandbox.host.leftovers import Record
    from cloudlet.sandbox.host.surroundings import Machine
    from cloudlet.sandbox.host.survivor import Survivor

RUNTIMES: Final = ("python", "nodejs", *languages.LANGUAGES, "provided")
_USUAL_MEMORY_BYTES: Final = 128 << 20
_USUAL_TMP_BYTES: Final = 512 << 20
_STOCK_UP_SECONDS: Final = 0.05
_ANSWER_SECONDS: Final = 30

_log: Final = logging.getLogger(__name__)


class NamespaceSandboxes:
    """A driver for Linux with namespaces, as root or as a user."""

    def __init__(
        self,
        *,
        capabilities: Capabilities,
        serve: Serve,
        hosts: Callable[[str], bool],
        machine: Machine,
        mount_point: Path,
        groups: CgroupParent,
        record: Record,
        survivor: Survivor,
        images: Images | None,
        user_namespace: bool,
    ) -> None:
        self.capabilities = capabilities
        self._serve = serve
        self._hosts = hosts
        self._machine = machine
        self._mount_point = mount_point
        self._groups = groups
        self._record = record
        self._survivor = survivor
        self._images = images
        self._user_namespace = user_namespace
        self._zygotes: dict[tuple[str, bool], asyncio.Task[Zygote]] = {}
        self._surrounded = molds.Surrounded(
            cgroup_namespace=capabilities.memory is Enforcement.ENFORCED, own_user_namespace=user_namespace
        )
        self._running: set[NamespaceSandbox] = set()
        self._spares = Spares()
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._count = 0
        self._closed = False

    async def start(
        self,
        spec: SandboxSpec,
        *,
        runtime_api: Handler,
        output: Callable[[bytes], None],
        output_of_extensions: Callable[[bytes], None] | None = None,
        tmp: Tmp | None = None,
    ) -> Sandbox:
        """Starts a program. Raises SandboxError."""
        if spec.runtime not in RUNTIMES:
            raise SandboxError(f"There is no runtime {spec.runtime!r} here, only {', '.join(RUNTIMES)}.")
        if self._closed:
            raise SandboxError("The sandboxes have been closed.")
        mold, hidden = await self._mold(spec)
        blank = self._spares.take(mold) or await self._make_blank_whatever_happens(mold)
        try:
            outputs = (output, output_of_extensions or output)
            await self._assign(blank, spec, hidden, runtime_api, outputs, tmp)
        except OSError as error:
            await _end(blank.sandbox)
            raise SandboxError(f"A sandbox could not be given its function: {error}") from error
        except BaseException:
            await _end(blank.sandbox)
            raise
        self._stock_up_later(mold)
        return blank.sandbox

    def interpreter(self, runtime: str, release: str) -> str:
        """The version of the language that functions of a release have."""
        found = self._machine.interpreters.find(runtime, release)
        return "" if found is None else found.version

    async def prepare(self, runtime: str, release: str) -> None:
        """Starts the fork server that functions of a runtime mostly need, and makes a spare sandbox."""
        languages.check(self._machine.interpreters, runtime, release)
        limits = Limits(_USUAL_MEMORY_BYTES, 1.0, _USUAL_TMP_BYTES)
        release = self._python_of(release) if runtime == "python" else release
        mold = molds.mold_of(runtime, release, limits, {}, self._machine, sdk=runtime == "python")
        await self._zygote(mold.python, sdk=mold.sdk)
        # It goes on if nobody waits any more: a start that is cut off would spoil the fork server's next.
        stocking = asyncio.get_running_loop().create_task(self._stock_up(mold))
        self._track(stocking)
        await asyncio.shield(stocking)

    async def close(self) -> None:
        """Kills every sandbox and every process kept for starting them."""
        self._closed = True
        for timer in self._timers:
            timer.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._spares.clear()
        while running := list(self._running):
            for sandbox in running:
                sandbox.kill()
            for sandbox in running:
                await sandbox.wait()
        for started in await asyncio.gather(*self._zygotes.values(), return_exceptions=True):
            if isinstance(started, Zygote):
                started.close()
        self._zygotes.clear()
        self._groups.remove()
        self._record.remove()
        self._survivor.close()

    async def _mold(self, spec: SandboxSpec) -> tuple[Mold, frozenset[str]]:
        """The mold, and the modules that must be imported anew because the function brings its own.

        The SDK is in memory already, unless that would hide a module of the function's.
        """
        sdk, hidden, release = False, frozenset[str](), spec.release
        if spec.runtime == "python":
            release = self._python_of(spec.release)
            python = self._machine.with_python(release).python
            shipped = surroundings.shipped_modules(spec.code, spec.layers, python)
            shipped -= surroundings.CLIENTS_OWN
            sdk = not shipped & (await self._zygote(release, sdk=True)).modules
            hidden = shipped & (await self._zygote(release, sdk=sdk)).modules
        machine = self._machine
        return molds.mold_of(spec.runtime, release, spec.limits, spec.environment, machine, sdk=sdk), hidden

    def _python_of(self, release: str) -> str:
        """The release of the Python that serves one; empty where that is the server's own."""
        found = self._machine.interpreters.find("python", release)
        return "" if found is None or found == self._machine.interpreter else found.release

    async def _zygote(self, release: str, *, sdk: bool) -> Zygote:
        key = (release, sdk)
        task = self._zygotes.get(key)
        if task is None or _has_ended(task):
            machine = self._machine.with_python(release) if release else self._machine
            start = zygotes.start(machine, self._mount_point, sdk=sdk, user_namespace=self._user_namespace)
            task = self._zygotes[key] = asyncio.get_running_loop().create_task(start)
        return await asyncio.shield(task)

    def _stock_up_later(self, mold: Mold) -> None:
        """Makes the next spare once the function just started has had the processor for a while."""
        loop = asyncio.get_running_loop()

        def begin() -> None:
            self._timers.discard(timer)
            self._track(loop.create_task(self._stock_up(mold)))

        timer = loop.call_later(_STOCK_UP_SECONDS, begin)
        self._timers.add(timer)

    async def _stock_up(self, mold: Mold) -> None:
        try:
            while not self._closed and self._spares.lacks(mold):
                self._spares.put(await self._make_blank(mold, in_stock=True))
        except SandboxError:
            _log.warning("No spare sandbox could be made; functions start without one.", exc_info=True)

    async def _make_blank_whatever_happens(self, mold: Mold) -> Blank:
        """A blank that is finished also if nobody waits any more: half-way it would spoil the next one."""
        task = asyncio.get_running_loop().create_task(self._make_blank(mold, in_stock=False))
        self._track(task)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._stock_abandoned)
            raise

    def _stock_abandoned(self, task: asyncio.Task[Blank]) -> None:
        if not task.cancelled() and task.exception() is None:
            self._spares.put(task.result())

    def _track(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make_blank(self, mold: Mold, *, in_stock: bool) -> Blank:
        """A sandbox in its group, with its listeners and its /tmp. Raises SandboxError."""
        self._survivor.watch()
        zygote = await self._zygote(mold.python, sdk=mold.sdk)
        self._count += 1
        try:
            cgroup = self._groups.make(str(self._count))
        except OSError as error:
            raise SandboxError(f"A control group could not be made: {error}") from error
        try:
            born = await zygote.spawn(cgroup.descriptor)
        except SandboxError:
            cgroup.remove()
            raise
        drains = (Drain(LineSplitter()), Drain(FrameSplitter()))
        sandbox = NamespaceSandbox(born, cgroup, drains, self._running.discard)
        self._running.add(sandbox)
        try:
            runtime_api = await self._furnish(sandbox, mold, drains, in_stock=in_stock)
            return Blank(mold, sandbox, runtime_api, drains)
        except OSError as error:
            await _end(sandbox)
            raise SandboxError(f"A sandbox could not be furnished: {error}") from error
        except BaseException:
            await _end(sandbox)
            raise

    async def _furnish(
        self, sandbox: NamespaceSandbox, mold: Mold, drains: tuple[Drain, Drain], *, in_stock: bool
    ) -> socket.socket:
        """Attaches, limits nothing yet, and serves all listeners but the Runtime API's, which it returns."""
        # Version 1 attaches by waiting for the kernel: meanwhile the process mounts and listens.
        attached = asyncio.to_thread(sandbox.cgroup.attach, sandbox.born.pid)
        heard, _, tmp_image = await asyncio.gather(
            self._hear(sandbox, "listening"), attached, self._copy_image(sandbox, mold)
        )
        sockets = [socket.socket(fileno=descriptor) for descriptor in heard[1]]
        pipes = tuple(drain.theirs for drain in drains)
        order = molds.preparation(mold, tmp_image, self._surrounded, in_stock=in_stock)
        try:
            self._tell(sandbox, order, pipes)
        except SandboxError:
            for listener in sockets:
                listener.close()
            raise
        finally:
            for drain in drains:
                drain.hand_over()
        return await self._answer(sandbox, sockets)

    async def _copy_image(self, sandbox: NamespaceSandbox, mold: Mold) -> Path | None:
        if self._images is None:
            return None
        image = await asyncio.to_thread(self._images.copy, mold.tmp_bytes)
        sandbox.hold(image)
        return image.path

    async def _answer(self, sandbox: NamespaceSandbox, sockets: list[socket.socket]) -> socket.socket:
        *sockets, made_to_call = sockets
        sandbox.call_by(Caller(made_to_call))
        for listener in sockets:
            listener.setblocking(False)
        listeners = dict(zip((name for name, _, _ in LISTENERS), sockets, strict=True))
        for name, tls in (("cloud", False), ("cloud_http", False), ("cloud_https", True)):
            sandbox.hold(await self._serve(listeners[name], None, tls))
        sandbox.hold(await dns.serve(listeners["dns_udp"], listeners["dns_tcp"], self._hosts))
        return listeners["runtime_api"]

    async def _assign(
        self,
        blank: Blank,
        spec: SandboxSpec,
        hidden: frozenset[str],
        runtime_api: Handler,
        outputs: tuple[Callable[[bytes], None], Callable[[bytes], None]],
        tmp: Tmp | None,
    ) -> None:
        """Tells a sandbox which function it is, and waits until that has been started."""
        sandbox = blank.sandbox
        sandbox.cgroup.limit(spec.limits)
        for drain in blank.drains:
            drain.pass_on(outputs[0])
        sandbox.hold(await self._serve(blank.runtime_api, runtime_api, False))
        machine = self._machine.with_python(blank.mold.python)
        inherited = (tmp.descriptor,) if isinstance(tmp, MountedTmp) else ()
        order = molds.function(spec, blank.mold, hidden, self._surrounded, machine)
        order["inherits_tmp"] = bool(inherited)
        if spec.extensions:
            drain = Drain(LineSplitter())
            drain.pass_on(outputs[1])
            self._tell(sandbox, order, (drain.theirs, *inherited))
            drain.hand_over()
            sandbox.hold(drain)
        else:
            self._tell(sandbox, order, inherited)
        if order["reachable"]:
            _, (descriptor,) = await self._hear(sandbox, "connector")
            sandbox.reach_by(Channel(socket.socket(fileno=descriptor)))
        if spec.extensions:
            sandbox.wait_to_be_released(lambda: self._release(sandbox, spec))
        else:
            await self._finish(sandbox, spec)

    async def _release(self, sandbox: NamespaceSandbox, spec: SandboxSpec) -> None:
        self._tell(sandbox, {"go": True})
        await self._finish(sandbox, spec)
        sandbox.watch_extensions()

    async def _finish(self, sandbox: NamespaceSandbox, spec: SandboxSpec) -> None:
        message, descriptors = await self._hear(sandbox, "started")
        for descriptor in descriptors:
            sandbox.keep_tmp(descriptor)
        sandbox.runtime_process = int(str(message["started"]))
        # Only now: what the sandbox itself had to do is not the function's time.
        sandbox.limit_cpu(spec.limits.cpu_cores)

    def _tell(
        self, sandbox: NamespaceSandbox, message: dict[str, object], descriptors: tuple[int, ...] = ()
    ) -> None:
        try:
            sandbox.born.channel.send(message, descriptors)
        except OSError as error:
            raise SandboxError(f"The sandbox ended before it was told its function: {error}") from error

    async def _hear(self, sandbox: NamespaceSandbox, expected: str) -> tuple[dict[str, object], list[int]]:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                message, descriptors = await sandbox.born.channel.receive()
        except TimeoutError as error:
            raise SandboxError(f"The sandbox was not {expected} within {_ANSWER_SECONDS} seconds.") from error
        except (Closed, OSError) as error:
            raise SandboxError(f"The sandbox ended before it was {expected}.") from error
        if expected not in message:
            raise SandboxError(f"The sandbox could not be made: {message.get('error')}")
        return message, descriptors


async def _end(sandbox: NamespaceSandbox) -> None:
    sandbox.kill()
    await sandbox.wait()


def _has_ended(task: asyncio.Task[Zygote]) -> bool:
    """Whether a fork server is of no use any more; it then gives back what it held."""
    if not task.done():
        return False
    if task.cancelled() or task.exception() is not None:
        return True
    if task.result().alive:
        return False
    task.result().close()
    return True
