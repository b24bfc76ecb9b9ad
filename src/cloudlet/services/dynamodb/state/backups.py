"""Backups, and the work of making and restoring them.

The layout of the keys is in keys.py; the items of a backup stand where a table's would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from cloudlet.core.store import LAST
from cloudlet.services.dynamodb.backups import SNAPSHOT, UNDO, Backup, Job
from cloudlet.services.dynamodb.state import history, keys, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.model import Table

BACKUP_TOPIC: Final = "dynamodb-backups"
_ENCODER: Final = msgspec.msgpack.Encoder()
_BACKUP_DECODER: Final = msgspec.msgpack.Decoder(Backup)
_JOB_DECODER: Final = msgspec.msgpack.Decoder(Job)
_JOBS_AT_ONCE: Final = 1000
_NO_LIMIT: Final = 1 << 62


def save_backup(call: Call, backup: Backup) -> None:
    """Writes a backup's row."""
    call.transaction.put(keys.backup_key(call, backup.id), _ENCODER.encode(backup))


def find_backup(call: Call, backup_id: str) -> Backup | None:
    """The backup of that id, or None."""
    row = call.transaction.get(keys.backup_key(call, backup_id))
    return None if row is None else _BACKUP_DECODER.decode(row)


def list_backups(call: Call, after: str | None = None) -> Iterator[Backup]:
    """The account's backups in the region in the order of their moments."""
    prefix = (*keys.scope(call), "backup")
    start = prefix if after is None else (*prefix, after, LAST)
    for _, row in call.transaction.range(start, (*prefix, LAST), limit=_NO_LIMIT):
        yield _BACKUP_DECODER.decode(row)


def delete_backup(call: Call, backup: Backup) -> None:
    """Removes a backup with its items."""
    call.transaction.delete(keys.backup_key(call, backup.id))
    call.transaction.delete((*keys.EXPIRING_BACKUPS, call.account, call.region, backup.id))
    history.forget_rows(call, backup.rows)


def expire_backup(call: Call, backup: Backup) -> None:
    """Has a backup removed when its time is over."""
    call.transaction.put((*keys.EXPIRING_BACKUPS, call.account, call.region, backup.id), b"")


def list_expiring(call: Call) -> list[tuple[str, str, str]]:
    """The account, region and id of every backup that expires one day."""
    prefix = keys.EXPIRING_BACKUPS
    rows = call.transaction.range(prefix, (*prefix, LAST), limit=_NO_LIMIT)
    return [(str(key[-3]), str(key[-2]), str(key[-1])) for key, _ in rows]


def save_job(call: Call, job: Job) -> None:
    """Remembers work that is to be done, or how far it is."""
    call.transaction.put((*keys.JOBS, job.account, job.region, job.id), _ENCODER.encode(job))


def start_job(call: Call, job: Job) -> None:
    """Has work done."""
    save_job(call, job)
    call.wake(BACKUP_TOPIC)


def find_job(call: Call, job: Job) -> Job | None:
    """How far the work is by now, or None where it is done."""
    row = call.transaction.get((*keys.JOBS, job.account, job.region, job.id))
    return None if row is None else _JOB_DECODER.decode(row)


def end_job(call: Call, job: Job) -> None:
    """Forgets work that is done."""
    call.transaction.delete((*keys.JOBS, job.account, job.region, job.id))


def list_jobs(call: Call) -> list[Job]:
    """The unfinished work of all accounts and regions."""
    rows = call.transaction.range(keys.JOBS, (*keys.JOBS, LAST), limit=_JOBS_AT_ONCE)
    return [_JOB_DECODER.decode(row) for _, row in rows]


def begin_copy(call: Call, table: Table, copy: str) -> None:
    """Lets every write keep, from now on, what a copy has not seen yet."""
    tables.save_table(call, replace(table, copies=(*table.copies, copy)))


def end_copy(call: Call, job: Job) -> None:
    """Ends that. What a copy was the last to need of a deleted table goes with it."""
    history.forget_absent(call, job.rows)
    table = tables.find_table(call, job.source_name)
    if table is not None and table.id == job.source_id:
        left = replace(table, copies=tuple(each for each in table.copies if each != job.rows))
        tables.save_table(call, left)
        if left.recovery is None and not left.copies:
            history.trim_journal(call, table.id)
    elif not any(_still_copies(each, job) for each in list_jobs(call)):
        history.trim_journal(call, job.source_id)
        if all(each.rows != job.source_id for each in list_backups(call)):
            history.forget_rows(call, job.source_id)


def _still_copies(other: Job, job: Job) -> bool:
    return other.source_id == job.source_id and other.id != job.id and other.phase in (SNAPSHOT, UNDO)


def follow_recovery(call: Call, table_name: str) -> None:
    """Has a table's journal trimmed as time goes by."""
    call.transaction.put((*keys.JOURNALS, call.account, call.region, table_name), b"")


def unfollow_recovery(call: Call, table_name: str) -> None:
    """Ends that."""
    call.transaction.delete((*keys.JOURNALS, call.account, call.region, table_name))


def list_recoverable(call: Call) -> list[tuple[str, str, str]]:
    """The account, region and name of every table with point-in-time recovery."""
    rows = call.transaction.range(keys.JOURNALS, (*keys.JOURNALS, LAST), limit=_NO_LIMIT)
    return [(str(key[-3]), str(key[-2]), str(key[-1])) for key, _ in rows]
