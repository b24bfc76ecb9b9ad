"""Operations that make a table of a backup, or of what another table held at some moment.

The new table is filled in the background.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from cloudlet.core.arn import find_arn
from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.authorization import restore_from_backup, restore_to_moment
from cloudlet.services.dynamodb.backups import FILL, SNAPSHOT, Job
from cloudlet.services.dynamodb.description import CREATING, describe_table, moment
from cloudlet.services.dynamodb.encryption import wanted_key
from cloudlet.services.dynamodb.errors import (
    BackupInUseException,
    InvalidRestoreTimeException,
    PointInTimeRecoveryUnavailableException,
    TableAlreadyExistsException,
    TableInUseException,
    ValidationException,
)
from cloudlet.services.dynamodb.model import TableSize
from cloudlet.services.dynamodb.operations.backups import backed_up_table, backup_of, new_backup_id
from cloudlet.services.dynamodb.recovery import Restoring
from cloudlet.services.dynamodb.restored_definitions import restored_table
from cloudlet.services.dynamodb.table_keys import new_encryption

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.recovery import Recovery

_SECONDS: Final = "%Y-%m-%dT%H:%M:%SZ"


@operation("RestoreTableFromBackup", permissions=restore_from_backup)
def restore_table_from_backup(call: Call, request: Request) -> dict[str, Any]:
    """Makes a new table of a backup; a backup is made into one table at a time."""
    arn = request["BackupArn"]
    backup = backup_of(call, arn)
    restoring = Restoring(call.arn(f"table/{backup.table.name}"), backup.created, arn)
    _check_target(call, request["TargetTableName"], arn)
    if backup.restored_to is not None:
        raise BackupInUseException(f"Backup is being used to restore another table: {arn}")
    if backup.status != "AVAILABLE":
        raise BackupInUseException(f"Backup is being created: {arn}")
    table = _restored(call, backup.table, request, restoring)
    state.add_table(call, table)
    state.save_backup(call, structs.replace(backup, restored_to=table.name))
    state.start_job(
        call,
        Job(
            call.account,
            call.region,
            table.id,
            FILL,
            backup.rows,
            backup_id=backup.id,
            target_name=table.name,
            target_id=table.id,
        ),
    )
    return _answer(call, table)


@operation("RestoreTableToPointInTime", permissions=restore_to_moment)
def restore_table_to_point_in_time(call: Call, request: Request) -> dict[str, Any]:
    """Makes a new table of what another held at a moment."""
    _check_moment_asked(request)
    source = backed_up_table(call, _source_name(call, request))
    recovery = source.recovery
    if recovery is None:
        raise PointInTimeRecoveryUnavailableException(
            f"Point in time recovery is not enabled for table '{source.name}'"
        )
    when = _moment(call, recovery, request)
    _check_target(call, request["TargetTableName"])
    restoring = Restoring(call.arn(f"table/{source.name}"), when)
    table = _restored(call, source, request, restoring)
    state.add_table(call, table)
    copy = new_backup_id(call)
    state.begin_copy(call, source, copy)
    state.start_job(
        call,
        Job(
            call.account,
            call.region,
            table.id,
            SNAPSHOT,
            copy,
            source_name=source.name,
            source_id=source.id,
            target_name=table.name,
            target_id=table.id,
            undo_after=state.micros(when),
            undo_until=state.micros(call.time()),
        ),
    )
    return _answer(call, table)


def _check_moment_asked(request: Request) -> None:
    latest, given = request.get("UseLatestRestorableTime", False), "RestoreDateTime" in request
    if latest and given:
        raise ValidationException(
            "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for "
            "point-in-time restore request. Please specify only one."
        )
    if not latest and not given:
        raise ValidationException(
            "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, "
            "but not both"
        )


def _source_name(call: Call, request: Request) -> str:
    name, text = request.get("SourceTableName"), request.get("SourceTableArn")
    if name is not None and text is not None:
        raise ValidationException("Must provide exactly one of: sourceTableArn, sourceTableName")
    if text is None:
        if name is None:
            raise ValidationException(
                "The parameter 'TableName' is required but was not present in the request"
            )
        return str(name)
    arn = find_arn(text)
    if arn is None:
        raise ValidationException("sourceTableArn is not a valid ARN")
    if arn.account != call.account:
        raise ValidationException(
            "This action is only supported by accounts that match the resource owner\u2019s account."
        )
    if arn.region != call.region and "SSESpecificationOverride" not in request:
        raise ValidationException(
            "Invalid Request: sseSpecificationOverride must be provided for cross-region restores"
        )
    return str(text)


def _restored(call: Call, source: Table, request: Request, restoring: Restoring) -> Table:
    table = restored_table(source, request, call.ids.uuid(), call.time(), restoring)
    key_id = wanted_key(request.get("SSESpecificationOverride"))
    if key_id is None:
        return table
    return structs.replace(table, encryption=new_encryption(call, table.name, key_id))


def _moment(call: Call, recovery: Recovery, request: Request) -> float:
    earliest, latest = recovery.earliest(call.time()), recovery.latest(call.time())
    if request.get("UseLatestRestorableTime"):
        return latest
    asked: datetime = request["RestoreDateTime"]
    # Clients know both bounds by the second, so that these seconds count as a whole.
    if not int(earliest) <= asked.timestamp() <= latest:
        raise InvalidRestoreTimeException(
            f"RestoreDateTime '{asked.astimezone(UTC):{_SECONDS}}' must be within "
            f"EarliestRestorableDateTime '{moment(earliest):{_SECONDS}}' and "
            f"LatestRestorableDateTime '{moment(latest):{_SECONDS}}'"
        )
    return max(asked.timestamp(), recovery.since)


def _check_target(call: Call, name: str, backup_arn: str = "") -> None:
    there = state.find_table(call, name)
    if there is None:
        return
    if there.restoring is not None and there.restoring.source_table_arn is not None:
        source = f"from backup: {backup_arn}" if backup_arn else "to a point in time"
        raise TableInUseException(f"Table: {name} is already being restored {source}")
    raise TableAlreadyExistsException(f"Table already exists: {name}")


def _answer(call: Call, table: Table) -> dict[str, Any]:
    arn = call.arn(f"table/{table.name}")
    return {"TableDescription": describe_table(table, TableSize(), arn, CREATING)}
