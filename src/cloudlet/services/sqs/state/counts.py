"""How many messages a queue has, counted as they come and go, in several rows so that writers need not meet.

Counts nothing by itself: whoever moves a message says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from cloudlet.core.store import LAST
from cloudlet.services.sqs.state import keys

if TYPE_CHECKING:
    from cloudlet.core.call import Call

SHARDS: Final = 8


class Counts(Struct, frozen=True):
    """Some of a queue's numbers; one row alone may be below zero, their sum is not."""

    visible: int = 0
    in_flight: int = 0
    delayed: int = 0


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Counts)


def change(call: Call, queue_id: str, shard: int, by: Counts) -> Counts:
    """Adds to one of the rows; what it holds then."""
    key = (*keys.below(queue_id, keys.COUNT), shard % SHARDS)
    row = call.transaction.get(key)
    held = Counts() if row is None else _DECODER.decode(row)
    changed = Counts(held.visible + by.visible, held.in_flight + by.in_flight, held.delayed + by.delayed)
    call.transaction.put(key, _ENCODER.encode(changed))
    return changed


def total(call: Call, queue_id: str) -> Counts:
    """The numbers of the whole queue."""
    prefix = keys.below(queue_id, keys.COUNT)
    rows = [_DECODER.decode(row) for _, row in call.transaction.range(prefix, (*prefix, LAST), limit=SHARDS)]
    return Counts(
        sum(row.visible for row in rows),
        sum(row.in_flight for row in rows),
        sum(row.delayed for row in rows),
    )
