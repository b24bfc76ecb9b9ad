"""Lines on their way to CloudWatch Logs: held for a moment in memory, then put in batches that it takes.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
Whose lines they are, and who asks CloudWatch Logs to take them, is its users' affair.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from cloudlet.core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cloudlet.core.call import Call

Target = TypeVar("Target")

_LOG: Final = logging.getLogger("cloudlet.logs")
_GATHER_SECONDS: Final = 0.1
_BATCH_LIMIT_BYTES: Final = 1_000_000
_BATCH_LIMIT_EVENTS: Final = 10_000
_EVENT_OVERHEAD_BYTES: Final = 26
_THERE_ALREADY: Final = "ResourceAlreadyExistsException"


def batches_of(lines: Iterable[tuple[int, str]]) -> Iterator[list[dict[str, Any]]]:
    """Lines with their milliseconds since 1970, oldest first, as the events of PutLogEvents."""
    batch: list[dict[str, Any]] = []
    size = 0
    for at, message in lines:
        room = len(message.encode()) + _EVENT_OVERHEAD_BYTES
        if batch and (size + room > _BATCH_LIMIT_BYTES or len(batch) == _BATCH_LIMIT_EVENTS):
            yield batch
            batch, size = [], 0
        batch.append({"timestamp": at, "message": message})
        size += room
    if batch:
        yield batch


async def make_group(call: Call, group: str) -> None:
    """Has a log group made, unless it is there. Raises ServiceError where CloudWatch Logs refuses."""
    await _make(call, "CreateLogGroup", {"logGroupName": group})


async def make_stream(call: Call, group: str, stream: str) -> None:
    """Has a log stream made, unless it is there. Raises ServiceError where CloudWatch Logs refuses."""
    await _make(call, "CreateLogStream", {"logGroupName": group, "logStreamName": stream})


async def put_lines(call: Call, group: str, stream: str, lines: Iterable[tuple[int, str]]) -> None:
    """Puts lines, oldest first, into a stream. Raises ServiceError where CloudWatch Logs refuses."""
    for batch in batches_of(lines):
        request = {"logGroupName": group, "logStreamName": stream, "logEvents": batch}
        await call.ask("logs", "PutLogEvents", request)


async def _make(call: Call, operation: str, request: Mapping[str, str]) -> None:
    try:
        await call.ask("logs", operation, request)
    except ServiceError as error:
        if error.code != _THERE_ALREADY:
            raise


class HeldLines(Generic[Target]):
    """Lines that wait for their delivery, each kept for its target: whatever tells logs apart."""

    def __init__(self, whose: str, limit_bytes: int) -> None:
        self._whose = whose
        """Whose logs they are, for the server's own log."""
        self._limit_bytes = limit_bytes
        self._lines: dict[Target, deque[tuple[int, str]]] = {}
        self._bytes = 0
        self._lost = 0
        self._something = asyncio.Event()

    def add(self, target: Target, seconds: float, message: str) -> None:
        """Takes a line; beyond the bound it is counted and lost."""
        if self._bytes > self._limit_bytes:
            self._lost += 1
            return
        lines = self._lines.get(target)
        if lines is None:
            lines = self._lines[target] = deque()
            self._something.set()
        lines.append((int(seconds * 1000), message))
        self._bytes += len(message)

    async def gather(self) -> None:
        """Returns a little after there is something to take."""
        await self._something.wait()
        await asyncio.sleep(_GATHER_SECONDS)

    def take(self) -> dict[Target, deque[tuple[int, str]]]:
        """All that is held now, with milliseconds since 1970; what was lost is told."""
        taken, self._lines = self._lines, {}
        self._bytes = 0
        self._something.clear()
        if self._lost:
            _LOG.warning("%d lines of %s' logs were lost: they came too fast", self._lost, self._whose)
            self._lost = 0
        return taken
