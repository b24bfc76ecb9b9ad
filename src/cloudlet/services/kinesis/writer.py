"""Puts records into the shards their hash keys belong to, with sequence numbers allocated in the shard's row.

Judges no request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.core.worker import source_topic
from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.encryption import Encryption
from cloudlet.services.kinesis.metrics import StreamMetrics
from cloudlet.services.kinesis.model import Record, Shard, Stream
from cloudlet.services.kinesis.throughput import takes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call


class Incoming(Struct, frozen=True):
    """A record that is not in a shard yet."""

    data: bytes
    partition_key: str | None
    hash_key: int

    @property
    def size_bytes(self) -> int:
        """What it counts against a shard's throughput."""
        return len(self.data) + len((self.partition_key or "").encode())


class _Shards:
    """The shards that a batch has met, each read and written once."""

    def __init__(self, call: Call, name: str) -> None:
        self._call = call
        self._name = name
        self._ranges: list[tuple[int, int, int]] = []
        self.met: dict[int, Shard] = {}

    def of(self, hash_key: int) -> Shard:
        """The shard, with what was put into it so far."""
        for first, last, index in self._ranges:
            if first <= hash_key <= last:
                return self.met[index]
        shard = state.shard_for(self._call, self._name, hash_key)
        self._ranges.append((int(shard.first_hash), int(shard.last_hash), shard.index))
        self.met[shard.index] = shard
        return shard


class Written(Struct, frozen=True):
    """What became of a record."""

    shard: Shard
    sequence_number: str | None
    """None where the shard took no more in this second."""


def put(call: Call, stream: Stream, incoming: Sequence[Incoming]) -> list[Written]:
    """Writes records in their order; what became of each."""
    now = int(call.time() * 1000)
    shards = _Shards(call, stream.name)
    limited = call.cloud.throughput_limits
    encryption = Encryption(call, stream)
    written = []
    for each in incoming:
        shard = shards.of(each.hash_key)
        if limited:
            if not takes(shard, now // 1000, each.size_bytes):
                written.append(Written(shard, None))
                continue
            shard = shard.counting(now // 1000, each.size_bytes)
        place = shard.next_place
        shard = shards.met[shard.index] = shard.with_record(now)
        record = encryption.sealed(Record(each.data, each.partition_key, shard.last_arrival))
        state.save_record(call, stream.name, shard.index, place, record)
        written.append(Written(shard, shard.sequence_number(place, shard.last_arrival // 1000)))
    for shard in shards.met.values():
        state.save_shard(call, stream.name, shard)
    call.wake(source_topic(call.arn(f"stream/{stream.name}")))
    metrics = call.cloud.component(StreamMetrics)
    call.transaction.after_commit(lambda: metrics.written(call, stream, incoming, written))
    return written
