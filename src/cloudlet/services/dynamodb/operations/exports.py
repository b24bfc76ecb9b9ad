"""Operations that export what a table held at a moment to S3; the writing is done in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.arn import find_arn
from cloudlet.core.errors import AccessDenied, NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.core.pagination import InvalidToken, page
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.authorization import on_resource
from cloudlet.services.dynamodb.backups import SNAPSHOT, UNDO, Job
from cloudlet.services.dynamodb.description import moment
from cloudlet.services.dynamodb.errors import (
    ExportConflictException,
    ExportNotFoundException,
    InvalidExportTimeException,
    PointInTimeRecoveryUnavailableException,
    TableNotFoundException,
    ValidationException,
)
from cloudlet.services.dynamodb.exports import (
    AES256,
    DYNAMODB_JSON,
    FULL_EXPORT,
    INCREMENTAL_EXPORT,
    ION,
    KMS,
    NEW_AND_OLD_IMAGES,
    Export,
    Period,
    describe_export,
)
from cloudlet.services.dynamodb.operations.backups import new_backup_id
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.recovery import Recovery

_DEFAULT_PAGE: Final = 25
_SHORTEST_PERIOD_SECONDS: Final = 15 * 60
_LONGEST_PERIOD_SECONDS: Final = 24 * 3600


@operation("ExportTableToPointInTime", permissions=on_resource("ExportTableToPointInTime", "TableArn"))
def export_table_to_point_in_time(call: Call, request: Request) -> dict[str, Any]:
    """Has what a table held at a moment written to a bucket; the same token again is the same export."""
    _check_served(request)
    table = _table(call, request["TableArn"])
    if table.recovery is None:
        raise PointInTimeRecoveryUnavailableException(
            f"Point in time recovery is not enabled for table '{table.name}'"
        )
    export = _asked(call, table, table.recovery, request)
    before = _with_token(call, export)
    if before is not None:
        return {"ExportDescription": _described(call, before)}
    state.save_export(call, export)
    copy = new_backup_id(call)
    state.begin_copy(call, table, copy)
    state.start_job(call, _work(call, export, copy))
    return {"ExportDescription": _described(call, export)}


@operation("DescribeExport", resource="{ExportArn}", read_only=True)
def describe(call: Call, request: Request) -> dict[str, Any]:
    """An export, and how far it is."""
    text = request["ExportArn"]
    arn = find_arn(text)
    if arn is None or arn.service != "dynamodb" or "/export/" not in arn.resource:
        raise ValidationException("Invalid Export ARN")
    if arn.account != call.account:
        raise AccessDenied("Access is denied")
    export = state.find_export(call, arn.resource.partition("/export/")[2])
    if export is None or arn.region != call.region:
        raise ExportNotFoundException(f"Export not found: {text}")
    return {"ExportDescription": _described(call, export)}


@operation("ListExports", read_only=True)
def list_exports(call: Call, request: Request) -> dict[str, Any]:
    """The exports of the account in the region, or of one table, the latest first."""
    found = list(state.list_exports(call))
    if "TableArn" in request:
        table = state.find_table(call, request["TableArn"])
        found = [each for each in found if table is not None and each.table_id == table.id]
    try:
        shown, token = page(found, request.get("NextToken"), request.get("MaxResults", _DEFAULT_PAGE))
    except InvalidToken as error:
        raise ValidationException(f"{INVALID}Invalid NextToken") from error
    summaries = [
        {
            "ExportArn": call.arn(each.resource),
            "ExportStatus": each.status,
            "ExportType": each.type or FULL_EXPORT,
        }
        for each in shown
    ]
    answer: dict[str, Any] = {"ExportSummaries": summaries}
    return answer if token is None else {**answer, "NextToken": token}


def _check_served(request: Request) -> None:
    incremental = "IncrementalExportSpecification" in request
    kind = request.get("ExportType")
    if incremental and kind is None:
        raise ValidationException(
            "Invalid Request: Export Type expected to be Incremental Export when incremental export "
            "specification is provided"
        )
    if incremental and kind == FULL_EXPORT:
        raise ValidationException(
            "Invalid Request: When Export Type is Full Export , Incremental Export Specification should "
            "not be provided"
        )
    if kind == INCREMENTAL_EXPORT and not incremental:
        raise ValidationException(
            "Invalid Request: Incremental Export Specification expected when export type is set as "
            "Incremental Export"
        )
    if incremental and "ExportFromTime" not in request["IncrementalExportSpecification"]:
        raise ValidationException(
            "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification"
        )
    if "S3SseKmsKeyId" in request and request.get("S3SseAlgorithm") != KMS:
        raise ValidationException("Invalid Request: KMS Key Id is not supported for this encryption type")
    if incremental and request.get("ExportFormat") == ION:
        raise NotImplementedHere(
            "cloudlet does not write incremental exports of DynamoDB tables as Ion (yet)."
        )
    if "FilterSpecification" in request:
        raise NotImplementedHere("cloudlet does not filter exports of DynamoDB tables (yet).")


def _table(call: Call, text: str) -> Table:
    if find_arn(text) is None:
        raise ValidationException(f"{INVALID}tableArn is not a valid ARN")
    table = state.find_table(call, text)
    if table is None or table.restoring is not None:
        raise TableNotFoundException(f"Table not found: {text}")
    return table


def _moment(call: Call, recovery: Recovery, request: Request) -> float:
    now = call.time()
    if "ExportTime" not in request:
        return now
    asked: float = request["ExportTime"].timestamp()
    if not int(recovery.earliest(now)) <= asked <= now:
        raise InvalidExportTimeException("Export Time is invalid")
    if asked > recovery.latest(now):
        raise InvalidExportTimeException("Point in Time Recovery is not available for specified export time")
    return max(asked, recovery.since)


def _work(call: Call, export: Export, copy: str) -> Job:
    """What is to be done for an export; for an incremental one nothing is copied but what changes or has."""
    now = state.micros(call.time())
    job = Job(
        call.account,
        call.region,
        export.id,
        SNAPSHOT,
        copy,
        source_name=export.table_name,
        source_id=export.table_id,
        undo_after=state.micros(export.moment),
        undo_until=now,
        export_id=export.id,
    )
    if export.period is None:
        return job
    return replace(
        job,
        phase=UNDO,
        undo_after=job.undo_after - 1,
        before=(now + 1,),
        collect_after=state.micros(export.period.start) - 1,
    )


def _period(call: Call, table: Table, recovery: Recovery, request: Request) -> Period | None:
    if request.get("ExportType") != INCREMENTAL_EXPORT:
        return None
    asked, now = request["IncrementalExportSpecification"], call.time()
    start = asked["ExportFromTime"].timestamp()
    end = asked["ExportToTime"].timestamp() if "ExportToTime" in asked else now
    if start < int(table.created):
        raise _invalid_period(f"from time cannot be less than the table creation time : {_seconds(start)}")
    if start >= end:
        raise _invalid_period("from time should not be greater or equal to incremental export period to time")
    if end > now:
        raise _invalid_period(f"to time cannot be greater than the current time : {_seconds(end)}")
    _check_length(end - start)
    if start < int(recovery.earliest(now)):
        raise InvalidExportTimeException("Export Time is invalid")
    view_type = asked.get("ExportViewType", NEW_AND_OLD_IMAGES)
    return Period(max(start, recovery.since), end, view_type, until_now="ExportToTime" not in asked)


def _invalid_period(fault: str) -> InvalidExportTimeException:
    return InvalidExportTimeException(f"Incremental export period {fault}")


def _check_length(seconds: float) -> None:
    difference = "Difference between export period from time and export period to time is"
    if seconds < _SHORTEST_PERIOD_SECONDS:
        raise InvalidExportTimeException(f"{difference} less than 15 minutes")
    if seconds > _LONGEST_PERIOD_SECONDS:
        raise InvalidExportTimeException(f"{difference} greater than 24 hours")


def _seconds(when: float) -> str:
    return f"{moment(when):%Y-%m-%dT%H:%M:%SZ}"


def _asked(call: Call, table: Table, recovery: Recovery, request: Request) -> Export:
    period = _period(call, table, recovery, request)
    return Export(
        new_backup_id(call),
        table.name,
        table.id,
        _moment(call, recovery, request) if period is None else period.end,
        call.time(),
        request["S3Bucket"],
        request.get("ClientToken") or call.ids.uuid(),
        call.principal,
        request.get("S3Prefix"),
        request.get("S3BucketOwner"),
        request.get("ExportType"),
        period=period,
        keys=table.keys.attributes,
        format=request.get("ExportFormat", DYNAMODB_JSON),
        sse_algorithm=request.get("S3SseAlgorithm", AES256),
        kms_key_id=request.get("S3SseKmsKeyId"),
    )


def _with_token(call: Call, asked: Export) -> Export | None:
    """The export that the same token asked for before. Raises ExportConflictException for another one."""
    for each in state.list_exports(call):
        if each.client_token != asked.client_token:
            continue
        if _parameters(each) != _parameters(asked):
            raise ExportConflictException(
                "Export conflict: Duplicate request detected with conflicting parameters"
            )
        return each
    return None


def _parameters(export: Export) -> tuple[object, ...]:
    period = None if export.period is None else export.period.asked
    place = (export.bucket, export.prefix, export.bucket_owner, export.sse_algorithm, export.kms_key_id)
    return export.table_id, *place, export.format, export.type, period


def _described(call: Call, export: Export) -> dict[str, Any]:
    return describe_export(export, call.arn(export.resource), call.arn(f"table/{export.table_name}"))
