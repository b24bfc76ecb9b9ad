"""The launcher of the process driver: sets what limits a process has of its own, then becomes the runtime."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import sys
from typing import Final, NoReturn

from cloudlet.sandbox.inside import entrypoint

_LOG: Final = 3


def main() -> NoReturn:
    """Reads its orders from the last argument."""
    orders = json.loads(sys.argv[-1])
    # Lifted first, as one of them may have the other's number.
    log, complaints = (fcntl.fcntl(orders[name], fcntl.F_DUPFD, 10) for name in ("log", "complaints"))
    os.dup2(log, _LOG, inheritable=True)
    os.dup2(complaints, entrypoint.COMPLAINTS, inheritable=False)
    os.closerange(entrypoint.COMPLAINTS + 1, 4096)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = orders["open_files"] if hard == resource.RLIM_INFINITY else min(orders["open_files"], hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _die_with_server()
    os.chdir(orders["code"])
    if orders["bootstraps"]:
        entrypoint.become_bootstrap(orders["bootstraps"], orders["environment"])
    entrypoint.become_command(orders["command"], orders["environment"])


def _die_with_server() -> None:
    from cloudlet.sandbox.linux import privileges  # noqa: PLC0415  there is no such library elsewhere

    privileges.die_with_parent()
