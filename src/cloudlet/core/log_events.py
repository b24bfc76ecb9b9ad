"""Lines on their way to CloudWatch Logs, in batches that it takes.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
Asks nobody; whose lines they are is its users' affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BATCH_LIMIT_BYTES: Final = 1_000_000
_BATCH_LIMIT_EVENTS: Final = 10_000
_EVENT_OVERHEAD_BYTES: Final = 26


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
