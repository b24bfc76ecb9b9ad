"""Operations on backups, and on the recovery of a table to any moment of the last days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import structs
from msgspec.structs import replace

from cloudlet.core.arn import find_arn
from cloudlet.core.errors import AccessDenied
from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.authorization import on_backup, on_table
from cloudlet.services.dynamodb.backups import (
    CREATING,
    DELETED,
    SNAPSHOT,
    SYSTEM,
    USER,
    Backup,
    Job,
    describe_backup,
    describe_details,
    describe_summary,
)
from cloudlet.services.dynamodb.description import moment
from cloudlet.services.dynamodb.errors import (
    BackupInUseException,
    BackupNotFoundException,
    TableNotFoundException,
    ValidationException,
)
from cloudlet.services.dynamodb.recovery import MOST_DAYS, Recovery

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table

_DEFAULT_PAGE: Final = 100
_ALL: Final = "ALL"


@operation("CreateBackup", permissions=on_table("CreateBackup"))
def create_backup(call: Call, request: Request) -> dict[str, Any]:
    """Keeps what a table holds at this moment; it is copied in the background."""
    call = owner(call, request["TableName"])
    table = backed_up_table(call, request["TableName"])
    size = state.table_size(call, table)
    backup_id = new_backup_id(call)
    backup = Backup(
        backup_id,
        request["BackupName"],
        round(call.time(), 3),
        plain(table),
        backup_id,
        size_bytes=size.size_bytes,
        item_count=size.item_count,
    )
    state.save_backup(call, backup)
    state.begin_copy(call, table, backup.rows)
    state.start_job(
        call,
        Job(
            call.account,
            call.region,
            backup_id,
            SNAPSHOT,
            backup.rows,
            source_name=table.name,
            source_id=table.id,
            backup_id=backup_id,
        ),
    )
    return {"BackupDetails": describe_details(backup, call.arn(backup.resource))}


@operation("DescribeBackup", permissions=on_backup("DescribeBackup"), read_only=True)
def describe(call: Call, request: Request) -> dict[str, Any]:
    """A backup, and the table that it is of."""
    backup = backup_of(call, request["BackupArn"])
    return {"BackupDescription": describe_backup(backup, request["BackupArn"], _table_arn(call, backup))}


@operation("DeleteBackup", permissions=on_backup("DeleteBackup"))
def delete_backup(call: Call, request: Request) -> dict[str, Any]:
    """Removes a backup that nothing is made of now."""
    arn = request["BackupArn"]
    backup = backup_of(call, arn)
    if backup.type == SYSTEM and backup.expires is not None:
        raise ValidationException(
            f"User is not allowed to delete the system backup with arn {arn}. "
            f"It will automatically expire on {moment(backup.expires):%Y-%m-%dT%H:%M:%S.000Z}"
        )
    if backup.restored_to is not None:
        raise BackupInUseException(f"Backup is being used to restore table: {arn}")
    if backup.status == CREATING:
        raise BackupInUseException(f"Backup is being created: {arn}")
    state.delete_backup(call, backup)
    return {"BackupDescription": describe_backup(backup, arn, _table_arn(call, backup), DELETED)}


@operation("ListBackups", read_only=True)
def list_backups(call: Call, request: Request) -> dict[str, Any]:
    """The backups of the account in the region, or of one table; by default those that users made."""
    lower, upper = request.get("TimeRangeLowerBound"), request.get("TimeRangeUpperBound")
    if lower is not None and upper is not None and lower > upper:
        raise ValidationException("Time range lower bound must be less than or equal to upper bound")
    limit = request.get("Limit", _DEFAULT_PAGE)
    found: list[Backup] = []
    for backup in state.list_backups(call, _after(request)):
        if _is_wanted(call, backup, request):
            found.append(backup)
        if len(found) > limit:
            break
    answer: dict[str, Any] = {
        "BackupSummaries": [
            describe_summary(each, call.arn(each.resource), _table_arn(call, each)) for each in found[:limit]
        ]
    }
    if len(found) > limit:
        answer["LastEvaluatedBackupArn"] = call.arn(found[limit - 1].resource)
    return answer


@operation("DescribeContinuousBackups", permissions=on_table("DescribeContinuousBackups"), read_only=True)
def describe_continuous_backups(call: Call, request: Request) -> dict[str, Any]:
    """Between which moments a table can be restored, if it can."""
    call = owner(call, request["TableName"])
    return _described(call, backed_up_table(call, request["TableName"]))


@operation("UpdateContinuousBackups", permissions=on_table("UpdateContinuousBackups"))
def update_continuous_backups(call: Call, request: Request) -> dict[str, Any]:
    """Lets a table be restored to any moment from now on, or ends that."""
    call = owner(call, request["TableName"])
    specification = request["PointInTimeRecoverySpecification"]
    enabled, days = specification["PointInTimeRecoveryEnabled"], specification.get("RecoveryPeriodInDays")
    if not enabled and days is not None:
        raise ValidationException(
            "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery."
        )
    table = backed_up_table(call, request["TableName"])
    if enabled:
        changed = replace(table, recovery=_recovery(call, table, days))
        state.follow_recovery(call, table.name)
    else:
        changed = replace(table, recovery=None)
        end_recovery(call, table)
    state.save_table(call, changed)
    return _described(call, changed)


def end_recovery(call: Call, table: Table) -> None:
    """Forgets a table's journal, unless a restore still needs it: that forgets it then."""
    state.unfollow_recovery(call, table.name)
    if not table.copies:
        state.trim_journal(call, table.id)


def keep_deleted(call: Call, table: Table) -> None:
    """Makes the backup that a deleted table with recovery leaves for 35 days: it takes over the items."""
    now, size = call.time(), state.table_size(call, table)
    backup = Backup(
        f"{int(now * 1000):014d}-00000000",
        f"{table.name}$DeletedTableBackup",
        round(now, 3),
        plain(table),
        table.id,
        type=SYSTEM,
        status="AVAILABLE",
        expires=now + MOST_DAYS * 86400,
        size_bytes=size.size_bytes,
        item_count=size.item_count,
    )
    state.save_backup(call, backup)
    state.expire_backup(call, backup)


def backed_up_table(call: Call, name_or_arn: str) -> Table:
    """The table that an operation on backups is about. Raises TableNotFoundException."""
    table = state.find_table(call, name_or_arn)
    if table is None or table.restoring is not None:
        raise TableNotFoundException(f"Table not found: {state.table_name(call, name_or_arn)}")
    return table


def backup_of(call: Call, text: str) -> Backup:
    """The backup of an ARN. Raises ValidationException, AccessDenied, BackupNotFoundException."""
    arn = find_arn(text)
    if arn is not None and (arn.partition, arn.service) != ("aws", "dynamodb"):
        raise ValidationException("BackupArn is not valid")
    if arn is None or not arn.resource.startswith("table/") or "/backup/" not in arn.resource:
        raise ValidationException("Invalid Backup ARN")
    name, _, backup_id = arn.resource.removeprefix("table/").partition("/backup/")
    if arn.account != call.account:
        raise AccessDenied("Access is denied")
    backup = state.find_backup(call, backup_id)
    if backup is None or backup.table.name != name:
        raise BackupNotFoundException(f"Backup not found: {text}")
    return backup


def new_backup_id(call: Call) -> str:
    """An identifier that grows with time."""
    return f"{int(call.time() * 1000):014d}-{call.ids.uuid()[:8]}"


def plain(table: Table) -> Table:
    """A table's definition without what a backup does not keep."""
    return replace(
        table, copies=(), recovery=None, policy=None, insights=(), tags=(), destinations=(), replicas=()
    )


def _recovery(call: Call, table: Table, days: int | None) -> Recovery:
    if table.recovery is None:
        return Recovery(call.time(), days or MOST_DAYS)
    return structs.replace(table.recovery, days=days or table.recovery.days)


def _described(call: Call, table: Table) -> dict[str, Any]:
    recovery, now = table.recovery, call.time()
    described: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if recovery is not None:
        described = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": recovery.days,
            "EarliestRestorableDateTime": moment(recovery.earliest(now)),
            "LatestRestorableDateTime": moment(recovery.latest(now)),
        }
    return {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": described,
        }
    }


def _after(request: Request) -> str | None:
    start = request.get("ExclusiveStartBackupArn")
    return None if start is None else str(start).partition("/backup/")[2]


def _is_wanted(call: Call, backup: Backup, request: Request) -> bool:
    kind, created = request.get("BackupType", USER), moment(backup.created)
    if kind not in (_ALL, backup.type):
        return False
    if "TableName" in request and backup.table.name != state.table_name(call, request["TableName"]):
        return False
    if "TimeRangeLowerBound" in request and created < request["TimeRangeLowerBound"]:
        return False
    return "TimeRangeUpperBound" not in request or created < request["TimeRangeUpperBound"]


def _table_arn(call: Call, backup: Backup) -> str:
    return call.arn(f"table/{backup.table.name}")
