"""What is forgotten of streams with time: records, then the shards that held them, then the stream.

The layout of the keys is in keys.py; how long things are kept, the worker says.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.store import LAST
from cloudlet.services.dynamodb.state import keys, streams

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.streams.model import Shard, Stream

_NO_LIMIT: Final = 1 << 62


class StreamOf(Struct, frozen=True):
    """A stream of some account in some region."""

    account: str
    region: str
    table_name: str
    label: str


def list_all_streams(call: Call) -> list[StreamOf]:
    """The streams of all accounts and regions."""
    prefix = keys.STREAMS
    rows = call.transaction.range(prefix, (*prefix, LAST), limit=_NO_LIMIT)
    return [StreamOf(*(str(part) for part in key[2:])) for key, _ in rows]


def trim_shard(call: Call, stream: Stream, shard: Shard, before: float, limit: int) -> Shard:
    """The shard without those of its first `limit` records that are older than a time."""
    found = streams.records_from(call, stream, shard, shard.oldest, limit)
    old = [number for number, _, _ in takewhile(lambda each: each[2].created < before, found)]
    if not old:
        return shard
    prefix = keys.record_prefix(call, stream.table_name, stream.label, shard.id)
    call.transaction.delete_range((*prefix, shard.oldest), (*prefix, old[-1] + 1))
    trimmed = replace(shard, oldest=old[-1] + 1)
    streams.save_shard(call, stream, trimmed)
    return trimmed


def forget_shard(call: Call, stream: Stream, shard: Shard) -> None:
    """Removes a shard that has no records."""
    call.transaction.delete(keys.shard_key(call, stream.table_name, stream.label, shard.id))


def forget_stream(call: Call, stream: Stream) -> None:
    """Removes a stream that has no shards."""
    call.transaction.delete(keys.stream_key(call, stream.table_name, stream.label))
    call.transaction.delete(keys.stream_work_key(call, stream.table_name, stream.label))
