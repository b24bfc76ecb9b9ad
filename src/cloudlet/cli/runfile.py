"""The run file: how the other commands find a running cloud and its keys."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


class Running(msgspec.Struct, frozen=True):
    """A cloud that runs, or ran and was killed."""

    pid: int
    endpoint: str
    access_key_id: str
    secret_access_key: str
    ca_certificate: str
    data: str | None = None
    born: str = ""
    """When its process began, where the system tells; a number used again is another process."""

    @property
    def alive(self) -> bool:
        """Whether its process is there, and not another one that was given its number."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return born(self.pid) == self.born


def born(pid: int) -> str:
    """When a process began, in the system's own measure; nothing if it ended, or the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    state, *_, began = status.rpartition(") ")[2].split()[:20]
    return "" if state == "Z" else began


def find(folder: Path, pid: int) -> Running | None:
    """The cloud that runs as a process, whatever its port."""
    files = folder.glob("*.json")
    return next((cloud for file in files if (cloud := read(file)) is not None and cloud.pid == pid), None)


def read(path: Path) -> Running | None:
    """The cloud that a run file tells of; None if there is none, or it is no longer alive."""
    try:
        running = msgspec.json.decode(path.read_bytes(), type=Running)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return running if running.alive else None


def write(path: Path, running: Running) -> None:
    """Tells of a cloud; the file is its user's alone, because it holds a key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(running))
    fresh.replace(path)
