"""Tables: their rows, their names, and what was counted of them.

The layout of the keys is in keys.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from cloudlet.core.arn import find_arn
from cloudlet.core.store import LAST
from cloudlet.services.dynamodb.addressing import check_region
from cloudlet.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from cloudlet.services.dynamodb.model import MAX_NAME, NAME_PATTERN, Table, TableSize
from cloudlet.services.dynamodb.state import keys, waiting
from cloudlet.services.dynamodb.table_keys import TableKeys

if TYPE_CHECKING:
    from cloudlet.core.call import Call

_NAME: Final = re.compile(rf"[a-zA-Z0-9_.-]{{1,{MAX_NAME}}}")
_ENCODER: Final = msgspec.msgpack.Encoder()
_TABLE_DECODER: Final = msgspec.msgpack.Decoder(Table)
_SIZE_DECODER: Final = msgspec.msgpack.Decoder(TableSize)


class Tables:
    """Table rows decoded before. A row's bytes are the key, so that it can never be stale."""

    def __init__(self, bound: int = 1024) -> None:
        self._bound = bound
        self._decoded: dict[bytes, Table] = {}

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


def table_name(call: Call, name_or_arn: str) -> str:
    """The name in a TableName, which may be an ARN of this account and region."""
    if ":" not in name_or_arn:
        if not _NAME.fullmatch(name_or_arn):
            raise _unfit_name(name_or_arn)
        return name_or_arn
    arn = find_arn(name_or_arn)
    if arn is None or not arn.resource.startswith("table/") or arn.service != "dynamodb":
        raise ValidationException("Invalid TableArn")
    check_region(call, arn, name_or_arn)
    if arn.account != call.account:
        raise ResourceNotFoundException("Requested resource not found")
    return arn.resource.removeprefix("table/").split("/")[0]


def _unfit_name(name: str) -> ValidationException:
    too_long = f"Member must have length less than or equal to {MAX_NAME}"
    unfit = f"Member must satisfy regular expression pattern: {NAME_PATTERN}"
    return ValidationException(
        f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: "
        f"{too_long if len(name) > MAX_NAME else unfit}"
    )


def find_table(call: Call, name_or_arn: str) -> Table | None:
    """A table by its name or ARN, or None."""
    row = call.transaction.get(keys.table_key(call, table_name(call, name_or_arn)))
    return None if row is None else call.cloud.component(Tables).decode(row)


def table(call: Call, name_or_arn: str) -> Table:
    """The table an item operation is about, which the caller can have decrypted.

    Raises ResourceNotFoundException, and what is said of a table's key that cannot be used.
    """
    found = find_table(call, name_or_arn)
    if found is None or found.restoring is not None:
        raise ResourceNotFoundException("Requested resource not found")
    if found.encryption is not None:
        call.cloud.component(TableKeys).check(call, found.name, found.encryption)
    return found


def managed_table(call: Call, name_or_arn: str) -> Table:
    """The table an operation on tables is about. Raises ResourceNotFoundException, naming it."""
    found = find_table(call, name_or_arn)
    if found is None or found.restoring is not None:
        name = table_name(call, name_or_arn)
        raise ResourceNotFoundException(f"Requested resource not found: Table: {name} not found")
    return found


def tagged_table(call: Call, arn: str) -> Table:
    """The table of an ARN that tags are about. Raises ResourceNotFoundException, showing the ARN."""
    found = find_table(call, arn)
    if found is None or found.restoring is not None:
        raise ResourceNotFoundException(f"Requested resource not found: ResourceArn: {arn} not found")
    return found


def save_table(call: Call, table: Table) -> None:
    """Writes a table's row."""
    call.transaction.put(keys.table_key(call, table.name), _ENCODER.encode(table))


def add_table(call: Call, table: Table) -> None:
    """Writes the row of a new table."""
    save_table(call, table)
    call.transaction.put((*keys.TABLES, call.account, call.region, table.name), b"")


def list_table_names(call: Call, after: str | None, limit: int) -> list[str]:
    """At most `limit` names in order, those after the given one."""
    prefix = (*keys.scope(call), "table")
    start = prefix if after is None else (*prefix, after, LAST)
    rows = call.transaction.range(start, (*prefix, LAST), limit=limit)
    return [str(key[-1]) for key, _ in rows]


def delete_table(call: Call, table: Table, *, keep_items: bool = False) -> None:
    """Removes a table with everything kept about it, and its items unless a backup needs them."""
    transaction, scope = call.transaction, keys.scope(call)
    transaction.delete(keys.table_key(call, table.name))
    transaction.delete((*scope, "size", table.id))
    transaction.delete((*keys.TABLES, call.account, call.region, table.name))
    kinds = ("index", "version") if keep_items else ("item", "index", "version")
    for kind in kinds:
        transaction.delete_range((*scope, kind, table.id), (*scope, kind, table.id, LAST))


def table_size(call: Call, table: Table) -> TableSize:
    """How much the table held when it was last counted."""
    row = call.transaction.get((*keys.scope(call), "size", table.id))
    return TableSize() if row is None else _SIZE_DECODER.decode(row)


def save_table_size(call: Call, table: Table, size: TableSize) -> None:
    """Remembers a count."""
    call.transaction.put((*keys.scope(call), "size", table.id), _ENCODER.encode(size))


def change_time_to_live(call: Call, table: Table, attribute: str | None) -> None:
    """Sets the attribute that says when items expire, also for the items that are there."""
    save_table(call, replace(table, time_to_live=attribute, time_to_live_changed=call.time()))
    if attribute is not None:
        waiting.start_backfill(call, table, "")
