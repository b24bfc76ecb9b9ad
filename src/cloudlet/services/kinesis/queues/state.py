"""Where queues of streams, their places in shards and their deliveries are kept; only this names the keys.

All is kept under the account and the region of the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.core.store import LAST
from cloudlet.services.kinesis.errors import ResourceNotFoundException
from cloudlet.services.kinesis.queues.model import Delivery, Place, Queue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.store import Key

_QUEUES: Final = Rows(("kinesis", "queue"), Queue)
_PLACES: Final = Rows(("kinesis", "queue-place"), int)
"""account, region, queue, shard -> the place of the first record that was never delivered"""
_DELIVERIES: Final = Rows(("kinesis", "queue-delivery"), Delivery)
"""account, region, queue, shard, place"""
_DUE: Final = ("kinesis", "queue-due")
"""account, region, queue, 1 for dead letters or 0, due, shard, place"""


def find_queue(call: Call, name: str) -> Queue | None:
    """A queue, or None."""
    return _QUEUES.find(call, call.account, call.region, name)


def queue(call: Call, name: str) -> Queue:
    """A queue. Raises ResourceNotFoundException."""
    found = find_queue(call, name)
    if found is None:
        raise ResourceNotFoundException(f"Queue {name} under account {call.account} not found.")
    return found


def save_queue(call: Call, row: Queue) -> None:
    """Writes a queue."""
    _QUEUES.save(call, row, call.account, call.region, row.name)


def delete_queue(call: Call, name: str) -> None:
    """Removes a queue with all that it has delivered."""
    _QUEUES.delete(call, call.account, call.region, name)
    for rows in (_PLACES, _DELIVERIES):
        rows.delete_below(call, call.account, call.region, name)
    due = (*_DUE, call.account, call.region, name)
    call.transaction.delete_range(due, (*due, LAST))


def list_queues(call: Call, stream_name: str | None = None, after: str | None = None) -> Iterator[Queue]:
    """The account's queues by name, or those of one stream."""
    rows = _QUEUES.below(call, call.account, call.region, after=(after,) if after else None)
    return (row for row in rows if stream_name in (None, row.stream_name))


def next_place(call: Call, name: str, shard_index: int) -> int:
    """The place of the first record of a shard that a queue has not delivered yet."""
    return _PLACES.find(call, call.account, call.region, name, shard_index) or 0


def save_next_place(call: Call, name: str, shard_index: int, place: int) -> None:
    """Writes how much of a shard has been delivered."""
    _PLACES.save(call, place, call.account, call.region, name, shard_index)


def find_delivery(call: Call, name: str, place: Place) -> Delivery | None:
    """A record's delivery, unless it was acknowledged."""
    return _DELIVERIES.find(call, call.account, call.region, name, place.shard_index, place.place)


def save_delivery(call: Call, name: str, place: Place, row: Delivery, before: Delivery | None = None) -> None:
    """Writes a delivery, and when it is due."""
    if before is not None:
        call.transaction.delete(_due(call, name, place, before))
    _DELIVERIES.save(call, row, call.account, call.region, name, place.shard_index, place.place)
    call.transaction.put(_due(call, name, place, row), b"")


def delete_delivery(call: Call, name: str, place: Place, row: Delivery) -> None:
    """Forgets a record that was acknowledged, or is no longer there."""
    _DELIVERIES.delete(call, call.account, call.region, name, place.shard_index, place.place)
    call.transaction.delete(_due(call, name, place, row))


def list_due(call: Call, name: str, now: int, limit: int, *, dead: bool) -> list[Place]:
    """Records that may be received again."""
    prefix = (*_DUE, call.account, call.region, name, int(dead))
    rows = call.transaction.range(prefix, (*prefix, now + 1), limit=limit)
    return [Place(int(str(key[-2])), int(str(key[-1]))) for key, _ in rows]


def next_due(call: Call, name: str, *, dead: bool) -> int | None:
    """When the next record may be received again, in milliseconds since 1970."""
    prefix = (*_DUE, call.account, call.region, name, int(dead))
    first = next(call.transaction.range(prefix, (*prefix, LAST), limit=1), None)
    return None if first is None else int(str(first[0][len(prefix)]))


def _due(call: Call, name: str, place: Place, row: Delivery) -> Key:
    of_queue = (*_DUE, call.account, call.region, name, int(row.is_dead))
    return (*of_queue, row.due, place.shard_index, place.place)
