"""A stand-in for control groups: counts memory, stops and continues processes by /proc and signals.

Approximate by nature: a process may allocate or fork between two looks.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from cloudlet.core.sandbox import Limits

_LOOK_SECONDS: Final = 0.1
_GONE: Final = (FileNotFoundError, ProcessLookupError, PermissionError)


class ProcessGroup:
    """Stands in for a control group: everything below a sandbox's first process."""

    descriptor: None = None

    def __init__(self, *, supervised: bool) -> None:
        self._first = 0
        self._uncounted = 1 if supervised else 0
        self._memory_bytes = 0
        self._peak = 0
        self._out_of_memory = False
        self._next_look: asyncio.TimerHandle | None = None

    def attach(self, pid: int) -> None:
        """Remembers the first process."""
        self._first = pid

    def limit(self, limits: Limits) -> None:
        """Begins to look at the memory; the sandbox itself limits processes, and nothing limits CPU."""
        self._memory_bytes = limits.memory_bytes
        self._look()

    def limit_cpu(self, cores: float) -> None:
        """Does nothing: Capabilities.cpu says so."""

    def freeze(self) -> None:
        """Stops what runs now, the first process last seen first, and looks no more."""
        self._cancel()
        for pid in self._processes():
            _signal(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it run again."""
        for pid in self._processes():
            _signal(pid, signal.SIGCONT)
        if self._memory_bytes:
            self._look()

    def kill(self) -> None:
        """Ends what runs now."""
        for pid in self._processes():
            _signal(pid, signal.SIGKILL)

    def out_of_memory(self) -> bool:
        """Whether the sandbox was killed for its memory."""
        return self._out_of_memory

    def peak_memory_bytes(self) -> int:
        """The most memory that was seen."""
        self._measure()
        return self._peak

    def remove(self) -> None:
        """Stops looking."""
        self._cancel()

    def _look(self) -> None:
        self._cancel()
        if self._measure() > self._memory_bytes:
            self._out_of_memory = True
            self.kill()
            return
        self._next_look = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def _cancel(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None

    def _measure(self) -> int:
        now = sum(_proportional_set_size(pid) for pid in self._processes()[self._uncounted :])
        self._peak = max(self._peak, now)
        return now

    def _processes(self) -> list[int]:
        """The first process and its descendants; orphans are its children too."""
        found = [self._first]
        for pid in found:
            with suppress(*_GONE):
                found += [
                    int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                ]
        return found


class ProcessGroups(Struct, frozen=True):
    """Makes groups that need nothing of the machine."""

    folders: tuple[Path, ...] = ()

    def make(self, name: str) -> ProcessGroup:
        """A new group."""
        return ProcessGroup(supervised=True)

    def remove(self) -> None:
        """Does nothing: there is nothing to give back."""


def _proportional_set_size(pid: int) -> int:
    with suppress(*_GONE):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(*_GONE):
        os.kill(pid, number)
