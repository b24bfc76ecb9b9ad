"""Running a program in isolation, as protocols. The drivers are in cloudlet.sandbox."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cloudlet.core.http import Handler


class Enforcement(Enum):
    """How far a limit or a wall is real on this machine."""

    ENFORCED = "enforced"
    APPROXIMATED = "approximated"
    NONE = "none"


class Capabilities(Struct, frozen=True):
    """What the chosen driver really does here, found out by trying each thing once at start."""

    driver: str
    files: Enforcement
    processes: Enforcement
    network: Enforcement
    memory: Enforcement
    cpu: Enforcement
    pids: Enforcement
    tmp: Enforcement
    freeze: Enforcement
    notes: tuple[str, ...] = ()
    """What is degraded and why, each a sentence for people."""
    interpreters: tuple[str, ...] = ()
    """The languages that functions may be written in, with their versions, such as python 3.12.1."""


class Limits(Struct, frozen=True):
    """What a sandbox may use."""

    memory_bytes: int
    cpu_cores: float
    tmp_bytes: int
    pids: int = 1024
    open_files: int = 1024


class SandboxSpec(Struct, frozen=True):
    """A program and its surroundings."""

    runtime: str
    """One of python, nodejs and provided."""
    code: Path
    """A folder that everyone may read; read-only at /var/task."""
    environment: Mapping[str, str]
    limits: Limits
    release: str = ""
    """Which version of the runtime's language is wanted, such as 3.12 or 22; empty for any."""
    layers: tuple[Path, ...] = ()
    """Folders, merged read-only at /opt; a later one hides an earlier one's files."""
    extensions: tuple[str, ...] = ()
    """Programs in /opt/extensions that are started first; the runtime waits for release()."""
    reachable: bool = False
    """Whether open_port() and terminate() are needed; with extensions they always work."""
    hostname: str = "localhost"
    labels: Mapping[str, str] = field(default_factory=dict)
    """For people who look at the process list or the status; they decide nothing."""


class Exit(Struct, frozen=True):
    """How a sandbox's first process ended."""

    status: int | None
    """The exit status; None if a signal ended it."""
    signal: int | None
    out_of_memory: bool
    """Whether the memory limit killed something in it."""
    not_started: str | None = None
    """Why a program that the function brings could not be started; None where it ran."""


class Tmp(Protocol):
    """The /tmp of a sandbox, to be given to the one that goes on after it."""

    def close(self) -> None:
        """Gives up what was written there."""


class Sandbox(Protocol):
    """A running sandbox."""

    @property
    def alive(self) -> bool:
        """Whether its first process runs."""

    async def release(self) -> None:
        """Starts the runtime of a sandbox that has extensions. Raises SandboxError."""

    async def wait_for_runtime(self) -> Exit:
        """Returns once the runtime has ended, though extensions may run on."""

    async def wait_for_extension(self) -> tuple[str, Exit]:
        """The next extension that ended, and how."""

    async def send(self, port: int, data: bytes, *, answered: bool) -> bytes:
        """Sends bytes to a port inside, and returns the first of the answer where one is awaited.

        Raises OSError where nobody listens.
        """

    async def open_port(self, outside: int, inside: int) -> None:
        """Has a port of this machine's loopback lead to one inside, as long as it lives. Raises OSError."""

    def terminate(self) -> None:
        """Asks the runtime to end, by SIGTERM."""

    def freeze(self) -> None:
        """Stops every process in it from running until thaw()."""

    def thaw(self) -> None:
        """Lets its processes run again."""

    def kill(self) -> None:
        """Ends every process in it by SIGKILL, at once."""

    async def wait(self) -> Exit:
        """Returns once its first process has ended, and everything it held has been given back."""

    def limit_cpu(self, cores: float) -> None:
        """Changes the share of the processors it may use; AWS gives more while a function initializes."""

    def peak_memory_bytes(self) -> int:
        """The most memory it has used so far."""

    def take_tmp(self) -> Tmp | None:
        """What is written to /tmp, which then outlives the sandbox; None where the driver cannot keep it."""


class SandboxError(Exception):
    """Raised when a sandbox cannot be started; the text says what failed, why and what to do."""


class Closer(Protocol):
    """Something that listens."""

    def close(self) -> None:
        """Stops listening, and ends the connections it has."""


class Serve(Protocol):
    """The server's way of answering HTTP on a listening socket that somebody else made."""

    async def __call__(self, listener: socket.socket, handler: Handler | None, tls: bool) -> Closer:
        """Takes the socket over. Without a handler the cloud answers, as to callers from a sandbox."""


class Sandboxes(Protocol):
    """A driver."""

    @property
    def capabilities(self) -> Capabilities:
        """What this driver enforces on this machine."""

    async def start(
        self,
        spec: SandboxSpec,
        *,
        runtime_api: Handler,
        output: Callable[[bytes], None],
        output_of_extensions: Callable[[bytes], None] | None = None,
        tmp: Tmp | None = None,
    ) -> Sandbox:
        """Starts a program, with a /tmp that another sandbox of this driver had. Raises SandboxError.

        `runtime_api` answers HTTP on 127.0.0.1:9001 inside; the cloud itself answers there on 127.0.0.1:4566
        and, with TLS, on every address that a name below amazonaws.com resolves to. `output` gets what the
        program writes to stdout and stderr, a line or a framed message at a time; what extensions write goes
        there too unless they have an output of their own.
        """

    def interpreter(self, runtime: str, release: str) -> str:
        """The version of the language that functions of a release, such as 3.12 or 22, really have here.

        Where that release is not installed, it is the one that stands in for it; empty where there is none.
        """

    async def prepare(self, runtime: str, release: str) -> None:
        """Makes the first start of a runtime as quick as later ones; calling it is never needed.

        Raises SandboxError where nothing here runs it.
        """

    async def close(self) -> None:
        """Kills every sandbox and every process kept for starting them."""
