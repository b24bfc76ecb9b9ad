"""Items, the rows of their indexes and the records of their changes, which one function writes.

The layout of the keys is in keys.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from cloudlet.core.store import LAST
from cloudlet.services.dynamodb import capacity
from cloudlet.services.dynamodb.keys import can_keep
from cloudlet.services.dynamodb.model import Count, KeySchema
from cloudlet.services.dynamodb.state import history, keys, outbox, replication, streams, waiting
from cloudlet.services.dynamodb.values import item_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.capacity import Consumed
    from cloudlet.services.dynamodb.model import Index, Table
    from cloudlet.services.dynamodb.replication import Version
    from cloudlet.services.dynamodb.values import Item

_ENCODER: Final = msgspec.msgpack.Encoder()
_ITEM_DECODER: Final = msgspec.msgpack.Decoder(dict[str, dict[str, Any]])
_NO_LIMIT: Final = 1 << 62


def find_item(call: Call, table: Table, key: Item) -> Item | None:
    """The item under a key, or None."""
    row = call.transaction.get((*keys.item_prefix(call, table), *table.keys.row_key(key)))
    return None if row is None else _ITEM_DECODER.decode(row)


def find_item_at(call: Call, table: Table, position: tuple[bytes, ...]) -> Item | None:
    """The item at a position in its table, or None."""
    row = call.transaction.get((*keys.item_prefix(call, table), *position))
    return None if row is None else _ITEM_DECODER.decode(row)


def replace_item(
    call: Call,
    table: Table,
    key: Item,
    old: Item | None,
    new: Item | None,
    consumed: Consumed | None,
    *,
    expired: bool = False,
    version: Version | None = None,
) -> None:
    """Puts `new` where `old` stands, or removes it; changes the rows of all indexes, and records it.

    With a version it is a write of another region's, which that region tells of.
    """
    row_key = table.keys.row_key(key)
    if table.keeps_history and old != new:
        history.keep(call, table, row_key, old)
    if new is not None:
        call.transaction.put((*keys.item_prefix(call, table), *row_key), _ENCODER.encode(new))
    elif old is not None:
        call.transaction.delete((*keys.item_prefix(call, table), *row_key))
    if consumed is not None:
        consumed.table += capacity.write_units(item_size(old) if old else 0, item_size(new) if new else 0)
    if table.time_to_live is not None:
        waiting.replace_expiry(call, table, row_key, old, new)
    for index in table.indexes:
        _replace_index_row(call, table, index, row_key, old, new, consumed)
    if table.stream is not None and old != new:
        streams.add_record(call, table, table.stream, row_key, old, new, expired=expired)
    if table.destinations and (destination := table.destination) is not None and old != new:
        outbox.add_change(call, table, destination, old, new, expired=expired)
    if table.replicas:
        replication.record_write(call, table, row_key, table.keys.key_of(key), new, version)


def _replace_index_row(
    call: Call,
    table: Table,
    index: Index,
    row_key: tuple[bytes, ...],
    old: Item | None,
    new: Item | None,
    consumed: Consumed | None,
) -> None:
    before = index.projected(old, table.keys) if old is not None and index.holds(old) else None
    after = index.projected(new, table.keys) if new is not None and index.holds(new) else None
    if before == after:
        return
    prefix = keys.index_prefix(call, table, index)
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
    """Writes the row of an item that was there before the index, if the index can have it."""
    if can_keep(table, index, item):
        row_key = table.keys.row_key(item)
        key = (*keys.index_prefix(call, table, index), *index.keys.row_key(item), *row_key[1:])
        call.transaction.put(key, _ENCODER.encode(index.projected(item, table.keys)))


def restore_item(call: Call, table: Table, item: Item) -> None:
    """Puts an item into a table that is being restored, and into its indexes."""
    row_key = table.keys.row_key(item)
    call.transaction.put((*keys.item_prefix(call, table), *row_key), _ENCODER.encode(item))
    for index in table.indexes:
        add_to_index(call, table, index, item)


def delete_index(call: Call, table: Table, index: Index) -> None:
    """Removes every row of an index."""
    scope = keys.scope(call)
    prefix = (*scope, "index", table.id, index.name)
    call.transaction.delete_range(prefix, (*prefix, LAST))
    call.transaction.delete(keys.backfill_key(call, table.id, index.name))


def items_in(
    call: Call, start: Key, end: Key, *, limit: int, reverse: bool = False
) -> Iterator[tuple[Key, int, Item]]:
    """The items of the rows from start up to end, with the key and the length of each row.

    An item never weighs more than its row is long.
    """
    for key, row in call.transaction.range(start, end, limit=limit, reverse=reverse):
        yield key, len(row), _ITEM_DECODER.decode(row)


def items_after(
    call: Call, table: Table, after: tuple[bytes, ...], limit: int
) -> Iterator[tuple[tuple[bytes, ...], Item]]:
    """The table's items beyond a position, with the position of each."""
    return items_below(call, table.id, after, limit)


def items_below(
    call: Call, rows: str, after: tuple[bytes, ...], limit: int
) -> Iterator[tuple[tuple[bytes, ...], Item]]:
    """The items of a table or a copy beyond a position, with the position of each."""
    prefix = keys.rows_prefix(call, rows)
    start = (*prefix, *after, LAST) if after else prefix
    for key, _, item in items_in(call, start, (*prefix, LAST), limit=limit):
        yield tuple(part for part in key[len(prefix) :] if isinstance(part, bytes)), item


def count_rows(call: Call, prefix: Key, after: Key, limit: int) -> tuple[Count, Key | None]:
    """Counts the next rows below a prefix; with where to go on, or None at the end."""
    start = (*prefix, *after, LAST) if after else prefix
    items = size = 0
    last: Key | None = None
    for key, _, item in items_in(call, start, (*prefix, LAST), limit=limit):
        items, size, last = items + 1, size + item_size(item), key[len(prefix) :]
    return Count(items, size), last


def collection_size(call: Call, table: Table, item: Item) -> int:
    """The bytes of all items with an item's partition key, in the table and its local indexes."""
    schemas = [(keys.item_prefix(call, table), table.keys)]
    schemas += [(keys.index_prefix(call, table, index), index.keys) for index in table.local_indexes]
    total = 0
    for prefix, schema in schemas:
        base = (*prefix, *KeySchema(schema.partition).row_key(item)[:2])
        total += sum(len(row) for _, row in call.transaction.range(base, (*base, LAST), limit=_NO_LIMIT))
    return total
