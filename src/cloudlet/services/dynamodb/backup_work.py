"""Background work on backups: copying tables, taking changes back, filling restored tables, forgetting.

Each step is one short transaction that stores how far it is, so that a killed server goes on where it was.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import structs
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.backups import AVAILABLE, COLLECT, EXPORT, FILL, SNAPSHOT, UNDO
from cloudlet.services.dynamodb.export_work import write_export

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.dynamodb.backups import Job

_SWEEP_SECONDS: Final = 60.0
_TRIM_SECONDS: Final = 3600.0
_ITEMS_A_STEP: Final = 200


class BackupWork:
    """Makes backups and restores tables."""

    name = "dynamodb-backups"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works off everything that is unfinished, then waits for more."""
        with self._cloud.wakeups.listening(state.BACKUP_TOPIC) as listener:
            while True:
                for job in await _call(self._cloud).transact(state.list_jobs, read_only=True):
                    call = _call(self._cloud, job.account, job.region)
                    while await call.transact(partial(_step, job=job)):
                        pass
                    left = await call.transact(partial(state.find_job, job=job), read_only=True)
                    if left is not None and left.phase == EXPORT:
                        await write_export(call, left)
                await listener.wait(self._cloud.clock, _SWEEP_SECONDS)


class BackupTrim:
    """Forgets changes that are too old to go back to, and backups that have expired."""

    name = "dynamodb-backup-trim"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Looks every hour."""
        while True:
            for account, region, name in await _call(self._cloud).transact(
                state.list_recoverable, read_only=True
            ):
                await _call(self._cloud, account, region).transact(partial(_trim, name=name))
            for account, region, backup_id in await _call(self._cloud).transact(
                state.list_expiring, read_only=True
            ):
                await _call(self._cloud, account, region).transact(partial(_expire, backup_id=backup_id))
            await self._cloud.clock.sleep(_TRIM_SECONDS)


def _call(cloud: Cloud, account: str = "", region: str = "") -> Call:
    return cloud.call("dynamodb", Principal.of_service("dynamodb.amazonaws.com"), account, region)


def _step(call: Call, job: Job) -> bool:
    """Does the next piece of some work; False once it is done."""
    current = state.find_job(call, job)
    if current is None or current.phase == EXPORT:
        return False
    if current.phase == SNAPSHOT:
        return _snapshot(call, current)
    if current.phase == UNDO:
        return _undo(call, current)
    if current.phase == COLLECT:
        return _collect(call, current)
    return _fill(call, current)


def _snapshot(call: Call, job: Job) -> bool:
    """Copies the next items of a table, but for those that a write has kept already."""
    last = None
    for position, item in state.items_below(call, job.source_id, job.after, _ITEMS_A_STEP):
        if not state.is_copied(call, job.rows, position):
            state.copy_item(call, job.rows, position, item)
        last = position
    if last is not None:
        state.save_job(call, structs.replace(job, after=last))
        return True
    if job.undo_until:
        state.save_job(call, structs.replace(job, phase=UNDO, after=(), before=(job.undo_until + 1,)))
        return True
    state.end_copy(call, job)
    _finish_backup(call, job)
    state.end_job(call, job)
    return False


def _finish_backup(call: Call, job: Job) -> None:
    backup = None if job.backup_id is None else state.find_backup(call, job.backup_id)
    if backup is not None:
        state.save_backup(call, structs.replace(backup, status=AVAILABLE))


def _undo(call: Call, job: Job) -> bool:
    """Takes the next changes back, the latest first, so that the earliest of an item counts."""
    last = None
    for place, old in state.changes_before(call, job.source_id, job.undo_after, job.before, _ITEMS_A_STEP):
        position = tuple(part for part in place if isinstance(part, bytes))
        state.undo(call, job.rows, position, old)
        last = place
    if last is not None:
        state.save_job(call, structs.replace(job, before=last))
        return True
    if job.collect_after is not None:
        before = (job.undo_after + 1,)
        state.save_job(call, structs.replace(job, phase=COLLECT, before=before))
        return True
    state.end_copy(call, job)
    phase = FILL if job.export_id is None else EXPORT
    state.save_job(call, structs.replace(job, phase=phase, after=(), before=()))
    return True


def _collect(call: Call, job: Job) -> bool:
    """Collects the next changes, the latest first, which says what an item became."""
    last = None
    after = job.collect_after or 0
    for place, old in state.changes_before(call, job.source_id, after, job.before, _ITEMS_A_STEP):
        micros, *position = place
        state.collect_change(call, job, int(micros), tuple(map(bytes, position)), old)
        last = place
    if last is not None:
        state.save_job(call, structs.replace(job, before=last))
        return True
    state.end_copy(call, job)
    state.forget_rows(call, job.rows)
    state.save_job(call, structs.replace(job, phase=EXPORT, before=()))
    return True


def _fill(call: Call, job: Job) -> bool:
    """Puts the next items of a copy into the new table and its indexes; at the end it can be used."""
    table = state.find_table(call, job.target_name)
    if table is None or table.id != job.target_id:
        state.end_job(call, job)
        return False
    last = None
    for position, item in state.items_below(call, job.rows, job.after, _ITEMS_A_STEP):
        state.restore_item(call, table, item)
        last = position
    if last is not None:
        state.save_job(call, structs.replace(job, after=last))
        return True
    state.save_table(call, replace(table, restoring=None))
    if job.backup_id is None:
        state.forget_rows(call, job.rows)
    elif (backup := state.find_backup(call, job.backup_id)) is not None:
        state.save_backup(call, structs.replace(backup, restored_to=None))
    state.end_job(call, job)
    return False


def _trim(call: Call, name: str) -> None:
    table = state.find_table(call, name)
    if table is None or table.recovery is None:
        state.unfollow_recovery(call, name)
    elif not table.copies:
        state.trim_journal(call, table.id, table.recovery.earliest(call.time()))


def _expire(call: Call, backup_id: str) -> None:
    backup = state.find_backup(call, backup_id)
    if backup is None or backup.expires is None or backup.restored_to is not None:
        return
    if backup.expires <= call.time():
        state.delete_backup(call, backup)
