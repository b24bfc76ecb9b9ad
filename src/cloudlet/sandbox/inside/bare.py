"""The launcher of the process driver: sets what limits a process has of its own, then becomes the runtime."""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Final, NoReturn

_LOG: Final = 3


def main() -> NoReturn:
    """Reads its orders from the last argument."""
    orders = json.loads(sys.argv[-1])
    os.dup2(orders["log"], _LOG, inheritable=True)
    os.closerange(_LOG + 1, 256)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = orders["open_files"] if hard == resource.RLIM_INFINITY else min(orders["open_files"], hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _die_with_server()
    command = orders["command"]
    os.chdir(orders["code"])
    try:
        os.execve(command[0], command, orders["environment"])
    except OSError as error:
        sys.stderr.write(f"fork/exec {command[0]}: {os.strerror(error.errno or 0).lower()}\n")
        sys.exit(1)


def _die_with_server() -> None:
    from cloudlet.sandbox.linux import privileges  # noqa: PLC0415  there is no such library elsewhere

    privileges.die_with_parent()
