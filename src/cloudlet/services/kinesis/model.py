"""Streams, shards and records as values, and the rules of hash keys and shard ids. No I/O, no clock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.services.kinesis.sequence import LAST_PLACE, sequence_number

HASH_KEYS: Final = 1 << 128
ON_DEMAND_SHARDS: Final = 4
"""The shards of a new on-demand stream."""
DEFAULT_RETENTION_HOURS: Final = 24
DEFAULT_RECORD_KIB: Final = 1024
SHARD_LEVEL_METRICS: Final = (
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
)
_LATEST_SHARD: Final = (1 << 31) - 1
_COMMITTED_SECONDS: Final = 24 * 3600


class StreamMode(Enum):
    """Who decides on the number of shards."""

    PROVISIONED = "PROVISIONED"
    ON_DEMAND = "ON_DEMAND"


class Distribution(Enum):
    """Who decides on a record's shard."""

    AUTO = "AUTO"
    USER_PARTITION_KEY = "USER_PARTITION_KEY"


class Status(Enum):
    """Where a stream or a consumer stands."""

    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    UPDATING = "UPDATING"
    DELETING = "DELETING"


class Stream(Struct, frozen=True):
    """A stream."""

    name: str
    created_at: float
    """Seconds since 1970."""
    mode: StreamMode
    status: Status = Status.CREATING
    next_shard: int = 0
    """The index of the next shard that is made."""
    open_shards: int = 0
    retention_hours: int = DEFAULT_RETENTION_HOURS
    max_record_kib: int = DEFAULT_RECORD_KIB
    key_id: str | None = None
    """The KMS key that records are encrypted with."""
    metrics: tuple[str, ...] = ()
    """The shard-level metrics that enhanced monitoring tells."""
    tags: Mapping[str, str] = field(default_factory=dict)
    distribution: Distribution = Distribution.USER_PARTITION_KEY
    warm_mibps: int | None = None
    """The write throughput that an on-demand stream is to be ready for."""
    rescaled_at: tuple[float, ...] = ()
    """When UpdateShardCount was called in the last day."""
    mode_changed_at: tuple[float, ...] = ()
    """When UpdateStreamMode was called in the last day."""

    def in_status(self, status: Status) -> Stream:
        """The stream after a change of its state."""
        return replace(self, status=status)

    @property
    def encryption_type(self) -> str:
        """NONE or KMS."""
        return "NONE" if self.key_id is None else "KMS"

    def oldest_kept(self, now: float) -> int:
        """The millisecond before which records have expired."""
        return int((now - self.retention_hours * 3600) * 1000)


class Shard(Struct, frozen=True):
    """A shard, with the allocation of its sequence numbers."""

    index: int
    first_hash: str
    """Decimal, because it does not fit into 64 bits; as last_hash."""
    last_hash: str
    created_at: int
    """Seconds since 1970."""
    parent: int | None = None
    adjacent_parent: int | None = None
    children: tuple[int, ...] = ()
    closed_at: int | None = None
    next_place: int = 1
    """The place of the next record."""
    first_place: int = 1
    """No record before this place is left."""
    last_arrival: int = 0
    """When the last record came, in milliseconds since 1970: records of a shard come in the order of time."""
    counted_second: int = 0
    """The second whose records and bytes are counted, where throughput is limited."""
    counted_records: int = 0
    counted_bytes: int = 0

    @property
    def id(self) -> str:
        """The id by which clients know it."""
        return shard_id(self.index)

    @property
    def is_open(self) -> bool:
        """Whether it takes records."""
        return self.closed_at is None

    def with_record(self, now: int) -> Shard:
        """The shard after one more record, which came at a millisecond."""
        return replace(self, next_place=self.next_place + 1, last_arrival=max(now, self.last_arrival))

    def counting(self, second: int, size_bytes: int) -> Shard:
        """The shard with a record counted against what may come in a second."""
        if second != self.counted_second:
            return replace(self, counted_second=second, counted_records=1, counted_bytes=size_bytes)
        return replace(
            self,
            counted_records=self.counted_records + 1,
            counted_bytes=self.counted_bytes + size_bytes,
        )

    def sequence_number(self, place: int, second: int) -> str:
        """The sequence number of one of its records."""
        return sequence_number(self.created_at, self.index, place, second)

    @property
    def starting_sequence_number(self) -> str:
        """Where it begins."""
        return self.sequence_number(0, self.created_at)

    @property
    def ending_sequence_number(self) -> str | None:
        """Where it ends, once it is closed."""
        return None if self.closed_at is None else self.sequence_number(LAST_PLACE, self.closed_at)


class Consumer(Struct, frozen=True):
    """Somebody who reads a stream by enhanced fan-out."""

    name: str
    stream_name: str
    created_at: int
    """Seconds since 1970; part of its ARN."""
    status: Status = Status.CREATING
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def resource(self) -> str:
        """What its ARN ends with."""
        return f"stream/{self.stream_name}/consumer/{self.name}:{self.created_at}"


class Subscription(Struct, frozen=True):
    """The one reader that a consumer's shard is pushed to."""

    id: str
    since: float


class Commitment(Struct, frozen=True):
    """An account's minimum throughput billing commitment."""

    started_at: float
    ended_at: float | None = None
    ends_when_allowed: bool = False

    @property
    def earliest_end(self) -> float:
        """Before this it cannot end: it lasts for a day at least."""
        return self.started_at + _COMMITTED_SECONDS

    def end(self, now: float) -> float | None:
        """When it ended; None while it lasts."""
        if self.ended_at is None and self.ends_when_allowed and now >= self.earliest_end:
            return self.earliest_end
        return self.ended_at


class Record(Struct, frozen=True):
    """A record as its shard keeps it, under its place."""

    data: bytes
    partition_key: str | None
    """None only where the stream itself distributes its records."""
    arrived_at: int
    """Milliseconds since 1970."""
    data_key: bytes = b""
    """What the data are sealed with, itself encrypted by KMS; empty where they are not."""

    @property
    def encrypted(self) -> bool:
        """Whether the data are sealed."""
        return bool(self.data_key)


def shard_id(index: int) -> str:
    """A shard's id."""
    return f"shardId-{index:012d}"


def shard_index(given: str) -> int | None:
    """The shard that an id means; AWS reads the digits after the first dash, whatever stands before it."""
    head, _, tail = given.partition("-")
    digits = tail.partition("-")[0] or head
    if not digits.isascii() or not digits.isdecimal() or int(digits) > _LATEST_SHARD:
        return None
    return int(digits)


def hash_key(partition_key: str) -> int:
    """Where a partition key falls."""
    return int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest(), "big")


def uniform_ranges(count: int) -> list[tuple[int, int]]:
    """All hash keys in `count` equal ranges; the last one has what is left over."""
    width = HASH_KEYS // count
    starts = [width * place for place in range(count)]
    return list(zip(starts, [start - 1 for start in starts[1:]] + [HASH_KEYS - 1], strict=True))


def describe_shard(shard: Shard) -> dict[str, Any]:
    """A shard as DescribeStream and ListShards tell it."""
    described: dict[str, Any] = {"ShardId": shard.id}
    if shard.parent is not None:
        described["ParentShardId"] = shard_id(shard.parent)
    if shard.adjacent_parent is not None:
        described["AdjacentParentShardId"] = shard_id(shard.adjacent_parent)
    described["HashKeyRange"] = hash_key_range(shard)
    described["SequenceNumberRange"] = {"StartingSequenceNumber": shard.starting_sequence_number}
    if shard.ending_sequence_number is not None:
        described["SequenceNumberRange"]["EndingSequenceNumber"] = shard.ending_sequence_number
    return described


def hash_key_range(shard: Shard) -> dict[str, str]:
    """The hash keys of a shard."""
    return {"StartingHashKey": shard.first_hash, "EndingHashKey": shard.last_hash}


def describe_record(shard: Shard, place: int, record: Record) -> dict[str, Any]:
    """A record as GetRecords and SubscribeToShard tell it."""
    described = {
        "SequenceNumber": shard.sequence_number(place, record.arrived_at // 1000),
        "ApproximateArrivalTimestamp": datetime.fromtimestamp(record.arrived_at / 1000, UTC),
        "Data": record.data,
    }
    if record.partition_key is not None:
        described["PartitionKey"] = record.partition_key
    if record.encrypted:
        described["EncryptionType"] = "KMS"
    return described
