"""Reads the records of a shard from a place on, without those that have expired, and removes those.

Used by GetRecords, by subscriptions and by the worker; judges no request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.encryption import Encryption
from cloudlet.services.kinesis.model import (
    Record,
    Shard,
    Stream,
    describe_record,
    hash_key_range,
    shard_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call

_READ_BYTES: Final = 10 * 1024 * 1024
_FIRST_PAGE: Final = 16
_PAGE: Final = 1024
_SMALL_PAGE_BYTES: Final = 256 * 1024


class Batch(Struct, frozen=True):
    """What one read found."""

    records: list[dict[str, Any]]
    """As clients are told."""
    next_place: int
    last_sequence_number: str | None
    milliseconds_behind: int
    child_shards: list[dict[str, Any]] | None
    """Not None where the shard is closed and has been read to its end."""
    size_bytes: int


def read(
    call: Call, stream: Stream, shard: Shard, place: int, limit: int, limit_bytes: int = _READ_BYTES
) -> Batch:
    """At most `limit` records, and at most `limit_bytes` of them unless the first one is larger."""
    now = int(call.time() * 1000)
    place = kept_place(call, stream, shard, place)
    found: list[tuple[int, Record]] = []
    size = 0
    for at, record in _pages(call, stream.name, shard.index, place, limit):
        weight = len(record.data) + len(record.partition_key or "")
        if found and size + weight > limit_bytes:
            break
        size += weight
        found.append((at, record))
    next_place = found[-1][0] + 1 if found else place
    at_tip = next_place >= shard.next_place
    behind = 0 if at_tip or not found else max(0, now - found[-1][1].arrived_at)
    ended = not found and at_tip and not shard.is_open
    encryption = Encryption(call, stream)
    records = [describe_record(shard, at, encryption.opened(record)) for at, record in found]
    last = records[-1]["SequenceNumber"] if records else None
    children = _child_shards(call, stream, shard) if ended else None
    return Batch(records, next_place, last, behind, children, size)


def place_at_time(call: Call, name: str, shard: Shard, milliseconds: int) -> int:
    """The place of the first record that came at a time or after it."""
    low, high = shard.first_place, shard.next_place
    while low < high:
        middle = (low + high) // 2
        record = state.find_record(call, name, shard.index, middle)
        if record is None or record.arrived_at < milliseconds:
            low = middle + 1
        else:
            high = middle
    return low


def trim(call: Call, name: str, index: int) -> None:
    """Removes what of a shard has expired, and the shard itself where it is closed and all of it has."""
    stream, shard = state.find_stream(call, name), state.find_shard(call, name, index)
    if stream is None or shard is None:
        return
    oldest_kept = stream.oldest_kept(call.time())
    place = place_at_time(call, name, shard, oldest_kept)
    if place > shard.first_place:
        state.delete_records(call, name, index, shard.first_place, place)
        state.save_shard(call, name, replace(shard, first_place=place))
    if shard.closed_at is not None and shard.closed_at * 1000 < oldest_kept and place == shard.next_place:
        state.delete_shard(call, name, index)


def kept_place(call: Call, stream: Stream, shard: Shard, place: int) -> int:
    """The place itself, or the first one whose record has not expired."""
    place = min(max(place, shard.first_place), shard.next_place)
    oldest_kept = stream.oldest_kept(call.time())
    record = state.find_record(call, stream.name, shard.index, place)
    if record is not None and record.arrived_at >= oldest_kept:
        return place
    return max(place, place_at_time(call, stream.name, shard, oldest_kept))


def _pages(call: Call, name: str, index: int, place: int, limit: int) -> Iterator[tuple[int, Record]]:
    """Records in pages that grow while they are small: a record may have ten megabytes."""
    page = _FIRST_PAGE
    while limit > 0:
        rows = state.list_records(call, name, index, place, min(page, limit))
        yield from rows
        if len(rows) < page:
            return
        limit -= len(rows)
        place = rows[-1][0] + 1
        if sum(len(record.data) for _, record in rows) < _SMALL_PAGE_BYTES:
            page = min(page * 4, _PAGE)


def _child_shards(call: Call, stream: Stream, shard: Shard) -> list[dict[str, Any]]:
    children = [state.shard(call, stream.name, index) for index in shard.children]
    return [
        {
            "ShardId": child.id,
            "ParentShards": [
                shard_id(parent) for parent in (child.parent, child.adjacent_parent) if parent is not None
            ],
            "HashKeyRange": hash_key_range(child),
        }
        for child in children
    ]
