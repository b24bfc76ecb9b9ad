"""Background work on tables: filling new indexes, deleting what has expired, counting what tables hold.

Each step is one short transaction, stored, so that a killed server goes on where it was.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.model import Count, TableSize
from cloudlet.services.dynamodb.replication import expiring_region

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.state import Backfill, Expiry, TableOf

_SWEEP_SECONDS: Final = 60.0
_COUNT_SECONDS: Final = 6 * 3600.0
_TOO_OLD_SECONDS: Final = 5 * 365 * 86400
"""DynamoDB leaves items alone that expired more than five years ago."""
_ITEMS_A_STEP: Final = 200


class IndexBackfill:
    """Fills new global indexes, and a new time to live, with the items that were there before them."""

    name = "dynamodb-backfill"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works off everything that is unfinished, then waits for more."""
        with self._cloud.wakeups.listening(state.BACKFILL_TOPIC) as listener:
            while True:
                for backfill in await _call(self._cloud).transact(state.list_backfills, read_only=True):
                    call = _call(self._cloud, backfill.account, backfill.region)
                    while await call.transact(partial(_fill, backfill=backfill)):
                        pass
                await listener.wait(self._cloud.clock, _SWEEP_SECONDS)


class TimeToLive:
    """Deletes items whose time is over."""

    name = "dynamodb-time-to-live"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Deletes what is due, then waits a minute."""
        while True:
            while due := await _call(self._cloud).transact(state.list_expired, read_only=True):
                for expiry in due:
                    call = _call(self._cloud, expiry.account, expiry.region)
                    await call.transact(partial(_expire, expiry=expiry))
            await self._cloud.clock.sleep(_SWEEP_SECONDS)


class TableSizes:
    """Counts, about every six hours as DynamoDB does, how much each table and index holds."""

    name = "dynamodb-table-sizes"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Waits, then counts table by table, page by page."""
        while True:
            await self._cloud.clock.sleep(_COUNT_SECONDS)
            for named in await _call(self._cloud).transact(state.list_all_tables, read_only=True):
                await self._count(_call(self._cloud, named.account, named.region), named)

    async def _count(self, call: Call, named: TableOf) -> None:
        table = await call.transact(lambda inner: state.find_table(inner, named.name), read_only=True)
        if table is None:
            return
        whole = await self._count_rows(call, state.item_prefix(call, table))
        indexes = {
            index.name: await self._count_rows(call, state.index_prefix(call, table, index))
            for index in table.indexes
        }
        size = TableSize(whole.items, whole.size_bytes, indexes)
        await call.transact(partial(_save_size, table=table, size=size))

    async def _count_rows(self, call: Call, prefix: Key) -> Count:
        total = Count()
        after: Key = ()
        while True:
            page, last = await call.transact(
                partial(state.count_rows, prefix=prefix, after=after, limit=_ITEMS_A_STEP), read_only=True
            )
            total = total.plus(page)
            if last is None:
                return total
            after = last


def _call(cloud: Cloud, account: str = "", region: str = "") -> Call:
    return cloud.call("dynamodb", Principal.of_service("dynamodb.amazonaws.com"), account, region)


def _fill(call: Call, backfill: Backfill) -> bool:
    """Puts the next items into an index; False once it is full or gone."""
    progress = state.find_backfill(call, backfill)
    table = state.find_table(call, backfill.table_name)
    if progress is None or table is None or table.id != backfill.table_id:
        state.end_backfill(call, backfill)
        return False
    index = table.find_index(backfill.index_name)
    last = None
    for position, item in state.items_after(call, table, progress.after, _ITEMS_A_STEP):
        if index is not None:
            state.add_to_index(call, table, index, item)
        else:
            state.add_expiry(call, table, item)
        last = position
    if last is not None:
        state.save_backfill(call, replace(progress, after=last))
        return True
    state.end_backfill(call, backfill)
    if index is not None:
        state.save_table(call, table.with_index(replace(index, backfilling=False)))
    return False


def _expire(call: Call, expiry: Expiry) -> None:
    """Deletes the item if it still says that its time is over, and in any case the row that said so."""
    state.delete_expiry(call, expiry)
    table = state.find_table(call, expiry.table_name)
    if table is None or table.id != expiry.table_id or expiry.second < call.time() - _TOO_OLD_SECONDS:
        return
    item = state.find_item_at(call, table, expiry.position)
    if item is None or table.expiry(item) != expiry.second:
        return
    version = state.find_version(call, table, expiry.position)
    there = state.in_region(call, expiring_region(table.replicas, call.region, version))
    sibling = state.find_table(there, table.name)
    found = None if sibling is None else state.find_item_at(there, sibling, expiry.position)
    if sibling is not None and found is not None and sibling.expiry(found) == expiry.second:
        state.replace_item(there, sibling, found, found, None, None, expired=True)


def _save_size(call: Call, table: Table, size: TableSize) -> None:
    current = state.find_table(call, table.name)
    if current is not None and current.id == table.id:
        state.save_table_size(call, table, size)
