"""Streams, their shards and their records.

Records are written with the items, in their transaction. The layout of the keys is in keys.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec

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
    stream_label,
    stream_resource,
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


@dataclass(frozen=True, slots=True)
class StreamOf:
    """A stream of some account in some region."""

    account: str
    region: str
    table_name: str
    label: str


def start_stream(call: Call, table: Table, view_type: str) -> Table:
    """The table with a new stream, whose rows are written; the table's own is not."""
    now = call.time()
    created = now
    while find_stream(call, table.name, stream_label(created)) is not None:
        created += _MILLISECOND
    stream = Stream(table.name, stream_label(created), view_type, created, table.keys)
    shard = Shard(_shard_id(call, now), now, first=1, next=1, oldest=1)
    save_stream(call, stream)
    _save_shard(call, stream, shard)
    work = keys.stream_work_key(call, stream.table_name, stream.label)
    call.transaction.put(work, b"")
    started = TableStream(stream.label, view_type, (OpenShard(b"", shard.id),))
    return replace(table, stream=started, latest_stream_label=stream.label)


def stop_stream(call: Call, table: Table) -> Table:
    """The table without a stream that gets records; what it got stays readable for a day."""
    if table.stream is None:
        return table
    stream = find_stream(call, table.name, table.stream.label)
    if stream is not None:
        for shard in table.stream.shards:
            _close_shard(call, stream, shard.id)
        save_stream(call, replace(stream, disabled=call.time()))
        call.wake(source_topic(call.arn(stream.resource)))
    return replace(table, stream=None)


def add_record(
    call: Call,
    table: Table,
    stream: TableStream,
    row_key: tuple[bytes, bytes, bytes],
    old: Item | None,
    new: Item | None,
    *,
    expired: bool,
) -> None:
    """Writes down that `new` has come where `old` was, with the next number of the item's shard."""
    shard_id = stream.shard_of(row_key[0])
    shard_key = keys.shard_key(call, table.name, stream.label, shard_id)
    row = call.transaction.get(shard_key)
    if row is None:
        raise KeyError(f"table {table.name} names shard {shard_id}, which is not there")
    shard = _SHARD_DECODER.decode(row)
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
    call.transaction.put(shard_key, _ENCODER.encode(replace(shard, next=shard.next + 1)))
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


def _close_shard(call: Call, stream: Stream, shard_id: str) -> Shard:
    shard = find_shard(call, stream, shard_id)
    if shard is None:
        raise KeyError(f"stream {stream.label} of {stream.table_name} has no shard {shard_id}")
    closed = shard.closed_at(call.time())
    _save_shard(call, stream, closed)
    return closed


def _save_shard(call: Call, stream: Stream, shard: Shard) -> None:
    key = keys.shard_key(call, stream.table_name, stream.label, shard.id)
    call.transaction.put(key, _ENCODER.encode(shard))


def _shard_id(call: Call, now: float) -> str:
    return f"shardId-{int(now * 1000):020d}-{call.ids.hexadecimal(8)}"
