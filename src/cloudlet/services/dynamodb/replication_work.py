"""Brings the writes of tables to their replicas in other regions, and makes and removes replicas.

Taking writes from a queue, applying them and removing them is one transaction, as is each step of a copy: a
killed server goes on where it was, and nothing is applied twice or lost. The latest write of an item wins.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.replication import ACTIVE, UNVERSIONED

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.replication import ReplicatedWrite, ReplicaWork

_SWEEP_SECONDS: Final = 60.0
_WRITES_A_STEP: Final = 50
_ITEMS_A_STEP: Final = 100
_DELETIONS_A_STEP: Final = 200
_DELETIONS_SECONDS: Final = 24 * 3600.0
"""How long it is known which write deleted an item, for older writes that come late."""


class Replication:
    """Tells regions of each other's writes, then waits for more."""

    name = "dynamodb-replication"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        with self._cloud.wakeups.listening(state.REPLICATION_TOPIC) as listener:
            while True:
                await self._tell_all()
                if not await self._work():
                    await self._forget_deletions()
                    await listener.wait(self._cloud.clock, _SWEEP_SECONDS)

    async def _tell_all(self) -> None:
        """Goes through the queues, a step of each in turn, until they are empty."""
        after: Key = ()
        while True:
            told = await self._call().transact(partial(_tell, after=after))
            if told is None and not after:
                return
            after = told or ()

    async def _work(self) -> bool:
        """Does a step for every replica that is made or removed; whether there are more to do."""
        is_more = False
        for work in await self._call().transact(state.list_replica_work, read_only=True):
            call = self._call(work.account, work.region)
            is_more |= await call.transact(partial(_step, work=work))
        return is_more

    async def _forget_deletions(self) -> None:
        before = self._cloud.clock.time() - _DELETIONS_SECONDS
        forget = partial(state.forget_deletions, before=before, limit=_DELETIONS_A_STEP)
        while await self._call().transact(forget):
            pass

    def _call(self, account: str = "", region: str = "") -> Call:
        principal = Principal.of_service("replication.dynamodb.amazonaws.com")
        return self._cloud.call("dynamodb", principal, account, region)


def _tell(call: Call, after: Key) -> Key | None:
    """Applies the oldest writes of the queue beyond another; which queue that was, or None at the end."""
    queue = state.next_queue(call, after, _WRITES_A_STEP)
    if queue is None:
        return None
    there = state.in_region(replace(call, account=queue.account), queue.target_region)
    for _, write in queue.writes:
        table = state.find_table(there, write.table_name)
        if table is not None and table.find_replica(queue.region) is not None:
            _apply(there, table, write)
    state.forget_writes(call, queue)
    return queue.key


def _apply(call: Call, table: Table, write: ReplicatedWrite) -> None:
    """Does a write of another region's, unless a later one is known."""
    position = table.keys.row_key(write.key)
    known = state.find_version(call, table, position)
    if known is None or known < write.version:
        old = state.find_item_at(call, table, position)
        state.replace_item(call, table, write.key, old, write.new, None, version=write.version)


def _step(call: Call, work: ReplicaWork) -> bool:
    """Does the next piece of some work; whether there is more to do at once."""
    current = state.find_replica_work(call, work)
    if current is None:
        return False
    return _copy(call, current) if current.replica_region else _remove(call, current)


def _copy(call: Call, work: ReplicaWork) -> bool:
    """Copies the next items into a new replica; at the end it can be used."""
    there = state.in_region(call, work.replica_region)
    source, replica = state.find_table(call, work.table_name), state.find_table(there, work.table_name)
    if source is None or replica is None or source.id != work.table_id:
        state.end_replica_work(call, work)
        return False
    last = None
    for position, item in state.items_after(call, source, work.after, _ITEMS_A_STEP):
        version = state.find_version(call, source, position) or UNVERSIONED
        if (state.find_version(there, replica, position) or UNVERSIONED) <= version:
            old = state.find_item_at(there, replica, position)
            state.replace_item(there, replica, item, old, item, None, version=version)
        last = position
    if last is not None:
        state.save_replica_work(call, replace(work, after=last))
        return True
    _activate(there, replica, source)
    state.end_replica_work(call, work)
    return False


def _activate(call: Call, table: Table, source: Table) -> None:
    """Lets a replica be used, which has a stream like that of its source."""
    if source.stream is not None:
        table = state.start_stream(call, table, source.stream.view_type)
    table = replace(table, restoring=None)
    state.save_table(call, table)
    for there, sibling in state.siblings(call, table):
        known = sibling.find_replica(call.region)
        if known is not None:
            state.save_table(there, sibling.with_replica(replace(known, status=ACTIVE)))


def _remove(call: Call, work: ReplicaWork) -> bool:
    """Lets the other regions forget a removed replica once they know of all its writes."""
    if state.has_queues(call, work.table_id):
        return True
    state.forget_replication(call, work.table_id)
    for region in work.remaining:
        there = state.in_region(call, region)
        table = state.find_table(there, work.table_name)
        if table is None:
            continue
        left = tuple(each for each in table.replicas if each.region != call.region)
        state.save_table(there, replace(table, replicas=left))
        if not left:
            state.forget_replication(there, table.id)
    state.end_replica_work(call, work)
    return False
