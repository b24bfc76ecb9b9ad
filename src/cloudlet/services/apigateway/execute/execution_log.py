"""The execution log of one request, in AWS's words: what TestInvokeMethod shows and CloudWatch Logs gets.

Delivers nothing and decides nothing; the steps say what happened, `narration.py` how AWS words it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.core.clock import Clock

_LONGEST_LINE: Final = 1024


class Level(IntEnum):
    """How much of a request somebody wants to read."""

    ERROR = 0
    INFO = 1
    DATA = 2
    """What was sent and answered: only with the full request and response log."""


class Line(Struct, frozen=True):
    """One line."""

    time: float
    level: Level
    text: str


class ExecutionLog:
    """The lines so far."""

    __slots__ = ("_clock", "_most", "lines")

    def __init__(self, clock: Clock, most: Level) -> None:
        self._clock = clock
        self._most = most
        self.lines: list[Line] = []

    def add(self, level: Level, text: str) -> None:
        """Writes a line, if its level is wanted; AWS cuts it after 1,024 characters."""
        if level <= self._most:
            cut = text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]} [TRUNCATED]"
            self.lines.append(Line(self._clock.time(), level, cut))

    def wants(self, level: Level) -> bool:
        """Whether lines of a level are kept; those that are not need not be worded."""
        return level <= self._most

    def shown(self, request_id: str) -> str:
        """The log as TestInvokeMethod shows it."""
        lines = (f"{_moment(line.time)} : {line.text}\n" for line in self.lines)
        return f"Execution log for request {request_id}\n{''.join(lines)}"


def masked(value: str) -> str:
    """Something secret, with as much of its end as AWS shows: half of it, at most 6 characters."""
    kept = min(6, len(value) // 2)
    return "*" * (len(value) - kept) + value[len(value) - kept :]


def java_map(items: Iterable[tuple[str, str]]) -> str:
    """Pairs as Java prints a map."""
    return f"{{{', '.join(f'{name}={value}' for name, value in items)}}}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
