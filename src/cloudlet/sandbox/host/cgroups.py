"""Control groups, version 2 and version 1: limits on memory, CPU and processes, freezing, and what was used.

Groups are made below the server's own group, so that nothing escapes a limit the server itself is under.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.sandbox import Limits

_PERIOD_MICROSECONDS: Final = 20_000  # short, as at AWS: a small function is held up often and briefly
_LEAST_QUOTA_MICROSECONDS: Final = 1_000
CONTROLLERS: Final = ("memory", "cpu", "pids")
_V1_CONTROLLERS: Final = (*CONTROLLERS, "freezer")


class Cgroup(Protocol):
    """One sandbox's group."""

    @property
    def descriptor(self) -> int | None:
        """The folder to clone into; None where a process must be attached after its birth."""

    def attach(self, pid: int) -> None:
        """Moves a process in. Takes milliseconds."""

    def limit(self, limits: Limits) -> None:
        """Sets the limits on memory and processes."""

    def limit_cpu(self, cores: float) -> None:
        """Sets the limit on CPU."""

    def freeze(self) -> None:
        """Stops every process in it."""

    def thaw(self) -> None:
        """Lets them run again."""

    def out_of_memory(self) -> bool:
        """Whether the memory limit has killed something."""

    def peak_memory_bytes(self) -> int:
        """The most memory used so far."""

    def remove(self) -> None:
        """Gives the group back; its processes must have ended."""


class CgroupParent(Protocol):
    """Where groups are made."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that go when the server goes."""

    def make(self, name: str) -> Cgroup:
        """A new group."""

    def remove(self) -> None:
        """Gives the parent back; its groups must have been removed."""


def quota_microseconds(cores: float) -> int:
    """How much of each period may be used."""
    return max(_LEAST_QUOTA_MICROSECONDS, round(cores * _PERIOD_MICROSECONDS))


class V1Cgroup(Struct, frozen=True):
    """A group in each of the version 1 hierarchies."""

    folders: Mapping[str, Path]
    descriptor: None = None

    def attach(self, pid: int) -> None:
        """Moves a process in; the first hierarchy waits for a grace period of the kernel."""
        for folder in self.folders.values():
            (folder / "cgroup.procs").write_text(str(pid))

    def limit(self, limits: Limits) -> None:
        """Sets the limits on memory and processes."""
        memory = self.folders["memory"]
        (memory / "memory.limit_in_bytes").write_text(str(limits.memory_bytes))
        swap = memory / "memory.memsw.limit_in_bytes"
        if swap.exists():
            swap.write_text(str(limits.memory_bytes))
        (self.folders["pids"] / "pids.max").write_text(str(limits.pids))

    def limit_cpu(self, cores: float) -> None:
        """Sets the limit on CPU."""
        cpu = self.folders["cpu"]
        (cpu / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS))
        (cpu / "cpu.cfs_quota_us").write_text(str(quota_microseconds(cores)))

    def freeze(self) -> None:
        """Stops every process in it."""
        (self.folders["freezer"] / "freezer.state").write_text("FROZEN")

    def thaw(self) -> None:
        """Lets them run again."""
        (self.folders["freezer"] / "freezer.state").write_text("THAWED")

    def out_of_memory(self) -> bool:
        """Whether the memory limit has killed something."""
        return _counter(self.folders["memory"] / "memory.oom_control", "oom_kill") > 0

    def peak_memory_bytes(self) -> int:
        """The most memory used so far."""
        return int((self.folders["memory"] / "memory.max_usage_in_bytes").read_text())

    def remove(self) -> None:
        """Gives the group back; its processes must have ended."""
        for folder in set(self.folders.values()):
            if folder.exists():  # a first attempt may have come half way
                folder.rmdir()


class V1Parent(Struct, frozen=True):
    """The server's own folder in each of the version 1 hierarchies."""

    parents: Mapping[str, Path]

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that go when the server goes."""
        return tuple(self.parents.values())

    def make(self, name: str) -> V1Cgroup:
        """A new group."""
        folders = {controller: parent / name for controller, parent in self.parents.items()}
        for folder in set(folders.values()):  # two controllers may share a hierarchy
            folder.mkdir(parents=True)
        return V1Cgroup(folders)

    def remove(self) -> None:
        """Gives the parent back; its groups must have been removed."""
        _remove_all(self.folders)


@dataclass(slots=True)
class V2Cgroup:
    """A group in the unified hierarchy."""

    folder: Path
    descriptor: int = field(init=False)
    _peak: int = 0

    def __post_init__(self) -> None:
        self.descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def attach(self, pid: int) -> None:
        """Does nothing: a process was born inside."""

    def limit(self, limits: Limits) -> None:
        """Sets the limits on memory and processes."""
        self._write("memory.max", str(limits.memory_bytes))
        with suppress(FileNotFoundError):  # a kernel without swap
            self._write("memory.swap.max", "0")
        self._write("memory.oom.group", "1")
        self._write("pids.max", str(limits.pids))

    def limit_cpu(self, cores: float) -> None:
        """Sets the limit on CPU."""
        self._write("cpu.max", f"{quota_microseconds(cores)} {_PERIOD_MICROSECONDS}")

    def freeze(self) -> None:
        """Stops every process in it."""
        self._write("cgroup.freeze", "1")

    def thaw(self) -> None:
        """Lets them run again."""
        self._write("cgroup.freeze", "0")

    def out_of_memory(self) -> bool:
        """Whether the memory limit has killed something."""
        return _counter(self.folder / "memory.events", "oom_kill") > 0

    def peak_memory_bytes(self) -> int:
        """The most memory used so far; before Linux 5.19 the most that was seen when asked."""
        peak = self.folder / "memory.peak"
        if peak.exists():
            return int(peak.read_text())
        self._peak = max(self._peak, int((self.folder / "memory.current").read_text()))
        return self._peak

    def remove(self) -> None:
        """Gives the group back; its processes must have ended."""
        os.close(self.descriptor)
        self.folder.rmdir()

    def _write(self, name: str, value: str) -> None:
        (self.folder / name).write_text(value)


class V2Parent(Struct, frozen=True):
    """A folder of the unified hierarchy whose children have the controllers."""

    folder: Path
    controllers: tuple[str, ...] = CONTROLLERS

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that go when the server goes."""
        return (self.folder,)

    def make(self, name: str) -> V2Cgroup:
        """A new group."""
        if not self.folder.exists():
            self.folder.mkdir()
            enabled = " ".join(f"+{controller}" for controller in self.controllers)
            (self.folder / "cgroup.subtree_control").write_text(enabled)
        (self.folder / name).mkdir()
        return V2Cgroup(self.folder / name)

    def remove(self) -> None:
        """Gives the parent back; its groups must have been removed."""
        _remove_all(self.folders)


def find_parent(name: str, root: Path = Path("/proc/self")) -> CgroupParent | None:
    """Where this process may make groups with all the controllers; None where it may not."""
    mounts = [line.split() for line in (root / "mountinfo").read_text().splitlines()]
    own = dict(_own_groups((root / "cgroup").read_text()))
    return _find_v2(name, mounts, own) or _find_v1(name, mounts, own)


def _find_v2(name: str, mounts: list[list[str]], own: dict[str, str]) -> V2Parent | None:
    for fields in mounts:
        if _kind(fields) != "cgroup2" or "" not in own:
            continue
        mount = Path(fields[4])
        folder = _inside(mount, fields[3], own[""])
        while True:
            enabled = folder / "cgroup.subtree_control"
            if (
                enabled.exists()
                and set(CONTROLLERS) <= set(enabled.read_text().split())
                and os.access(folder, os.W_OK)
            ):
                return V2Parent(folder / name)
            if folder == mount:
                break
            folder = folder.parent
    return None


def _find_v1(name: str, mounts: list[list[str]], own: dict[str, str]) -> V1Parent | None:
    parents = {}
    for fields in mounts:
        if _kind(fields) != "cgroup":
            continue
        for controller in set(_V1_CONTROLLERS) & set(fields[-1].split(",")) & own.keys():
            folder = _inside(Path(fields[4]), fields[3], own[controller])
            if os.access(folder, os.W_OK):
                parents[controller] = folder / name
    return V1Parent(parents) if parents.keys() == set(_V1_CONTROLLERS) else None


def _own_groups(text: str) -> list[tuple[str, str]]:
    """The caller's group in each hierarchy, by controller; the unified one's name is empty."""
    pairs = []
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        pairs += [(controller, path) for controller in controllers.split(",")]
    return pairs


def _kind(mountinfo: list[str]) -> str:
    return mountinfo[mountinfo.index("-") + 1]


def _inside(mount: Path, shown: str, path: str) -> Path:
    """A group's folder below a mount that may show only a part of the hierarchy."""
    relative = path.removeprefix(shown) if shown != "/" and path.startswith(shown) else path
    return mount / relative.lstrip("/")


def _counter(file: Path, name: str) -> int:
    """A line `name number` of a flat keyed file."""
    for line in file.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _remove_all(folders: tuple[Path, ...]) -> None:
    for folder in folders:
        if folder.exists():
            folder.rmdir()
