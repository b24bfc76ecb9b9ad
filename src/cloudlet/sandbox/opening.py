"""Choosing a driver: each thing is tried once, really, and what does not work is said in words.

Namespaces are tried first, as root or as a user, then bare processes; `driver` forces one, or fails loudly.
"""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudlet.core.http import HttpResponse
from cloudlet.core.sandbox import Capabilities, Enforcement, Limits, SandboxError, SandboxSpec
from cloudlet.sandbox.host import cgroups, leftovers, nodes, surroundings
from cloudlet.sandbox.host.bare import BareSandboxes
from cloudlet.sandbox.host.driver import NamespaceSandboxes
from cloudlet.sandbox.host.images import Images
from cloudlet.sandbox.host.leftovers import Record
from cloudlet.sandbox.host.processes import ProcessGroups
from cloudlet.sandbox.host.survivor import Survivor

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.http import HttpRequest
    from cloudlet.core.sandbox import Sandboxes, Serve
    from cloudlet.sandbox.host.cgroups import CgroupParent
    from cloudlet.sandbox.host.surroundings import Machine

NAMESPACES: Final = "namespaces"
PROCESS: Final = "process"
DRIVERS: Final = (NAMESPACES, PROCESS)
_NO_GROUPS: Final = (
    "No control group may be made: memory is looked at ten times a second, CPU is not limited."
)
_NO_IMAGES: Final = (
    "No disk image may be mounted: /tmp lies in memory, and counts as a function's where groups do."
)
_TRIAL_SECONDS: Final = 10
# As many functions have them, so that the spares made after the trial are of use.
_TRIAL_LIMITS: Final = Limits(memory_bytes=128 << 20, cpu_cores=1.0, tmp_bytes=512 << 20)


async def open_sandboxes(
    *,
    serve: Serve,
    state_dir: Path,
    ca_certificate: Path,
    hosts: Callable[[str], bool],
    driver: str | None = None,
    runtimes_dir: Path | None = None,
) -> Sandboxes:
    """The best driver that works here, or the one that is asked for. Raises SandboxError.

    `serve` answers on listeners made inside sandboxes, `hosts` says which names lead to the cloud there, and
    `ca_certificate` is the authority that functions are to trust. What lies in nodejs/node_modules of
    `runtimes_dir` (state_dir/runtimes unless said otherwise) is there for every Node function.
    """
    if driver not in (None, *DRIVERS):
        raise SandboxError(f"There is no sandbox driver {driver!r}, only {' and '.join(DRIVERS)}.")
    _allow_many_files()
    folder = (state_dir / "sandbox").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    runtimes = (runtimes_dir or state_dir / "runtimes").resolve()
    found = await asyncio.to_thread(nodes.find_nodes, folder)
    machine = surroundings.find_machine(ca_certificate, runtimes, found)
    opening = _Opening(serve, hosts, folder, machine)
    if driver == PROCESS:
        return opening.process("it was asked for")
    try:
        return await opening.namespaces()
    except SandboxError as error:
        if driver == NAMESPACES:
            raise
        return opening.process(str(error))


def _allow_many_files() -> None:
    """Takes all the machine allows: a sandbox needs some ten open files, and shells begin with 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # where a system has no limit, yet takes no such number
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class _Opening:
    """One search for a driver."""

    def __init__(self, serve: Serve, hosts: Callable[[str], bool], folder: Path, machine: Machine) -> None:
        self._serve = serve
        self._hosts = hosts
        self._folder = folder
        self._machine = machine
        self._name = f"{leftovers.PREFIX}-{os.getpid()}-{secrets.token_hex(4)}"

    async def namespaces(self) -> NamespaceSandboxes:
        """The namespace driver with all that works here. Raises SandboxError when it does not work at all."""
        if sys.platform != "linux":
            raise SandboxError(f"Namespaces are Linux's; this is {sys.platform}.")
        (self._folder / "root").mkdir(exist_ok=True)
        groups, images = await asyncio.to_thread(self._groups), self._images()
        failures: list[SandboxError] = []
        for attempt in ((groups, images), (groups, None), (None, None)):
            sandboxes = self._namespaces(*attempt)
            try:
                await self._try_out(sandboxes)
            except SandboxError as error:
                failures.append(error)
                await sandboxes.close()
            else:
                return sandboxes
        raise failures[-1]

    def _namespaces(self, groups: CgroupParent | None, images: Images | None) -> NamespaceSandboxes:
        record = Record(self._folder, self._name)
        if groups is not None:
            record.write(groups.folders)
        return NamespaceSandboxes(
            capabilities=_capabilities(groups, images, self._machine),
            serve=self._serve,
            hosts=self._hosts,
            machine=self._machine,
            mount_point=self._folder / "root",
            groups=groups or ProcessGroups(),
            record=record,
            survivor=Survivor(self._machine.package, () if groups is None else groups.folders),
            images=images,
            user_namespace=os.geteuid() != 0,
        )

    def process(self, reason: str) -> BareSandboxes:
        """The driver that only needs processes."""
        none, approximated = Enforcement.NONE, Enforcement.APPROXIMATED
        seen = approximated if sys.platform == "linux" else none
        return BareSandboxes(
            capabilities=Capabilities(
                driver=PROCESS,
                files=none,
                processes=none,
                network=none,
                memory=seen,
                cpu=none,
                pids=none,
                tmp=none,
                freeze=seen,
                notes=(
                    f"Functions run as plain processes of this user, behind no wall, because {reason}",
                    "They see and may change this user's files, and reach this machine's network.",
                    "Neither CPU, processes nor /tmp are limited.",
                    "Functions whose layers bring extensions are refused.",
                    "Names below amazonaws.com lead to AWS itself; SDKs must heed AWS_ENDPOINT_URL.",
                ),
                interpreters=_told(self._machine)[:2],
            ),
            serve=self._serve,
            machine=self._machine,
            folder=self._folder,
        )

    def _groups(self) -> CgroupParent | None:
        Record(self._folder, self._name).sweep()
        found = cgroups.find_parent(self._name)
        if found is not None:
            leftovers.sweep_empty(found.folders)
        return found

    def _images(self) -> Images | None:
        if os.geteuid() != 0:
            return None
        images = Images(self._folder)
        images.sweep()
        return images

    async def _try_out(self, sandboxes: NamespaceSandboxes) -> None:
        """Runs the smallest function there is, within limits."""
        code = self._folder / "trial"
        code.mkdir(exist_ok=True)
        bootstrap = code / "bootstrap"
        bootstrap.write_text("#!/bin/sh\nexit 0\n")
        bootstrap.chmod(0o755)
        written: list[bytes] = []
        spec = SandboxSpec("provided", code, {}, _TRIAL_LIMITS)
        sandbox = await sandboxes.start(spec, runtime_api=_nothing, output=written.append)
        try:
            ended = await asyncio.wait_for(sandbox.wait(), _TRIAL_SECONDS)
        except TimeoutError:
            sandbox.kill()
            raise SandboxError("A trial function did not end.") from None
        if ended.status != 0:
            said = b" ".join(written).decode(errors="replace")
            raise SandboxError(f"A trial function ended with {ended}. {said}")


async def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(404)


def _told(machine: Machine) -> tuple[str, ...]:
    return tuple(f"{each.language} {each.version}" for each in machine.interpreters.all)


def _capabilities(groups: CgroupParent | None, images: Images | None, machine: Machine) -> Capabilities:
    notes = []
    if groups is None:
        notes.append(_NO_GROUPS)
    if images is None:
        notes.append(_NO_IMAGES)
    limited = Enforcement.APPROXIMATED if groups is None else Enforcement.ENFORCED
    return Capabilities(
        driver=NAMESPACES,
        files=Enforcement.ENFORCED,
        processes=Enforcement.ENFORCED,
        network=Enforcement.ENFORCED,
        memory=limited,
        cpu=Enforcement.NONE if groups is None else Enforcement.ENFORCED,
        pids=Enforcement.ENFORCED,
        tmp=Enforcement.ENFORCED,
        freeze=limited,
        notes=tuple(notes),
        interpreters=_told(machine),
    )
