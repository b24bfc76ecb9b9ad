"""What a killed server leaves behind where its survivor was killed too: control groups, and nothing else.

Only what this program wrote down as its own is touched.
"""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudlet.sandbox.host.burial import bury

if TYPE_CHECKING:
    from collections.abc import Iterable

_log: Final = logging.getLogger(__name__)
PREFIX: Final = "cloudlet"
_BURIAL_SECONDS: Final = 5.0
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
        """Gives back what servers left that are gone. Blocks until their last processes are gone too."""
        for path in self._folder.glob("*.groups"):
            note = json.loads(path.read_text())
            if note["server"] == _identity(note["server"][0]):
                continue
            try:
                left = bury(map(Path, note["folders"]), _BURIAL_SECONDS)
            except OSError:
                _log.warning("Groups of an earlier server could not be removed.", exc_info=True)
                continue
            if left:
                _log.warning("Groups of an earlier server could not be emptied: %s", left)
            else:
                path.unlink(missing_ok=True)  # another server may sweep too


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
