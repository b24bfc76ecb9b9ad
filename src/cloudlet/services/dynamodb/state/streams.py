"""Streams, their shards and their records.

Records are written with the items, in their transaction. The layout of the keys is in keys.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import structs
from msgspec.structs import replace

from cloudlet.core.store import LAST
from cloudlet.core.worker import source_topic
from cloudlet.services.dynamodb.model import OpenShard, TableStream
from cloudlet.services.dynamodb.state import keys
from cloudlet.services.dynamodb.streams.model import (
    INSERT,
    MODIFY,
    REMOVE,
    WITH_NEW_IMAGE,
    WITH_OLD_IMAGE,
    Record,
    Shard,
    Stream,
    even_hashes,
    shards_for,
    stream_label,
    stream_resource,
    widest_shard,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.values import Item

_ENCODER: Final = msgspec.msgpack.Encoder()
_STREAM_DECODER: Final = msgspec.msgpack.Decoder(Stream)
_SHARD_DECODER: Final = msgspec.msgpack.Decoder(Shard)
_RECORD_DECODER: Final = msgspec.msgpack.Decoder(Record)
_NO_LIMIT: Final = 1 << 62
_MILLISECOND: Final = 0.001


def start_stream(call: Call, table: Table, view_type: str) -> Table:
    """The table with a new stream, whose rows are written; the table's own is not."""
    now = call.time()
    created = round(now, 3)
    while find_stream(call, table.name, stream_label(created)) is not None:
        created += _MILLISECOND
    stream = Stream(table.name, stream_label(created), view_type, created, table.keys)
    save_stream(call, stream)
    call.transaction.put(keys.stream_work_key(call, stream.table_name, stream.label), b"")
    shards = tuple(
        _open_shard(call, stream, first_hash, Shard(_shard_id(call, now), now, first=1, next=1, oldest=1))
        for first_hash in even_hashes(shards_for(table.throughput))
    )
    started = TableStream(stream.label, view_type, shards)
    return replace(table, stream=started, latest_stream_label=stream.label)


def stop_stream(call: Call, table: Table) -> Table:
    """The table without a stream that gets records; what it got stays readable for a day."""
    if table.stream is None:
        return table
    stream = find_stream(call, table.name, table.stream.label)
    if stream is not None:
        for shard in table.stream.shards:
            _close_shard(call, stream, shard.id)
        save_stream(call, structs.replace(stream, disabled=call.time()))
        call.wake(source_topic(call.arn(stream.resource)))
    return replace(table, stream=None)


def split_shards(call: Call, table: Table) -> Table:
    """The table with as many open shards as its throughput needs; those it has may split, never merge."""
    stream = table.stream
    while stream is not None and len(stream.shards) < shards_for(table.throughput):
        shard, middle = widest_shard(stream.shards)
        stream = _succeed(call, table, stream, shard, (shard.first_hash, middle))
    return table if stream is table.stream else replace(table, stream=stream)


def roll_shards(call: Call, table: Table, stream: TableStream, opened_before: float) -> TableStream:
    """The stream with a child in the place of each shard that was opened before a time."""
    for shard in stream.shards:
        if _shard(call, table.name, stream.label, shard.id).opened < opened_before:
            stream = _succeed(call, table, stream, shard, (shard.first_hash,))
    return stream


def add_record(
    call: Call,
    table: Table,
    stream: TableStream,
    row_key: tuple[bytes, ...],
    old: Item | None,
    new: Item | None,
    *,
    expired: bool,
) -> None:
    """Writes down that `new` has come where `old` was, with the next number of the item's shard."""
    shard_id = stream.shard_of(row_key[0])
    shard_key = keys.shard_key(call, table.name, stream.label, shard_id)
    shard = _shard(call, table.name, stream.label, shard_id)
    record = Record(
        MODIFY if old is not None and new is not None else REMOVE if new is None else INSERT,
        call.time(),
        table.keys.key_of(old if new is None and old is not None else new or {}),
        new if stream.view_type in WITH_NEW_IMAGE else None,
        old if stream.view_type in WITH_OLD_IMAGE else None,
        expired,
    )
    record_key = keys.record_key(call, table.name, stream.label, shard_id, shard.next)
    call.transaction.put(record_key, _ENCODER.encode(record))
    call.transaction.put(shard_key, _ENCODER.encode(structs.replace(shard, next=shard.next + 1)))
    call.wake(source_topic(call.arn(stream_resource(table.name, stream.label))))


def find_stream(call: Call, table_name: str, label: str) -> Stream | None:
    """A stream, or None."""
    row = call.transaction.get(keys.stream_key(call, table_name, label))
    return None if row is None else _STREAM_DECODER.decode(row)


def save_stream(call: Call, stream: Stream) -> None:
    """Writes a stream's row."""
    key = keys.stream_key(call, stream.table_name, stream.label)
    call.transaction.put(key, _ENCODER.encode(stream))


def list_streams(
    call: Call, table_name: str | None, after: tuple[str, str] | None, limit: int
) -> list[Stream]:
    """At most `limit` streams, of one table or of all, those after the given table's name and label."""
    everything = (*keys.scope(call), "stream")
    prefix = everything if table_name is None else (*everything, table_name)
    start = prefix if after is None else max(prefix, (*everything, *after))
    rows = call.transaction.range(start, (*prefix, LAST), limit=limit + 1)
    found = [_STREAM_DECODER.decode(row) for _, row in rows]
    return [stream for stream in found if (stream.table_name, stream.label) != after][:limit]


def find_shard(call: Call, stream: Stream, shard_id: str) -> Shard | None:
    """A shard of a stream, or None."""
    row = call.transaction.get(keys.shard_key(call, stream.table_name, stream.label, shard_id))
    return None if row is None else _SHARD_DECODER.decode(row)


def list_shards(call: Call, stream: Stream, after: str | None = None) -> Iterator[Shard]:
    """The shards of a stream in order, those after the given one."""
    prefix = keys.shard_prefix(call, stream.table_name, stream.label)
    start = prefix if after is None else (*prefix, after, LAST)
    for _, row in call.transaction.range(start, (*prefix, LAST), limit=_NO_LIMIT):
        yield _SHARD_DECODER.decode(row)


def records_from(
    call: Call, stream: Stream, shard: Shard, number: int, limit: int
) -> Iterator[tuple[int, int, Record]]:
    """At most `limit` records of a shard from a number on: the number, the row's length, the record."""
    prefix = keys.record_prefix(call, stream.table_name, stream.label, shard.id)
    for key, row in call.transaction.range((*prefix, number), (*prefix, LAST), limit=limit):
        last = key[-1]
        if isinstance(last, int):
            yield last, len(row), _RECORD_DECODER.decode(row)


def save_shard(call: Call, stream: Stream, shard: Shard) -> None:
    """Writes a shard's row."""
    key = keys.shard_key(call, stream.table_name, stream.label, shard.id)
    call.transaction.put(key, _ENCODER.encode(shard))


def _succeed(
    call: Call, table: Table, open_: TableStream, parent: OpenShard, first_hashes: tuple[bytes, ...]
) -> TableStream:
    """The stream with a shard closed, and children of it that take over from each of the hashes on."""
    stream = find_stream(call, table.name, open_.label)
    if stream is None:
        raise KeyError(f"table {table.name} names stream {open_.label}, which is not there")
    closed = _close_shard(call, stream, parent.id)
    now = max(call.time(), closed.opened + _MILLISECOND)
    number = closed.next
    children = tuple(
        _open_shard(
            call, stream, first, Shard(_shard_id(call, now), now, number, number, number, parent=closed.id)
        )
        for first in first_hashes
    )
    others = tuple(shard for shard in open_.shards if shard != parent)
    call.wake(source_topic(call.arn(stream.resource)))
    return replace(open_, shards=tuple(sorted(others + children, key=lambda shard: shard.first_hash)))


def _open_shard(call: Call, stream: Stream, first_hash: bytes, shard: Shard) -> OpenShard:
    save_shard(call, stream, shard)
    return OpenShard(first_hash, shard.id)


def _close_shard(call: Call, stream: Stream, shard_id: str) -> Shard:
    closed = _shard(call, stream.table_name, stream.label, shard_id).closed_at(call.time())
    save_shard(call, stream, closed)
    return closed


def _shard(call: Call, table_name: str, label: str, shard_id: str) -> Shard:
    row = call.transaction.get(keys.shard_key(call, table_name, label, shard_id))
    if row is None:
        raise KeyError(f"table {table_name} names shard {shard_id}, which is not there")
    return _SHARD_DECODER.decode(row)


def _shard_id(call: Call, now: float) -> str:
    return f"shardId-{int(now * 1000):020d}-{call.ids.hexadecimal(8)}"
