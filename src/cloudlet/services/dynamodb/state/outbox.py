"""Changes on their way to Kinesis: written with the item, in its transaction, removed once they are there.

The layout of the keys is in keys.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from cloudlet.core.lease import Lease, Leases
from cloudlet.core.store import LAST
from cloudlet.services.dynamodb.destinations import Change
from cloudlet.services.dynamodb.state import keys
from cloudlet.services.dynamodb.streams.model import INSERT, MODIFY, REMOVE

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.destinations import Destination
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.values import Item

OUTBOX_TOPIC: Final = "dynamodb outbox"
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Change)
_LEASES: Final = Leases(("dynamodb-work", "outbox-lease"), 10.0)


class Outgoing(Struct, frozen=True):
    """The oldest changes of one table, claimed for their delivery."""

    account: str
    region: str
    table_id: str
    lease: Lease | None
    """None where another server delivers them."""
    changes: tuple[tuple[int, Change], ...]
    """With their numbers."""


def add_change(
    call: Call, table: Table, to: Destination, old: Item | None, new: Item | None, *, expired: bool
) -> None:
    """Writes down what is to be told to a stream."""
    change = Change(
        call.ids.uuid(),
        to.stream_arn,
        to.precision,
        table.name,
        MODIFY if old is not None and new is not None else REMOVE if new is None else INSERT,
        call.time(),
        table.keys.key_of(old if new is None and old is not None else new or {}),
        old,
        new,
        expired,
    )
    counter_key = keys.outbox_counter_key(call, table.id)
    counter = call.transaction.get(counter_key)
    number = 0 if counter is None else int(counter)
    call.transaction.put(counter_key, str(number + 1).encode())
    call.transaction.put(keys.outbox_key(call, table.id, number), _ENCODER.encode(change))
    call.wake(OUTBOX_TOPIC)


def claim_outgoing(call: Call, owner: str, after: Key, limit: int) -> Outgoing | None:
    """The oldest changes of the first table beyond a key; None where there are none."""
    start = (*keys.OUTBOX, *after, LAST) if after else keys.OUTBOX
    first = next(call.transaction.range(start, (*keys.OUTBOX, LAST), limit=1), None)
    if first is None:
        return None
    account, region, table_id = (str(part) for part in first[0][len(keys.OUTBOX) : -1])
    lease = _LEASES.claim(call, owner, account, region, table_id)
    prefix = (*keys.OUTBOX, account, region, table_id)
    rows = call.transaction.range(prefix, (*prefix, LAST), limit=limit)
    changes = tuple((int(str(key[-1])), _DECODER.decode(row)) for key, row in rows)
    return Outgoing(account, region, table_id, lease, changes)


def forget_changes(call: Call, outgoing: Outgoing, count: int) -> None:
    """Removes the first changes, which have been delivered. Raises LeaseLost."""
    if outgoing.lease is None:
        raise ValueError("these changes were claimed by another server")
    _LEASES.hold(call, outgoing.lease, outgoing.account, outgoing.region, outgoing.table_id)
    for number, _ in outgoing.changes[:count]:
        call.transaction.delete((*keys.OUTBOX, outgoing.account, outgoing.region, outgoing.table_id, number))
