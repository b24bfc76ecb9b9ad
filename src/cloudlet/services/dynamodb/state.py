"""Where DynamoDB's rows stand. The only file of the service that names keys.

    table/{name}                                              a Table
    size/{table id}                                           a TableSize
    item/{table id}/{hash}/{partition}/{sort}                 an item, in its wire form
    index/{table id}/{index}/{hash}/{partition}/{sort}/...    an item's projection; the table's key follows
    token/{client token}                                      what a transaction's client token was used for
    spent/{second}/{client token}                             the same by age

All of it below ("dynamodb", account, region). Work that waits stands below ("dynamodb-work",), so that the
workers find it: backfill/{account}/{region}/{table id}/{index} says how far an index has been filled,
expiry/{second}/{account}/{region}/{table}/{table id}/{hash}/{partition}/{sort} which item may have expired,
and table/{account}/{region}/{name} which tables there are.
An item and its index rows are written by one function.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cloudlet.core.arn import Arn, find_arn
from cloudlet.core.store import LAST
from cloudlet.services.dynamodb import capacity
from cloudlet.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from cloudlet.services.dynamodb.model import Count, KeySchema, Table, TableSize
from cloudlet.services.dynamodb.values import item_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.capacity import Consumed
    from cloudlet.services.dynamodb.model import Index
    from cloudlet.services.dynamodb.values import Item

BACKFILL_TOPIC: Final = "dynamodb-backfill"
_ENCODER: Final = msgspec.msgpack.Encoder()
_ITEM_DECODER: Final = msgspec.msgpack.Decoder(dict[str, dict[str, Any]])
_TABLE_DECODER: Final = msgspec.msgpack.Decoder(Table)
_SIZE_DECODER: Final = msgspec.msgpack.Decoder(TableSize)
_TOKEN_SECONDS: Final = 600.0
_EXPIRED_A_TIME: Final = 4
_NO_LIMIT: Final = 1 << 62
_BACKFILLS_AT_ONCE: Final = 1000
_EXPIRED_AT_ONCE: Final = 100


class Tables:
    """Table rows decoded before. A row's bytes are the key, so that it can never be stale."""

    def __init__(self, bound: int = 1024) -> None:
        self._bound = bound
        self._decoded: dict[bytes, Table] = {}

    async def start(self) -> None:
        """Nothing to do: rows are decoded as they come."""

    async def close(self) -> None:
        """Forgets everything."""
        self._decoded.clear()

    def decode(self, row: bytes) -> Table:
        """The table in a row."""
        table = self._decoded.get(row)
        if table is None:
            table = _TABLE_DECODER.decode(row)
            if len(self._decoded) >= self._bound:
                del self._decoded[next(iter(self._decoded))]
            self._decoded[row] = table
        return table


@dataclass(frozen=True, slots=True)
class Backfill:
    """An index that is being filled, and the last item that is in it."""

    account: str
    region: str
    table_name: str
    table_id: str
    index_name: str
    after: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Expiry:
    """That an item may have expired."""

    second: int
    account: str
    region: str
    table_name: str
    table_id: str
    position: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class TableOf:
    """A table of some account in some region."""

    account: str
    region: str
    name: str


@dataclass(frozen=True, slots=True)
class Spent:
    """What a client token was spent on."""

    fingerprint: bytes
    at: float


_BACKFILL_DECODER: Final = msgspec.msgpack.Decoder(Backfill)
_SPENT_DECODER: Final = msgspec.msgpack.Decoder(Spent)


def table_name(call: Call, name_or_arn: str) -> str:
    """The name in a TableName, which may be an ARN of this account and region."""
    if ":" not in name_or_arn:
        return name_or_arn
    arn = find_arn(name_or_arn)
    if arn is None or not arn.resource.startswith("table/") or arn.service != "dynamodb":
        raise ValidationException("Invalid TableArn")
    if (arn.account, arn.region) != (call.account, call.region):
        raise ResourceNotFoundException("Requested resource not found")
    return arn.resource.removeprefix("table/").split("/")[0]


def find_table(call: Call, name_or_arn: str) -> Table | None:
    """A table by its name or ARN, or None."""
    row = call.transaction.get(_table_key(call, table_name(call, name_or_arn)))
    return None if row is None else call.cloud.component(Tables).decode(row)


def table(call: Call, name_or_arn: str) -> Table:
    """The table an item operation is about. Raises ResourceNotFoundException."""
    found = find_table(call, name_or_arn)
    if found is None:
        raise ResourceNotFoundException("Requested resource not found")
    return found


def managed_table(call: Call, name_or_arn: str) -> Table:
    """The table an operation on tables is about. Raises ResourceNotFoundException, naming it."""
    found = find_table(call, name_or_arn)
    if found is None:
        name = table_name(call, name_or_arn)
        raise ResourceNotFoundException(f"Requested resource not found: Table: {name} not found")
    return found


def tagged_table(call: Call, arn: Arn) -> Table:
    """The table of an ARN that tags are about. Raises ResourceNotFoundException, showing the ARN."""
    found = None
    if (arn.account, arn.region) == (call.account, call.region):
        found = find_table(call, arn.resource.removeprefix("table/"))
    if found is None:
        raise ResourceNotFoundException(f"Requested resource not found: ResourcArn: {arn} not found")
    return found


def save_table(call: Call, table: Table) -> None:
    """Writes a table's row."""
    call.transaction.put(_table_key(call, table.name), _ENCODER.encode(table))


def add_table(call: Call, table: Table) -> None:
    """Writes the row of a new table."""
    save_table(call, table)
    call.transaction.put(("dynamodb-work", "table", call.account, call.region, table.name), b"")


def list_all_tables(call: Call) -> list[TableOf]:
    """The tables of all accounts and regions."""
    prefix = ("dynamodb-work", "table")
    rows = call.transaction.range(prefix, (*prefix, LAST), limit=_NO_LIMIT)
    return [TableOf(*(str(part) for part in key[2:])) for key, _ in rows]


def list_table_names(call: Call, after: str | None, limit: int) -> list[str]:
    """At most `limit` names in order, those after the given one."""
    prefix = (*_scope(call), "table")
    start = prefix if after is None else (*prefix, after, LAST)
    rows = call.transaction.range(start, (*prefix, LAST), limit=limit)
    return [str(key[-1]) for key, _ in rows]


def delete_table(call: Call, table: Table) -> None:
    """Removes a table with all its items and everything kept about it."""
    transaction, scope = call.transaction, _scope(call)
    transaction.delete(_table_key(call, table.name))
    transaction.delete((*scope, "size", table.id))
    transaction.delete(("dynamodb-work", "table", call.account, call.region, table.name))
    for kind in ("item", "index"):
        transaction.delete_range((*scope, kind, table.id), (*scope, kind, table.id, LAST))


def delete_index(call: Call, table: Table, index: Index) -> None:
    """Removes every row of an index."""
    scope = _scope(call)
    prefix = (*scope, "index", table.id, index.name)
    call.transaction.delete_range(prefix, (*prefix, LAST))
    call.transaction.delete(_backfill_key(call, table.id, index.name))


def table_size(call: Call, table: Table) -> TableSize:
    """How much the table held when it was last counted."""
    row = call.transaction.get((*_scope(call), "size", table.id))
    return TableSize() if row is None else _SIZE_DECODER.decode(row)


def save_table_size(call: Call, table: Table, size: TableSize) -> None:
    """Remembers a count."""
    call.transaction.put((*_scope(call), "size", table.id), _ENCODER.encode(size))


def find_item(call: Call, table: Table, key: Item) -> Item | None:
    """The item under a key, or None."""
    row = call.transaction.get((*item_prefix(call, table), *table.keys.row_key(key)))
    return None if row is None else _ITEM_DECODER.decode(row)


def decode_item(row: bytes) -> Item:
    """The item in a row."""
    return _ITEM_DECODER.decode(row)


def replace_item(
    call: Call, table: Table, key: Item, old: Item | None, new: Item | None, consumed: Consumed | None
) -> None:
    """Puts `new` where `old` stands, or removes it, and changes the rows of all indexes with it."""
    row_key = table.keys.row_key(key)
    if new is not None:
        call.transaction.put((*item_prefix(call, table), *row_key), _ENCODER.encode(new))
    elif old is not None:
        call.transaction.delete((*item_prefix(call, table), *row_key))
    if consumed is not None:
        consumed.table += capacity.write_units(item_size(old) if old else 0, item_size(new) if new else 0)
    if table.time_to_live is not None:
        _replace_expiry(call, table, row_key, old, new)
    for index in table.indexes:
        _replace_index_row(call, table, index, row_key, old, new, consumed)


def _replace_expiry(
    call: Call, table: Table, row_key: tuple[bytes, ...], old: Item | None, new: Item | None
) -> None:
    before = None if old is None else table.expiry(old)
    after = None if new is None else table.expiry(new)
    if before is not None and before != after:
        call.transaction.delete(_expiry_key(call, table, before, row_key))
    if after is not None and before != after:
        call.transaction.put(_expiry_key(call, table, after, row_key), b"")


def _replace_index_row(
    call: Call,
    table: Table,
    index: Index,
    row_key: tuple[bytes, bytes, bytes],
    old: Item | None,
    new: Item | None,
    consumed: Consumed | None,
) -> None:
    before = index.projected(old, table.keys) if old is not None and index.holds(old) else None
    after = index.projected(new, table.keys) if new is not None and index.holds(new) else None
    if before == after:
        return
    prefix = index_prefix(call, table, index)
    before_key = None if before is None else (*prefix, *index.keys.row_key(before), *row_key[1:])
    after_key = None if after is None else (*prefix, *index.keys.row_key(after), *row_key[1:])
    moved = before_key != after_key
    if before_key is not None and moved:
        call.transaction.delete(before_key)
    if after_key is not None:
        call.transaction.put(after_key, _ENCODER.encode(after))
    if consumed is not None:
        consumed.add_index(index, _index_units(before, after, moved=moved))


def _index_units(before: Item | None, after: Item | None, *, moved: bool) -> float:
    """A row that gets another key costs a delete and an insert, each for itself."""
    sizes = (item_size(before) if before else 0, item_size(after) if after else 0)
    if moved and before and after:
        return capacity.write_units(sizes[0], 0) + capacity.write_units(0, sizes[1])
    return capacity.write_units(*sizes)


def add_to_index(call: Call, table: Table, index: Index, item: Item) -> None:
    """Writes the row of an item that was there before the index."""
    if index.holds(item):
        row_key = table.keys.row_key(item)
        key = (*index_prefix(call, table, index), *index.keys.row_key(item), *row_key[1:])
        call.transaction.put(key, _ENCODER.encode(index.projected(item, table.keys)))


def start_backfill(call: Call, table: Table, index_name: str) -> None:
    """Has an index filled, or the expiry of items if it has no name."""
    save_backfill(call, Backfill(call.account, call.region, table.name, table.id, index_name))
    call.wake(BACKFILL_TOPIC)


def save_backfill(call: Call, backfill: Backfill) -> None:
    """Remembers how far an index has been filled."""
    key = _backfill_key(call, backfill.table_id, backfill.index_name)
    call.transaction.put(key, _ENCODER.encode(backfill))


def find_backfill(call: Call, backfill: Backfill) -> Backfill | None:
    """How far it is by now, or None if there is nothing to fill any more."""
    row = call.transaction.get(_backfill_key(call, backfill.table_id, backfill.index_name))
    return None if row is None else _BACKFILL_DECODER.decode(row)


def end_backfill(call: Call, backfill: Backfill) -> None:
    """Forgets an index that is full or gone."""
    call.transaction.delete(_backfill_key(call, backfill.table_id, backfill.index_name))


def list_backfills(call: Call) -> list[Backfill]:
    """Every index of every account and region that is being filled."""
    prefix = ("dynamodb-work", "backfill")
    rows = call.transaction.range(prefix, (*prefix, LAST), limit=_BACKFILLS_AT_ONCE)
    return [_BACKFILL_DECODER.decode(row) for _, row in rows]


def add_expiry(call: Call, table: Table, item: Item) -> None:
    """Writes when an item expires that was there before its table's time to live."""
    second = table.expiry(item)
    if second is not None:
        call.transaction.put(_expiry_key(call, table, second, table.keys.row_key(item)), b"")


def list_expired(call: Call) -> list[Expiry]:
    """Some items, of whatever table, whose time may be over."""
    prefix = ("dynamodb-work", "expiry")
    rows = call.transaction.range(prefix, (*prefix, int(call.time())), limit=_EXPIRED_AT_ONCE)
    return [_expiry_of(key) for key, _ in rows]


def delete_expiry(call: Call, expiry: Expiry) -> None:
    """Forgets when an item expires."""
    scope = (expiry.account, expiry.region, expiry.table_name, expiry.table_id)
    key: Key = ("dynamodb-work", "expiry", expiry.second, *scope, *expiry.position)
    call.transaction.delete(key)


def change_time_to_live(call: Call, table: Table, attribute: str | None) -> None:
    """Sets the attribute that says when items expire, also for the items that are there."""
    save_table(call, replace(table, time_to_live=attribute))
    if attribute is not None:
        start_backfill(call, table, "")


def find_item_at(call: Call, table: Table, position: tuple[bytes, ...]) -> Item | None:
    """The item at a position in its table, or None."""
    row = call.transaction.get((*item_prefix(call, table), *position))
    return None if row is None else _ITEM_DECODER.decode(row)


def count_rows(call: Call, prefix: Key, after: Key, limit: int) -> tuple[Count, Key | None]:
    """Counts the next rows below a prefix; with where to go on, or None at the end."""
    start = (*prefix, *after, LAST) if after else prefix
    items = size = 0
    last: Key | None = None
    for key, item in items_in(call, start, (*prefix, LAST), limit=limit):
        items, size, last = items + 1, size + item_size(item), key[len(prefix) :]
    return Count(items, size), last


def items_after(
    call: Call, table: Table, after: tuple[bytes, ...], limit: int
) -> Iterator[tuple[tuple[bytes, ...], Item]]:
    """The table's items beyond a position, with the position of each."""
    prefix = item_prefix(call, table)
    start = (*prefix, *after, LAST) if after else prefix
    for key, item in items_in(call, start, (*prefix, LAST), limit=limit):
        yield tuple(part for part in key[len(prefix) :] if isinstance(part, bytes)), item


def item_prefix(call: Call, table: Table) -> Key:
    """What the keys of a table's items begin with; hash, partition and sort key follow."""
    return ("dynamodb", call.account, call.region, "item", table.id)


def index_prefix(call: Call, table: Table, index: Index) -> Key:
    """What the keys of an index's rows begin with; the keys of index and table follow."""
    return ("dynamodb", call.account, call.region, "index", table.id, index.name)


def index_position(table: Table, index: Index, item: Item) -> tuple[bytes, ...]:
    """Where an item stands in an index, after its prefix."""
    return (*index.keys.row_key(item), *table.keys.row_key(item)[1:])


def collection_size(call: Call, table: Table, item: Item) -> int:
    """The bytes of all items with an item's partition key, in the table and its local indexes."""
    schemas = [(item_prefix(call, table), table.keys)]
    schemas += [(index_prefix(call, table, index), index.keys) for index in table.local_indexes]
    total = 0
    for prefix, keys in schemas:
        base = (*prefix, *KeySchema(keys.partition).row_key(item)[:2])
        total += sum(len(row) for _, row in call.transaction.range(base, (*base, LAST), limit=_NO_LIMIT))
    return total


def items_in(
    call: Call, start: Key, end: Key, *, limit: int, reverse: bool = False
) -> Iterator[tuple[Key, Item]]:
    """The items of the rows from start up to end."""
    for key, row in call.transaction.range(start, end, limit=limit, reverse=reverse):
        yield key, _ITEM_DECODER.decode(row)


def find_spent_token(call: Call, token: str) -> Spent | None:
    """What a client token was used for within the last ten minutes, or None."""
    row = call.transaction.get((*_scope(call), "token", token))
    spent = None if row is None else _SPENT_DECODER.decode(row)
    return spent if spent is not None and call.time() - spent.at < _TOKEN_SECONDS else None


def spend_token(call: Call, token: str, fingerprint: bytes) -> None:
    """Remembers what a client token was used for, and forgets a few that have expired."""
    transaction, scope, now = call.transaction, _scope(call), call.time()
    expired = (*scope, "spent", int(now - _TOKEN_SECONDS))
    for key, _ in list(transaction.range((*scope, "spent"), expired, limit=_EXPIRED_A_TIME)):
        transaction.delete(key)
        transaction.delete((*scope, "token", key[-1]))
    transaction.put((*scope, "token", token), _ENCODER.encode(Spent(fingerprint, now)))
    transaction.put((*scope, "spent", int(now), token), b"")


def _scope(call: Call) -> Key:
    return ("dynamodb", call.account, call.region)


def _expiry_key(call: Call, table: Table, second: int, row_key: tuple[bytes, ...]) -> Key:
    scope = (call.account, call.region, table.name, table.id)
    return ("dynamodb-work", "expiry", second, *scope, *row_key)


def _expiry_of(key: Key) -> Expiry:
    second, account, region, name, table_id, *position = key[2:]
    parts = tuple(part for part in position if isinstance(part, bytes))
    return Expiry(int(str(second)), str(account), str(region), str(name), str(table_id), parts)


def _table_key(call: Call, name: str) -> Key:
    return ("dynamodb", call.account, call.region, "table", name)


def _backfill_key(call: Call, table_id: str, index_name: str) -> Key:
    return ("dynamodb-work", "backfill", call.account, call.region, table_id, index_name)
