"""Streams, shards and records as values, and how sequence numbers are written.

No I/O, no clock. A table's own note of its stream is in the model of tables.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from math import ceil
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.services.dynamodb.model import PARTITION_BYTES, KeySchema, OpenShard, Throughput
from cloudlet.services.dynamodb.policies import ResourcePolicy

INSERT: Final = "INSERT"
MODIFY: Final = "MODIFY"
REMOVE: Final = "REMOVE"
WITH_NEW_IMAGE: Final = frozenset(("NEW_IMAGE", "NEW_AND_OLD_IMAGES"))
WITH_OLD_IMAGE: Final = frozenset(("OLD_IMAGE", "NEW_AND_OLD_IMAGES"))

_STEP: Final = 100 * 10**20 + 1
"""From one sequence number to the next: DynamoDB's are a growing number, then twenty digits that grow too."""
_EVENT_ID_BYTES: Final = 16
_PARTITION_READS: Final = 3000
_PARTITION_WRITES: Final = 1000
_MOST_SHARDS: Final = 64
_HASHES: Final = 1 << (8 * PARTITION_BYTES)


class Stream(Struct, frozen=True):
    """A stream of a table, which outlives the table by a day."""

    table_name: str
    label: str
    view_type: str
    created: float
    keys: KeySchema
    disabled: float | None = None
    """When it stopped to get records; None while it gets them."""
    policy: ResourcePolicy | None = None

    @property
    def resource(self) -> str:
        """What the stream's ARN ends with."""
        return stream_resource(self.table_name, self.label)


class Shard(Struct, frozen=True):
    """A part of a stream, and the numbers of its records."""

    id: str
    opened: float
    first: int
    """The number that its first record has or would have."""
    next: int
    """The number that the next record gets."""
    oldest: int
    """No record below it is left."""
    parent: str | None = None
    closed: float | None = None
    """When it got its last record; None while it gets more."""

    def closed_at(self, now: float) -> Shard:
        """The shard as it takes no more records. Its end takes a number, as DynamoDB's does."""
        return replace(self, next=self.next + 1, closed=now)


class Record(Struct, frozen=True):
    """One change of one item, with what its stream shows of it."""

    event: str
    created: float
    keys: dict[str, dict[str, Any]]
    new: dict[str, dict[str, Any]] | None = None
    old: dict[str, dict[str, Any]] | None = None
    expired: bool = False
    """Whether it was the time to live that removed the item."""


def stream_resource(table_name: str, label: str) -> str:
    """What a stream's ARN ends with."""
    return f"table/{table_name}/stream/{label}"


def stream_label(created: float) -> str:
    """The label of a stream made at a time: the time, to the millisecond."""
    moment = datetime(1970, 1, 1) + timedelta(milliseconds=round(created * 1000))
    return moment.isoformat(timespec="milliseconds")


def sequence_number(number: int) -> str:
    """How a record's number is written; as a number it is larger than those of the records before."""
    return str(number * _STEP)


def number_from(text: str) -> int:
    """The number of the first record whose sequence number is not below one."""
    return -(-int(text) // _STEP)


def event_id(stream: Stream, shard: Shard, number: int) -> str:
    """The id of a record's event, which is the same whenever the record is read."""
    return blake2b(f"{shard.id} {stream.resource} {number}".encode(), digest_size=_EVENT_ID_BYTES).hexdigest()


def shards_for(throughput: Throughput) -> int:
    """How many open shards a stream has: as many as its table has partitions for what is provisioned."""
    partitions = ceil(throughput.read_units / _PARTITION_READS + throughput.write_units / _PARTITION_WRITES)
    return min(max(1, partitions), _MOST_SHARDS)


def even_hashes(count: int) -> list[bytes]:
    """Where shards begin that are equally wide."""
    return [_hash(part * _HASHES // count) for part in range(count)]


def widest_shard(shards: tuple[OpenShard, ...]) -> tuple[OpenShard, bytes]:
    """The shard that gets the most partitions, and the middle of them."""
    starts = [int.from_bytes(shard.first_hash, "big") for shard in shards]
    ends = [*starts[1:], _HASHES]
    widest = max(range(len(shards)), key=lambda index: ends[index] - starts[index])
    return shards[widest], _hash((starts[widest] + ends[widest]) // 2)


def _hash(number: int) -> bytes:
    return number.to_bytes(PARTITION_BYTES, "big")
