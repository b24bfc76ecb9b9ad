"""Ends what is left in the control groups of a server that is gone, and removes them.

As a program (see survivor.py) it waits for the server's end; it imports little, as one waits beside each.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.01
_FREEZER: Final = "freezer.state"
# Its processes are not all gone yet, or another program that buries was quicker.
_EXPECTED: Final = (errno.EBUSY, errno.ENOTEMPTY, errno.ENOENT, errno.ENODEV)


def main() -> None:
    """Waits for the end of a process, then buries; both are named by the arguments after the first."""
    server, *folders = sys.argv[2:]
    _wait_for_end_of_parent(int(server))
    bury((Path(folder) for folder in folders), _SECONDS)


def bury(folders: Iterable[Path], seconds: float) -> list[Path]:
    """Kills what is in these groups and those below, and removes them; returns those still there at last."""
    deadline = time.monotonic() + seconds
    left = list(folders)
    while True:
        for folder in left:
            for group in (*_groups_below(folder), folder):
                _bury_group(group)
        left = [folder for folder in left if folder.is_dir()]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(_PAUSE_SECONDS)


def _wait_for_end_of_parent(pid: int) -> None:
    try:
        parent = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if os.getppid() == pid:  # else it ended before it was opened, and the number may be another's
            select.select([parent], [], [])
    finally:
        os.close(parent)


def _groups_below(folder: Path) -> list[Path]:
    try:
        return [child for child in folder.iterdir() if child.is_dir()]
    except FileNotFoundError:
        return []


def _bury_group(group: Path) -> None:
    try:
        for pid in map(int, (group / "cgroup.procs").read_text().split()):
            if pid:  # of another pid namespace; to kill 0 would be to kill oneself
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if (group / _FREEZER).exists():  # version 1: what is frozen dies only once it may run
            (group / _FREEZER).write_text("THAWED")
        group.rmdir()
    except OSError as error:
        if error.errno not in _EXPECTED:
            raise
