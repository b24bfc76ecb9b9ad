"""The process that outlives a killed server for a moment, to end the sandboxes that cannot die by themselves.

The kernel kills every sandbox with the server, but a process frozen by version 1 only once it is thawed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from cloudlet.core.sandbox import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from cloudlet.sandbox.host import burial; burial.main()"
)


class Survivor:
    """Has one process wait beside this one, as long as there are groups to bury."""

    def __init__(self, package: Path, folders: tuple[Path, ...]) -> None:
        self._package = package
        self._folders = folders
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self) -> None:
        """Sees to it that the process is there; to be called before a group is made. Raises SandboxError."""
        if not self._folders:
            return  # what a signal has stopped dies by SIGKILL
        if self._process is None or self._process.poll() is not None:
            try:
                self._process = self._start()
            except OSError as error:
                raise SandboxError(f"What is to outlive the server could not be started: {error}") from error

    def close(self) -> None:
        """Ends the process: the groups have been removed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        folders = [str(folder) for folder in self._folders]
        arguments = [str(self._package.parent), str(os.getpid()), *folders]
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # what ends the server's session is not to end this too
        )
