"""Work that waits for a worker: indexes to fill, items to expire, tables to count.

Nothing here reads items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from cloudlet.core.store import LAST
from cloudlet.services.dynamodb.state import keys

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.values import Item

BACKFILL_TOPIC: Final = "dynamodb-backfill"
_NO_LIMIT: Final = 1 << 62
_BACKFILLS_AT_ONCE: Final = 1000
_EXPIRED_AT_ONCE: Final = 100


class Backfill(Struct, frozen=True):
    """An index that is being filled, and the last item that is in it."""

    account: str
    region: str
    table_name: str
    table_id: str
    index_name: str
    after: tuple[bytes, ...] = ()


class Expiry(Struct, frozen=True):
    """That an item may have expired."""

    second: int
    account: str
    region: str
    table_name: str
    table_id: str
    position: tuple[bytes, ...]


class TableOf(Struct, frozen=True):
    """A table of some account in some region."""

    account: str
    region: str
    name: str


_ENCODER: Final = msgspec.msgpack.Encoder()
_BACKFILL_DECODER: Final = msgspec.msgpack.Decoder(Backfill)


def start_backfill(call: Call, table: Table, index_name: str) -> None:
    """Has an index filled, or the expiry of items if it has no name."""
    save_backfill(call, Backfill(call.account, call.region, table.name, table.id, index_name))
    call.wake(BACKFILL_TOPIC)


def save_backfill(call: Call, backfill: Backfill) -> None:
    """Remembers how far an index has been filled."""
    key = keys.backfill_key(call, backfill.table_id, backfill.index_name)
    call.transaction.put(key, _ENCODER.encode(backfill))


def find_backfill(call: Call, backfill: Backfill) -> Backfill | None:
    """How far it is by now, or None if there is nothing to fill any more."""
    row = call.transaction.get(keys.backfill_key(call, backfill.table_id, backfill.index_name))
    return None if row is None else _BACKFILL_DECODER.decode(row)


def end_backfill(call: Call, backfill: Backfill) -> None:
    """Forgets an index that is full or gone."""
    call.transaction.delete(keys.backfill_key(call, backfill.table_id, backfill.index_name))


def list_backfills(call: Call) -> list[Backfill]:
    """Every index of every account and region that is being filled."""
    prefix = keys.BACKFILLS
    rows = call.transaction.range(prefix, (*prefix, LAST), limit=_BACKFILLS_AT_ONCE)
    return [_BACKFILL_DECODER.decode(row) for _, row in rows]


def add_expiry(call: Call, table: Table, item: Item) -> None:
    """Writes when an item expires that was there before its table's time to live."""
    second = table.expiry(item)
    if second is not None:
        call.transaction.put(keys.expiry_key(call, table, second, table.keys.row_key(item)), b"")


def list_expired(call: Call) -> list[Expiry]:
    """Some items, of whatever table, whose time may be over."""
    prefix = keys.EXPIRIES
    rows = call.transaction.range(prefix, (*prefix, int(call.time())), limit=_EXPIRED_AT_ONCE)
    return [_expiry_of(key) for key, _ in rows]


def delete_expiry(call: Call, expiry: Expiry) -> None:
    """Forgets when an item expires."""
    scope = (expiry.account, expiry.region, expiry.table_name, expiry.table_id)
    key: Key = (*keys.EXPIRIES, expiry.second, *scope, *expiry.position)
    call.transaction.delete(key)


def replace_expiry(
    call: Call, table: Table, row_key: tuple[bytes, ...], old: Item | None, new: Item | None
) -> None:
    """Moves the row that says when an item expires."""
    before = None if old is None else table.expiry(old)
    after = None if new is None else table.expiry(new)
    if before is not None and before != after:
        call.transaction.delete(keys.expiry_key(call, table, before, row_key))
    if after is not None and before != after:
        call.transaction.put(keys.expiry_key(call, table, after, row_key), b"")


def list_all_tables(call: Call) -> list[TableOf]:
    """The tables of all accounts and regions."""
    prefix = keys.TABLES
    rows = call.transaction.range(prefix, (*prefix, LAST), limit=_NO_LIMIT)
    return [TableOf(*(str(part) for part in key[2:])) for key, _ in rows]


def _expiry_of(key: Key) -> Expiry:
    second, account, region, name, table_id, *position = key[2:]
    parts = tuple(part for part in position if isinstance(part, bytes))
    return Expiry(int(str(second)), str(account), str(region), str(name), str(table_id), parts)
