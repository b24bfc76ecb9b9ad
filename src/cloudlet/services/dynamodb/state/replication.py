"""What replicas of tables tell each other: versions of items, writes on their way, replicas in the making.

All of it is written with the item, in its transaction. The layout of the keys is in keys.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.rows import Rows
from cloudlet.core.store import LAST
from cloudlet.services.dynamodb.replication import (
    CREATING,
    DELETING,
    UNVERSIONED,
    ReplicatedWrite,
    ReplicaWork,
    Version,
)
from cloudlet.services.dynamodb.state import keys, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.values import Item

REPLICATION_TOPIC: Final = "dynamodb-replication"
_ENCODER: Final = msgspec.msgpack.Encoder()
_VERSION_DECODER: Final = msgspec.msgpack.Decoder(Version)
_WRITE_DECODER: Final = msgspec.msgpack.Decoder(ReplicatedWrite)
_WORK: Final = Rows(("dynamodb-work", "replica"), ReplicaWork)
_MICROSECONDS: Final = 1_000_000


class WriteQueue(Struct, frozen=True):
    """The oldest writes that a table has for one other region."""

    account: str
    region: str
    table_id: str
    target_region: str
    writes: tuple[tuple[int, ReplicatedWrite], ...]
    """With their numbers."""

    @property
    def key(self) -> Key:
        """Where it stands among the queues."""
        return self.account, self.region, self.table_id, self.target_region


def in_region(call: Call, region: str) -> Call:
    """The call in another region of the same account."""
    return replace(call, region=region)


def siblings(call: Call, table: Table) -> Iterator[tuple[Call, Table]]:
    """The replicas of a table, also those in the making, each with the call in its region."""
    for each in table.replicas:
        there = in_region(call, each.region)
        sibling = tables.find_table(there, table.name)
        if sibling is not None and each.status != DELETING:
            yield there, sibling


def record_write(
    call: Call, table: Table, row_key: tuple[bytes, ...], key: Item, new: Item | None, remote: Version | None
) -> None:
    """Gives a write its version, or keeps that of a remote one, and has those regions told that lack it."""
    version = remote or _next_version(call, table, row_key)
    if version != UNVERSIONED:
        _save_version(call, table, row_key, version, deleted=new is None)
    write = ReplicatedWrite(table.name, key, new, version)
    for each in table.replicas:
        # A replica in the making gets what its source hears of others that do not know it yet.
        is_copied_here = each.status == CREATING and each.source_region == call.region
        if (remote is None and each.status != DELETING) or (remote is not None and is_copied_here):
            _enqueue(call, table, each.region, write)


def find_version(call: Call, table: Table, row_key: tuple[bytes, ...]) -> Version | None:
    """Which write the item at a position is, or its deletion; None where no write is known."""
    row = call.transaction.get((*keys.version_prefix(call, table.id), *row_key))
    return None if row is None else _VERSION_DECODER.decode(row)


def forget_replication(call: Call, table_id: str) -> None:
    """Forgets which writes a table's items are, and how many it told: it has no replicas, or is gone."""
    for prefix in (keys.version_prefix(call, table_id), keys.replication_counter_prefix(call, table_id)):
        call.transaction.delete_range(prefix, (*prefix, LAST))


def next_queue(call: Call, after: Key, limit: int) -> WriteQueue | None:
    """The first queue beyond another, with its oldest writes; None where all is told."""
    start = (*keys.REPLICATION, *after, LAST) if after else keys.REPLICATION
    first = next(call.transaction.range(start, (*keys.REPLICATION, LAST), limit=1), None)
    if first is None:
        return None
    account, region, table_id, target = (str(part) for part in first[0][len(keys.REPLICATION) : -1])
    prefix = (*keys.REPLICATION, account, region, table_id, target)
    rows = call.transaction.range(prefix, (*prefix, LAST), limit=limit)
    writes = tuple((int(str(key[-1])), _WRITE_DECODER.decode(row)) for key, row in rows)
    return WriteQueue(account, region, table_id, target, writes)


def forget_writes(call: Call, queue: WriteQueue) -> None:
    """Removes writes that were told."""
    for number, _ in queue.writes:
        call.transaction.delete((*keys.REPLICATION, *queue.key, number))


def forget_queue(call: Call, table: Table, target_region: str) -> None:
    """Removes whatever a table has for a region that has no replica any more."""
    prefix = (*keys.REPLICATION, call.account, call.region, table.id, target_region)
    call.transaction.delete_range(prefix, (*prefix, LAST))
    call.transaction.delete((*keys.replication_counter_prefix(call, table.id), target_region))


def has_queues(call: Call, table_id: str) -> bool:
    """Whether a table of the call's region still has writes for other regions."""
    prefix = (*keys.REPLICATION, call.account, call.region, table_id)
    return any(call.transaction.range(prefix, (*prefix, LAST), limit=1))


def start_replica_work(call: Call, work: ReplicaWork) -> None:
    """Has a replica made or removed."""
    save_replica_work(call, work)
    call.wake(REPLICATION_TOPIC)


def save_replica_work(call: Call, work: ReplicaWork) -> None:
    """Remembers how far that is."""
    _WORK.save(call, work, work.account, work.region, work.table_id, work.replica_region)


def find_replica_work(call: Call, work: ReplicaWork) -> ReplicaWork | None:
    """How far it is by now, or None where it is done."""
    return _WORK.find(call, work.account, work.region, work.table_id, work.replica_region)


def end_replica_work(call: Call, work: ReplicaWork) -> None:
    """Forgets what is done."""
    _WORK.delete(call, work.account, work.region, work.table_id, work.replica_region)


def list_replica_work(call: Call) -> list[ReplicaWork]:
    """The replicas of all accounts that are being made or removed."""
    return list(_WORK.below(call))


def forget_deletions(call: Call, before: float, limit: int) -> bool:
    """Forgets the versions of some items that were deleted before a time; whether there may be more."""
    prefix = keys.DELETED_VERSIONS
    rows = list(call.transaction.range(prefix, (*prefix, int(before)), limit=limit))
    for key, _ in rows:
        second, account, region, *rest = key[len(prefix) :]
        version_key = ("dynamodb", account, region, "version", *rest)
        row = call.transaction.get(version_key)
        if row is not None and _VERSION_DECODER.decode(row).micros // _MICROSECONDS == second:
            call.transaction.delete(version_key)
        call.transaction.delete(key)
    return len(rows) == limit


def _next_version(call: Call, table: Table, row_key: tuple[bytes, ...]) -> Version:
    """That of a write which happens now, later than whatever its region has seen of the item."""
    known = find_version(call, table, row_key) or UNVERSIONED
    return Version(max(round(call.time() * _MICROSECONDS), known.micros + 1), call.region)


def _save_version(
    call: Call, table: Table, row_key: tuple[bytes, ...], version: Version, *, deleted: bool
) -> None:
    call.transaction.put((*keys.version_prefix(call, table.id), *row_key), _ENCODER.encode(version))
    if deleted:
        second = version.micros // _MICROSECONDS
        place = (*keys.DELETED_VERSIONS, second, call.account, call.region, table.id, *row_key)
        call.transaction.put(place, b"")


def _enqueue(call: Call, table: Table, target_region: str, write: ReplicatedWrite) -> None:
    counter_key = (*keys.replication_counter_prefix(call, table.id), target_region)
    counter = call.transaction.get(counter_key)
    number = 0 if counter is None else int(counter)
    call.transaction.put(counter_key, str(number + 1).encode())
    place = (*keys.REPLICATION, call.account, call.region, table.id, target_region, number)
    call.transaction.put(place, _ENCODER.encode(write))
    call.wake(REPLICATION_TOPIC)
