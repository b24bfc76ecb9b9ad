"""Tables and their indexes as values, and the rules of keys that need no store.

No I/O, no clock, no requests: what CreateTable demands is in definitions.py.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.services.dynamodb.destinations import ACTIVE, Destination
from cloudlet.services.dynamodb.insights import Insights
from cloudlet.services.dynamodb.policies import ResourcePolicy
from cloudlet.services.dynamodb.recovery import Recovery, Restoring
from cloudlet.services.dynamodb.replication import Replica
from cloudlet.services.dynamodb.values import order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.services.dynamodb.values import AttributeValue, Item

PROVISIONED: Final = "PROVISIONED"
PAY_PER_REQUEST: Final = "PAY_PER_REQUEST"
PARTITION_BYTES: Final = 4
MIN_NAME: Final = 3
MAX_NAME: Final = 255
NAME_PATTERN: Final = "[a-zA-Z0-9_.-]+"
_SECOND_DIGITS: Final = 12
_DAY_SECONDS: Final = 86400


class KeySchema(Struct, frozen=True):
    """The attributes that make a key: the partition key and, for some, the sort key.

    Those of a global index may each be of several attributes.
    """

    partition: str
    sort: str | None = None
    further_partitions: tuple[str, ...] = ()
    further_sorts: tuple[str, ...] = ()

    @property
    def partitions(self) -> tuple[str, ...]:
        """The attributes of the partition key."""
        return (self.partition, *self.further_partitions)

    @property
    def sorts(self) -> tuple[str, ...]:
        """The attributes of the sort key, by which items stand one after the other."""
        return () if self.sort is None else (self.sort, *self.further_sorts)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of all."""
        if self.has_several:
            return (*self.partitions, *self.sorts)
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    @property
    def has_several(self) -> bool:
        """Whether the partition key or the sort key is of several attributes."""
        return bool(self.further_partitions or self.further_sorts)

    def row_key(self, item: Item) -> tuple[bytes, ...]:
        """Where an item stands: a hash that spreads partitions, the partition key, the sort key."""
        if self.has_several:
            position = self.position_of([item[name] for name in self.attributes])
            return position if self.sorts else (*position, b"")
        partition = order(item[self.partition])
        return partition_hash(partition), partition, b"" if self.sort is None else order(item[self.sort])

    def position_of(self, values: Sequence[AttributeValue]) -> tuple[bytes, ...]:
        """Where the items begin that have these values in their first key attributes."""
        encoded = [order(value) for value in values]
        spread = encoded[0]
        if self.further_partitions:
            parts = encoded[: len(self.partitions)]
            spread = b"".join(len(part).to_bytes(PARTITION_BYTES, "big") + part for part in parts)
        return partition_hash(spread), *encoded

    def key_of(self, item: Item) -> Item:
        """The key attributes of an item."""
        return {name: item[name] for name in self.attributes}


class Throughput(Struct, frozen=True):
    """Provisioned capacity, and when it changed."""

    read_units: int = 0
    write_units: int = 0
    last_increase: float | None = None
    last_decrease: float | None = None
    decreases_today: int = 0

    def changed_to(self, read_units: int, write_units: int, now: float) -> Throughput:
        """The same with other units; remembers whether it went up or down."""
        increased = read_units > self.read_units or write_units > self.write_units
        decreased = read_units < self.read_units or write_units < self.write_units
        return Throughput(
            read_units,
            write_units,
            now if increased else self.last_increase,
            now if decreased else self.last_decrease,
            self.decreases_on(now) + decreased,
        )

    def decreases_on(self, now: float) -> int:
        """How often it was decreased on the day of UTC that is now."""
        same_day = (
            self.last_decrease is not None and self.last_decrease // _DAY_SECONDS == now // _DAY_SECONDS
        )
        return self.decreases_today if same_day else 0

    def as_of(self, now: float) -> Throughput:
        """The same, with the decreases of the day of UTC that is now."""
        return replace(self, decreases_today=self.decreases_on(now))


class OnDemandThroughput(Struct, frozen=True):
    """The most that an on-demand table or index may use; -1 is no limit."""

    max_read_units: int = -1
    max_write_units: int = -1


class WarmThroughput(Struct, frozen=True):
    """The reads and writes a second that a table or an index can do without preparation."""

    read_units: int
    write_units: int

    def at_least(self, other: WarmThroughput) -> WarmThroughput:
        """The greater of both, of reads and of writes."""
        return WarmThroughput(
            max(self.read_units, other.read_units), max(self.write_units, other.write_units)
        )


class Index(Struct, frozen=True):
    """A secondary index: local if it shares the table's partition key by definition, global otherwise."""

    name: str
    keys: KeySchema
    local: bool
    projection: str
    """ALL, KEYS_ONLY or INCLUDE."""
    included: tuple[str, ...] = ()
    throughput: Throughput = Throughput()
    backfilling: bool = False
    """Whether items that were there before the index still have to get into it."""
    on_demand_throughput: OnDemandThroughput | None = None
    warm: WarmThroughput | None = None
    """What it was warm for at most; None as long as that is what its throughput says."""

    def holds(self, item: Item) -> bool:
        """Whether an item has all attributes of the index's key."""
        if self.keys.has_several:
            return all(name in item for name in self.keys.attributes)
        return self.keys.partition in item and (self.keys.sort is None or self.keys.sort in item)

    def projected(self, item: Item, table_keys: KeySchema) -> Item:
        """What the index keeps of an item."""
        if self.projection == "ALL":
            return item
        kept = {*table_keys.attributes, *self.keys.attributes, *self.included}
        return {name: value for name, value in item.items() if name in kept}


class OpenShard(Struct, frozen=True):
    """A shard that gets records: those of the partitions from a hash up to the next shard's."""

    first_hash: bytes
    id: str


class TableStream(Struct, frozen=True):
    """The stream that a table writes to."""

    label: str
    view_type: str
    shards: tuple[OpenShard, ...]
    """By their first hash; the first one's is empty."""

    def shard_of(self, hash_: bytes) -> str:
        """The shard that gets the records of a partition."""
        return next(shard.id for shard in reversed(self.shards) if shard.first_hash <= hash_)


class Encryption(Struct, frozen=True):
    """The key of KMS that a table is encrypted with."""

    key_arn: str
    data_key: bytes
    """Encrypted with that key; the table's own, for as long as it stays with it."""
    managed: bool = False
    """Whether the key is AWS's own in the account."""


class Table(Struct, frozen=True):
    """A table as it is stored: everything but its items."""

    name: str
    id: str
    created: float
    attribute_types: dict[str, str]
    """The types of all key attributes, in the order in which they were defined."""
    keys: KeySchema
    billing_mode: str = PROVISIONED
    throughput: Throughput = Throughput()
    indexes: tuple[Index, ...] = ()
    on_demand_since: float | None = None
    on_demand_throughput: OnDemandThroughput | None = None
    table_class: str | None = None
    deletion_protection: bool = False
    time_to_live: str | None = None
    """The attribute that says when an item expires."""
    tags: tuple[tuple[str, str], ...] = ()
    stream: TableStream | None = None
    latest_stream_label: str | None = None
    """The label of its stream, also of one that gets no more records."""
    destinations: tuple[Destination, ...] = ()
    """The Kinesis data streams that get its changes, or got them once."""
    policy: ResourcePolicy | None = None
    recovery: Recovery | None = None
    restoring: Restoring | None = None
    """What it is being filled with; None as soon as it can be used."""
    copies: tuple[str, ...] = ()
    """The copies that are being made of it."""
    insights: tuple[Insights, ...] = ()
    """Those of the table and its indexes that were ever turned on."""
    time_to_live_changed: float | None = None
    replicas: tuple[Replica, ...] = ()
    """Those in other regions, in the order in which they were added."""
    warm: WarmThroughput | None = None
    """What it was warm for at most; None as long as that is what its throughput says."""
    table_class_changes: tuple[float, ...] = ()
    """When its class was changed, the last two times."""
    encryption: Encryption | None = None
    """None is a key that DynamoDB owns, of which nobody is told."""
    encryption_changes: tuple[float, ...] = ()
    """When its key was changed, in the day that began with the first of these."""

    @property
    def local_indexes(self) -> tuple[Index, ...]:
        """The local secondary indexes."""
        return tuple(index for index in self.indexes if index.local)

    @property
    def global_indexes(self) -> tuple[Index, ...]:
        """The global secondary indexes."""
        return tuple(index for index in self.indexes if not index.local)

    @property
    def destination(self) -> Destination | None:
        """The Kinesis data stream that gets its changes now, or None."""
        return next((each for each in self.destinations if each.status == ACTIVE), None)

    @property
    def is_followed(self) -> bool:
        """Whether somebody gets its changes, so that a write must know what was there before."""
        return self.stream is not None or self.destination is not None or self.keeps_history

    @property
    def keeps_history(self) -> bool:
        """Whether what was there before a change must be kept."""
        return self.recovery is not None or bool(self.copies)

    def find_replica(self, region: str) -> Replica | None:
        """The replica in a region, or None."""
        return next((each for each in self.replicas if each.region == region), None)

    def with_replica(self, replica: Replica) -> Table:
        """The table with a replica added, or with what it knows of that region's changed."""
        if self.find_replica(replica.region) is None:
            return replace(self, replicas=(*self.replicas, replica))
        changed = tuple(replica if each.region == replica.region else each for each in self.replicas)
        return replace(self, replicas=changed)

    def expiry(self, item: Item) -> int | None:
        """The second at which an item expires, or None if it never does."""
        if self.time_to_live is None:
            return None
        number = item.get(self.time_to_live, {}).get("N")
        if number is None or number.startswith("-"):
            return None
        second = number.partition(".")[0]
        return int(second) if len(second) <= _SECOND_DIGITS else None

    def as_of(self, now: float) -> Table:
        """The same, in which decreases count only if they were made on the day of UTC that is now."""
        indexes = tuple(replace(each, throughput=each.throughput.as_of(now)) for each in self.indexes)
        return replace(self, throughput=self.throughput.as_of(now), indexes=indexes)

    def find_index(self, name: str) -> Index | None:
        """The index of that name, or None."""
        return next((index for index in self.indexes if index.name == name), None)

    def with_index(self, index: Index) -> Table:
        """The table with an index added, or with its like-named one replaced."""
        if self.find_index(index.name) is None:
            return replace(self, indexes=(*self.indexes, index))
        changed = tuple(index if each.name == index.name else each for each in self.indexes)
        return replace(self, indexes=changed)

    def without_index(self, name: str) -> Table:
        """The table without an index, and without the attribute types that nothing needs any more."""
        left = tuple(index for index in self.indexes if index.name != name)
        used = {*self.keys.attributes, *(key for index in left for key in index.keys.attributes)}
        types = {key: kind for key, kind in self.attribute_types.items() if key in used}
        return replace(self, indexes=left, attribute_types=types)


class Count(Struct, frozen=True):
    """A number of items and their bytes."""

    items: int = 0
    size_bytes: int = 0

    def plus(self, other: Count) -> Count:
        """Both together."""
        return Count(self.items + other.items, self.size_bytes + other.size_bytes)


class TableSize(Struct, frozen=True):
    """How much a table held when it was last counted; DynamoDB counts about every six hours."""

    item_count: int = 0
    size_bytes: int = 0
    indexes: dict[str, Count] = field(default_factory=dict)


def partition_hash(partition: bytes) -> bytes:
    """What decides where a partition stands among the others, and in which segment a scan finds it."""
    return hashlib.blake2b(partition, digest_size=PARTITION_BYTES).digest()


def segment_bounds(segment: int, total_segments: int) -> tuple[bytes, bytes | None]:
    """The hashes of a scan's segment: from the first up to but not including the second; None is the end."""
    space = 1 << (8 * PARTITION_BYTES)
    first, last = segment * space // total_segments, (segment + 1) * space // total_segments
    return (
        first.to_bytes(PARTITION_BYTES, "big"),
        None if last == space else last.to_bytes(PARTITION_BYTES, "big"),
    )
