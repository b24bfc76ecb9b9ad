"""What a killed server leaves behind: control groups, empty by then. Nothing else outlives it.

Only what this program wrote down as its own is touched.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_log: Final = logging.getLogger(__name__)
PREFIX: Final = "cloudlet"
_END_SECONDS: Final = 2.0
_STARTED_FIELD: Final = 19  # of /proc/PID/stat, counted from the one after the name


class Record:
    """The note of a server's control groups, which its successor reads."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._path = folder / f"{name}.groups"

    def write(self, folders: Iterable[Path]) -> None:
        """Notes the groups of this server."""
        note = {"server": _identity(os.getpid()), "folders": [str(folder) for folder in folders]}
        self._path.write_text(json.dumps(note))

    def remove(self) -> None:
        """Everything has been given back."""
        self._path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Gives back what servers left that are gone."""
        for path in self._folder.glob("*.groups"):
            note = json.loads(path.read_text())
            if note["server"] == _identity(note["server"][0]):
                continue
            folders = [Path(folder) for folder in note["folders"]]
            for group in (group for folder in folders for group in _groups(folder)):
                _end(group)
            removed = [_remove_group(folder) for folder in folders]
            if all(removed):
                path.unlink()


def sweep_empty(parents: Iterable[Path]) -> None:
    """Removes groups beside ours that bear the number of a server that is gone and left no record.

    Nothing is killed here: the number may be one of another machine that shares the hierarchy.
    """
    for parent in parents:
        for folder in parent.parent.glob(f"{PREFIX}-*"):
            pid = folder.name.split("-")[1]
            if pid.isdigit() and not Path("/proc", pid).exists():
                with suppress(OSError):  # somebody is in it, or was quicker
                    for group in [*(child for child in folder.iterdir() if child.is_dir()), folder]:
                        group.rmdir()


def _identity(pid: int) -> list[int]:
    """A process's number and the time it started; the number alone may be another's by now."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return [pid, -1]
    return [pid, int(stat.rpartition(")")[2].split()[_STARTED_FIELD])]


def _groups(folder: Path) -> list[Path]:
    return [*(child for child in folder.iterdir() if child.is_dir()), folder] if folder.is_dir() else []


def _end(group: Path) -> None:
    """Ends what runs in a group, also what is frozen in it."""
    for pid in _processes(group):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    state = group / "freezer.state"
    if state.exists() and "FROZEN" in state.read_text():
        state.write_text("THAWED")


def _remove_group(folder: Path) -> bool:
    deadline = time.monotonic() + _END_SECONDS
    try:
        for group in _groups(folder):
            while _processes(group) and time.monotonic() < deadline:
                time.sleep(0.01)
            group.rmdir()
    except OSError:
        _log.warning("A control group of an earlier server could not be removed: %s", folder, exc_info=True)
        return False
    return True


def _processes(group: Path) -> list[int]:
    return [int(pid) for pid in (group / "cgroup.procs").read_text().split()]
