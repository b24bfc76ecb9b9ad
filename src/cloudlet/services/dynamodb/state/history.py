"""What items were before they changed: the journal of tables with point-in-time recovery, and running copies.

Written with the item, in its transaction. The layout of the keys is in keys.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import structs

from cloudlet.core.store import LAST
from cloudlet.services.dynamodb.exports import Change
from cloudlet.services.dynamodb.state import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.backups import Job
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.values import Item

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(dict[str, dict[str, Any]] | None)
_CHANGE_DECODER: Final = msgspec.msgpack.Decoder(Change)
_MICROSECONDS: Final = 1_000_000


def micros(seconds: float) -> int:
    """A moment as the journal counts it."""
    return round(seconds * _MICROSECONDS)


def keep(call: Call, table: Table, row_key: tuple[bytes, ...], old: Item | None) -> None:
    """Keeps what is about to change for whoever goes back or is just being copied."""
    if table.recovery is not None:
        key = (*keys.journal_prefix(call, table.id), micros(call.time()), *row_key)
        if call.transaction.get(key) is None:
            call.transaction.put(key, _ENCODER.encode(old))
    for copy in table.copies:
        if is_copied(call, copy, row_key):
            continue
        if old is None:
            call.transaction.put((*keys.absent_prefix(call, copy), *row_key), b"")
        else:
            call.transaction.put((*keys.rows_prefix(call, copy), *row_key), _ENCODER.encode(old))


def is_copied(call: Call, copy: str, row_key: tuple[bytes, ...]) -> bool:
    """Whether a copy already knows what stood at a position, or that nothing did."""
    get = call.transaction.get
    return (
        get((*keys.rows_prefix(call, copy), *row_key)) is not None
        or get((*keys.absent_prefix(call, copy), *row_key)) is not None
    )


def copy_item(call: Call, copy: str, row_key: tuple[bytes, ...], item: Item) -> None:
    """Puts an item into a copy."""
    call.transaction.put((*keys.rows_prefix(call, copy), *row_key), _ENCODER.encode(item))


def undo(call: Call, copy: str, row_key: tuple[bytes, ...], old: Item | None) -> None:
    """Takes a change back in a copy."""
    if old is None:
        call.transaction.delete((*keys.rows_prefix(call, copy), *row_key))
        call.transaction.put((*keys.absent_prefix(call, copy), *row_key), b"")
    else:
        copy_item(call, copy, row_key, old)


def collect_change(
    call: Call, job: Job, written_micros: int, row_key: tuple[bytes, ...], old: Item | None
) -> None:
    """Remembers what an item was before a change, and what it became unless a later change is known."""
    key = (*keys.changed_prefix(call, job.rows), *row_key)
    row = call.transaction.get(key)
    if row is None:
        change = Change(written_micros, _item_in_copy(call, job, row_key), old)
    else:
        change = structs.replace(_CHANGE_DECODER.decode(row), old=old)
    call.transaction.put(key, _ENCODER.encode(change))


def _item_in_copy(call: Call, job: Job, row_key: tuple[bytes, ...]) -> Item | None:
    """What stands in a copy that was never filled: where it knows nothing, nothing has changed since."""
    get = call.transaction.get
    row = get((*keys.rows_prefix(call, job.rows), *row_key))
    if row is None and get((*keys.absent_prefix(call, job.rows), *row_key)) is None:
        row = get((*keys.rows_prefix(call, job.source_id), *row_key))
    return None if row is None else _DECODER.decode(row)


def collected_changes(
    call: Call, rows: str, after: tuple[bytes, ...], limit: int
) -> list[tuple[tuple[bytes, ...], Change]]:
    """The changes that were collected of items beyond a position, with the position of each."""
    prefix = keys.changed_prefix(call, rows)
    start = (*prefix, *after, LAST) if after else prefix
    return [
        (tuple(part for part in key[len(prefix) :] if isinstance(part, bytes)), _CHANGE_DECODER.decode(row))
        for key, row in call.transaction.range(start, (*prefix, LAST), limit=limit)
    ]


def forget_collected(call: Call, rows: str) -> None:
    """Removes the changes that were collected."""
    prefix = keys.changed_prefix(call, rows)
    call.transaction.delete_range(prefix, (*prefix, LAST))


def changes_before(
    call: Call, table_id: str, after: int, before: tuple[int | bytes, ...], limit: int
) -> Iterator[tuple[tuple[int | bytes, ...], Item | None]]:
    """The changes of a table later than `after` and before a place in its journal, the last one first."""
    prefix = keys.journal_prefix(call, table_id)
    rows = call.transaction.range((*prefix, after, LAST), (*prefix, *before), limit=limit, reverse=True)
    for key, row in rows:
        place = tuple(part for part in key[len(prefix) :] if isinstance(part, int | bytes))
        yield place, _DECODER.decode(row)


def forget_absent(call: Call, copy: str) -> None:
    """Forgets what a finished copy needs no more."""
    prefix = keys.absent_prefix(call, copy)
    call.transaction.delete_range(prefix, (*prefix, LAST))


def forget_rows(call: Call, rows: str) -> None:
    """Removes the items of a copy."""
    prefix = keys.rows_prefix(call, rows)
    call.transaction.delete_range(prefix, (*prefix, LAST))


def trim_journal(call: Call, table_id: str, before: float | None = None) -> None:
    """Forgets the changes before a moment, or all."""
    prefix = keys.journal_prefix(call, table_id)
    end = (*prefix, LAST) if before is None else (*prefix, micros(before))
    call.transaction.delete_range(prefix, end)
