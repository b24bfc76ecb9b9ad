"""Becoming another program, and telling the server why where that cannot be started.

Both drivers' last step; nothing here knows namespaces.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

BOOTSTRAPS: Final = ("/var/task/bootstrap", "/opt/bootstrap")
_NOT_FOUND: Final = 127
_NOT_EXECUTABLE: Final = 126
COMPLAINTS: Final = 4
"""The descriptor that takes the reason. No program that was started has it."""


def become_bootstrap(places: Mapping[str, str], environment: Mapping[str, str]) -> NoReturn:
    """Becomes the first bootstrap there is; `places` tells where those really lie that a function knows."""
    os.set_inheritable(COMPLAINTS, False)
    reason = f"Couldn't find valid bootstrap(s): [{' '.join(places)}]"
    for name, path in places.items():
        if Path(path).exists():
            reason = execute([path], environment, name)
            break
    os.write(COMPLAINTS, reason.encode())
    sys.exit(1)


def become_command(command: list[str], environment: Mapping[str, str]) -> NoReturn:
    """Becomes a runtime, or its owner's wrapper; where it cannot, it ends as a shell does."""
    try:
        os.execve(command[0], command, environment)
    except OSError as error:
        reason = f"/var/runtime/bootstrap: line 1: {command[0]}: {os.strerror(error.errno or 0)}\n"
        os.write(2, reason.encode())
        sys.exit(_NOT_FOUND if error.errno == errno.ENOENT else _NOT_EXECUTABLE)


def execute(command: list[str], environment: Mapping[str, str], name: str | None = None) -> str:
    """Becomes another program; returns only if it cannot, with the reason as Go's os/exec words it."""
    try:
        os.execve(command[0], command, environment)
    except OSError as error:
        return f"fork/exec {name or command[0]}: {os.strerror(error.errno or 0).lower()}"
