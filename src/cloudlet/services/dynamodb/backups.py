"""Backups of tables as values, how they are described, and the work of making and restoring them.

No I/O, no clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cloudlet.services.dynamodb.description import (
    describe_index_keys,
    describe_keys,
    describe_limits_on_demand,
    moment,
)
from cloudlet.services.dynamodb.model import Table

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.model import Index, Throughput

USER: Final = "USER"
SYSTEM: Final = "SYSTEM"
CREATING: Final = "CREATING"
AVAILABLE: Final = "AVAILABLE"
DELETED: Final = "DELETED"

SNAPSHOT: Final = "snapshot"
UNDO: Final = "undo"
COLLECT: Final = "collect"
FILL: Final = "fill"
EXPORT: Final = "export"


class Backup(Struct, frozen=True):
    """What a table was and held at one moment."""

    id: str
    """The moment in milliseconds since 1970, and eight characters."""
    name: str
    created: float
    table: Table
    """Its definition at that moment."""
    rows: str
    """Below which id its items stand."""
    type: str = USER
    status: str = CREATING
    expires: float | None = None
    size_bytes: int = 0
    item_count: int = 0
    restored_to: str | None = None
    """The table that is being made of it now."""

    @property
    def resource(self) -> str:
        """What the backup's ARN ends with."""
        return f"table/{self.table.name}/backup/{self.id}"


class Job(Struct, frozen=True):
    """Work on a backup or a restored table that is done step by step, and how far it is."""

    account: str
    region: str
    id: str
    phase: str
    rows: str
    """The id below which the copied items stand."""
    source_name: str = ""
    source_id: str = ""
    """The table that is copied."""
    backup_id: str | None = None
    export_id: str | None = None
    target_name: str = ""
    target_id: str = ""
    """The table that is filled."""
    undo_after: int = 0
    undo_until: int = 0
    """The changes that are taken back: later than the one microsecond, not later than the other."""
    collect_after: int | None = None
    """The changes from there to those that are taken back are collected, for an incremental export."""
    after: tuple[bytes, ...] = ()
    """The last item that was copied in this phase."""
    before: tuple[int | bytes, ...] = ()
    """The last change that was taken back."""


def describe_details(backup: Backup, arn: str, status: str | None = None) -> dict[str, Any]:
    """A BackupDetails."""
    return {
        "BackupArn": arn,
        "BackupName": backup.name,
        "BackupSizeBytes": backup.size_bytes,
        "BackupStatus": status or backup.status,
        "BackupType": backup.type,
        "BackupCreationDateTime": moment(backup.created),
        **_expiry(backup),
    }


def describe_summary(backup: Backup, arn: str, table_arn: str) -> dict[str, Any]:
    """A BackupSummary."""
    table = backup.table
    named = {"TableName": table.name, "TableId": table.id, "TableArn": table_arn}
    return {**named, **describe_details(backup, arn)}


def describe_backup(backup: Backup, arn: str, table_arn: str, status: str | None = None) -> dict[str, Any]:
    """A BackupDescription."""
    return {
        "BackupDetails": describe_details(backup, arn, status),
        "SourceTableDetails": _source(backup, table_arn),
        "SourceTableFeatureDetails": {} if backup.type == SYSTEM else _features(backup.table),
    }


def _expiry(backup: Backup) -> dict[str, Any]:
    return {} if backup.expires is None else {"BackupExpiryDateTime": moment(backup.expires)}


def _source(backup: Backup, table_arn: str) -> dict[str, Any]:
    table = backup.table
    described = {
        "TableName": table.name,
        "TableId": table.id,
        "TableArn": table_arn,
        "TableSizeBytes": backup.size_bytes,
        "KeySchema": describe_keys(table.keys),
        "TableCreationDateTime": moment(table.created),
        "ProvisionedThroughput": _units(table.throughput),
        "ItemCount": backup.item_count,
        "BillingMode": table.billing_mode,
    }
    if table.on_demand_throughput is not None:
        described["OnDemandThroughput"] = describe_limits_on_demand(table.on_demand_throughput)
    return described


def _features(table: Table) -> dict[str, Any]:
    described: dict[str, Any] = {}
    if table.local_indexes:
        described["LocalSecondaryIndexes"] = [describe_index_keys(each) for each in table.local_indexes]
    if table.global_indexes:
        described["GlobalSecondaryIndexes"] = [_global(each) for each in table.global_indexes]
    if table.stream is not None:
        view_type = table.stream.view_type
        described["StreamDescription"] = {"StreamEnabled": True, "StreamViewType": view_type}
    if table.time_to_live is not None:
        described["TimeToLiveDescription"] = {
            "TimeToLiveStatus": "ENABLED",
            "AttributeName": table.time_to_live,
        }
    return described


def _global(index: Index) -> dict[str, Any]:
    return {**describe_index_keys(index), "ProvisionedThroughput": _units(index.throughput)}


def _units(throughput: Throughput) -> dict[str, int]:
    return {"ReadCapacityUnits": throughput.read_units, "WriteCapacityUnits": throughput.write_units}
