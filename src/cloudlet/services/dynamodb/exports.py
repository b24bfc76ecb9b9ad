"""Exports of tables to S3 as values, how they are described, and the documents that stand beside the data.

No I/O, no clock. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from cloudlet.core.access import Principal
from cloudlet.services.dynamodb.description import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.services.dynamodb.values import Item

IN_PROGRESS: Final = "IN_PROGRESS"
COMPLETED: Final = "COMPLETED"
FAILED: Final = "FAILED"
DYNAMODB_JSON: Final = "DYNAMODB_JSON"
ION: Final = "ION"
AES256: Final = "AES256"
KMS: Final = "KMS"
FULL_EXPORT: Final = "FULL_EXPORT"
INCREMENTAL_EXPORT: Final = "INCREMENTAL_EXPORT"
NEW_IMAGE: Final = "NEW_IMAGE"
NEW_AND_OLD_IMAGES: Final = "NEW_AND_OLD_IMAGES"
_MANIFEST_VERSION: Final = "2023-08-01"


class Period(Struct, frozen=True):
    """What an incremental export is of: the changes from a moment on, until just before another."""

    start: float
    end: float
    view_type: str
    until_now: bool = False
    """Whether the end was not asked for."""

    @property
    def asked(self) -> tuple[float, float | None, str]:
        """What two requests for the same have in common."""
        return self.start, None if self.until_now else self.end, self.view_type


class Change(Struct, frozen=True):
    """What became of one item in the period of an incremental export."""

    written_micros: int
    """When it changed last."""
    new: dict[str, dict[str, Any]] | None
    """What it was at the end."""
    old: dict[str, dict[str, Any]] | None
    """What it was at the start."""


class Export(Struct, frozen=True):
    """What a table held at a moment, or what changed in a period, on its way to a bucket or there."""

    id: str
    table_name: str
    table_id: str
    moment: float
    started: float
    bucket: str
    client_token: str
    principal: Principal
    """Who asked for it, as whom it is written."""
    prefix: str | None = None
    bucket_owner: str | None = None
    type: str | None = None
    """As it was asked for."""
    status: str = IN_PROGRESS
    ended: float | None = None
    item_count: int = 0
    size_bytes: int = 0
    failure_code: str | None = None
    failure_message: str | None = None
    period: Period | None = None
    """Of an incremental export."""
    keys: tuple[str, ...] = ()
    """The names of the table's key attributes."""
    format: str = DYNAMODB_JSON
    sse_algorithm: str = AES256
    kms_key_id: str | None = None
    """As it was asked for; S3 takes AWS's own key where none was."""

    @property
    def resource(self) -> str:
        """What the export's ARN ends with."""
        return f"table/{self.table_name}/export/{self.id}"

    def key(self, name: str) -> str:
        """Where a file of the export stands in its bucket."""
        return f"{self._folder}{self.id}/{name}"

    def data_key(self, name: str) -> str:
        """Where a data file stands: incremental exports to one place share a folder for theirs."""
        return self.key(f"data/{name}") if self.period is None else f"{self._folder}data/{name}"

    @property
    def _folder(self) -> str:
        start = f"{self.prefix}/" if self.prefix else ""
        return f"{start}AWSDynamoDB/"


class DataFile(Struct, frozen=True):
    """A file of items that is written."""

    key: str
    item_count: int
    size_bytes: int
    md5: str
    etag: str


def item_line(item: Item) -> bytes:
    """An item as a data file has it, on a line."""
    return msgspec.json.encode({"Item": item}) + b"\n"


def change_line(change: Change, keys: Sequence[str], view_type: str) -> bytes:
    """A change as a data file has it, on a line; nothing where no item was there before or after."""
    item = change.new or change.old
    if item is None:
        return b""
    line: dict[str, Any] = {
        "Metadata": {"WriteTimestampMicros": {"N": str(change.written_micros)}},
        "Keys": {name: item[name] for name in keys},
    }
    if change.old is not None and view_type == NEW_AND_OLD_IMAGES:
        line["OldImage"] = change.old
    if change.new is not None:
        line["NewImage"] = change.new
    return msgspec.json.encode(line) + b"\n"


def md5_of(data: bytes) -> str:
    """A checksum as the manifests name it."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def files_manifest(files: Sequence[DataFile]) -> bytes:
    """manifest-files.json."""
    return b"".join(
        _document(
            {
                "itemCount": each.item_count,
                "md5Checksum": each.md5,
                "etag": each.etag,
                "dataFileS3Key": each.key,
            }
        )
        + b"\n"
        for each in files
    )


def summary_manifest(export: Export, arn: str, table_arn: str) -> bytes:
    """manifest-summary.json of an export that is complete."""
    return _document(
        {
            "version": _MANIFEST_VERSION,
            "exportArn": arn,
            "startTime": _stamp(export.started),
            "endTime": _stamp(export.ended or export.started),
            "tableArn": table_arn,
            "tableId": export.table_id,
            **_times(export),
            "s3Bucket": export.bucket,
            "s3Prefix": export.prefix,
            "s3SseAlgorithm": export.sse_algorithm,
            "s3SseKmsKeyId": export.kms_key_id,
            "manifestFilesS3Key": export.key("manifest-files.json"),
            "billedSizeBytes": export.size_bytes,
            "itemCount": export.item_count,
            "outputFormat": export.format,
            **({} if export.period is None else {"outputView": export.period.view_type}),
            "exportType": FULL_EXPORT if export.period is None else INCREMENTAL_EXPORT,
        }
    )


def _times(export: Export) -> dict[str, str]:
    if export.period is None:
        return {"exportTime": _stamp(export.moment)}
    return {"exportFromTime": _stamp(export.period.start), "exportToTime": _stamp(export.period.end)}


def describe_export(export: Export, arn: str, table_arn: str) -> dict[str, Any]:
    """An ExportDescription."""
    described: dict[str, Any] = {
        "ExportArn": arn,
        "ExportStatus": export.status,
        "StartTime": moment(export.started),
        "TableArn": table_arn,
        "TableId": export.table_id,
        "ClientToken": export.client_token,
        "S3Bucket": export.bucket,
        "S3SseAlgorithm": export.sse_algorithm,
        "ExportFormat": export.format,
    }
    period = export.period
    more = {
        "ExportTime": moment(export.moment) if period is None else None,
        "IncrementalExportSpecification": None if period is None else _describe_period(period),
        "S3Prefix": export.prefix,
        "S3SseKmsKeyId": export.kms_key_id,
        "S3BucketOwner": export.bucket_owner,
        "ExportType": export.type,
        "EndTime": None if export.ended is None else moment(export.ended),
        "FailureCode": export.failure_code,
        "FailureMessage": export.failure_message,
    }
    described.update({name: value for name, value in more.items() if value is not None})
    if export.status == COMPLETED:
        described["ExportManifest"] = export.key("manifest-summary.json")
        described["BilledSizeBytes"] = export.size_bytes
        described["ItemCount"] = export.item_count
    return described


def _describe_period(period: Period) -> dict[str, Any]:
    return {
        "ExportFromTime": moment(period.start),
        "ExportToTime": moment(period.end),
        "ExportViewType": period.view_type,
    }


def _document(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _stamp(seconds: float) -> str:
    return moment(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")
