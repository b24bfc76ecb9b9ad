"""Log groups, streams and events as values, and the rules of a batch. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.services.logs.errors import InvalidParameterException

MILLISECONDS_A_DAY: Final = 86_400_000
EVENT_OVERHEAD_BYTES: Final = 26
"""What PutLogEvents counts for each event besides its text."""
_BATCH_BYTES: Final = 1_048_576
_TOO_OLD_MILLISECONDS: Final = 14 * MILLISECONDS_A_DAY
_TOO_NEW_MILLISECONDS: Final = 2 * 3_600_000
RETENTION_DAYS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


class LogGroup(Struct, frozen=True):
    """A log group."""

    name: str
    created_at: int
    """Milliseconds since 1970, as all times here."""
    retention_days: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    log_group_class: str = "STANDARD"
    kms_key_id: str | None = None
    """The KMS key that its new events are sealed with."""

    def oldest_kept(self, now: int) -> int:
        """The time before which events have expired."""
        return 0 if self.retention_days is None else now - self.retention_days * MILLISECONDS_A_DAY


class LogStream(Struct, frozen=True):
    """A log stream, with what DescribeLogStreams tells of its events."""

    name: str
    created_at: int
    next_sequence: int = 0
    first_event_at: int | None = None
    last_event_at: int | None = None
    last_ingested_at: int | None = None

    def with_events(self, events: Sequence[LogEvent], now: int) -> LogStream:
        """The stream after a batch."""
        first, last = events[0].timestamp, events[-1].timestamp
        return replace(
            self,
            next_sequence=self.next_sequence + len(events),
            first_event_at=first if self.first_event_at is None else min(first, self.first_event_at),
            last_event_at=last if self.last_event_at is None else max(last, self.last_event_at),
            last_ingested_at=now,
        )


class LogEvent(Struct, frozen=True):
    """One event of a stream."""

    timestamp: int
    sequence: int
    """Its place among the stream's events, by arrival."""
    message: str
    """Empty where it is sealed."""
    ingested_at: int
    data_key: bytes = b""
    """What the message is sealed with, encrypted by KMS; empty where it is not sealed."""
    sealed: bytes = b""


class Batch(Struct, frozen=True):
    """What of a PutLogEvents request is taken, and what is not."""

    events: Sequence[LogEvent]
    rejected: Mapping[str, int]
    """The members of rejectedLogEventsInfo."""


def accept(events: Sequence[Mapping[str, Any]], group: LogGroup, first_sequence: int, now: int) -> Batch:
    """Holds a batch against the rules of PutLogEvents. Raises InvalidParameterException.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
    """
    times = [event["timestamp"] for event in events]
    _check_batch(events, times)
    too_old = sum(time < now - _TOO_OLD_MILLISECONDS for time in times)
    expired = sum(time < group.oldest_kept(now) for time in times)
    in_time = sum(time <= now + _TOO_NEW_MILLISECONDS for time in times)
    rejected = {}
    if in_time < len(times):
        rejected["tooNewLogEventStartIndex"] = in_time
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if expired:
        rejected["expiredLogEventEndIndex"] = expired
    kept = events[max(too_old, expired) : in_time]
    return Batch(
        [
            LogEvent(event["timestamp"], first_sequence + place, event["message"], now)
            for place, event in enumerate(kept)
        ],
        rejected,
    )


def _check_batch(events: Sequence[Mapping[str, Any]], times: Sequence[int]) -> None:
    if any(later < earlier for earlier, later in pairwise(times)):
        raise InvalidParameterException(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    if times[-1] - times[0] > MILLISECONDS_A_DAY:
        raise InvalidParameterException(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )
    size = sum(len(event["message"].encode()) + EVENT_OVERHEAD_BYTES for event in events)
    if size > _BATCH_BYTES:
        raise InvalidParameterException(f"Upload too large: {size} bytes exceeds limit of {_BATCH_BYTES}")


def event_id(event: LogEvent) -> str:
    """An event's id: 56 digits that order events by time, as AWS's do."""
    return f"{event.timestamp:026d}{event.sequence:030d}"


class ResourcePolicy(Struct, frozen=True):
    """Which other services may write to the log groups of an account in a region."""

    name: str
    document: str
    updated_at: int
    """Milliseconds since 1970."""

    def describe(self) -> dict[str, Any]:
        """The policy as answers tell it."""
        return {
            "policyName": self.name,
            "policyDocument": self.document,
            "lastUpdatedTime": self.updated_at,
            "policyScope": "ACCOUNT",
        }
