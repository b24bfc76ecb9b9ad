"""How a table is described in answers.

Pure: turns values into the members that boto3 returns.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.dynamodb.encryption import describe_encryption
from cloudlet.services.dynamodb.model import PAY_PER_REQUEST, Count
from cloudlet.services.dynamodb.throughput import NO_LIMIT, warm_throughput

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.model import (
        Index,
        KeySchema,
        OnDemandThroughput,
        Table,
        TableSize,
        Throughput,
        WarmThroughput,
    )
    from cloudlet.services.dynamodb.recovery import Restoring

ACTIVE: Final = "ACTIVE"
CREATING: Final = "CREATING"
UPDATING: Final = "UPDATING"
DELETING: Final = "DELETING"


def describe_table(table: Table, size: TableSize, arn: str, status: str = ACTIVE) -> dict[str, Any]:
    """A TableDescription. The members of an empty or absent thing are absent."""
    described: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in sorted(table.attribute_types.items())
        ],
        "TableName": table.name,
        "KeySchema": describe_keys(table.keys),
        "TableStatus": status,
        "CreationDateTime": moment(table.created),
        "ProvisionedThroughput": describe_throughput(table.throughput),
        "TableSizeBytes": size.size_bytes,
        "ItemCount": size.item_count,
        "TableArn": arn,
        "TableId": table.id,
        "DeletionProtectionEnabled": table.deletion_protection,
    }
    if table.billing_mode == PAY_PER_REQUEST or table.on_demand_since is not None:
        described["BillingModeSummary"] = _billing(table)
    if table.on_demand_throughput is not None:
        described["OnDemandThroughput"] = describe_limits_on_demand(table.on_demand_throughput)
    if table.restoring is not None and table.restoring.source_table_arn is not None:
        described["RestoreSummary"] = _restoring(table.restoring)
    if table.table_class is not None:
        described["TableClassSummary"] = _table_class(table)
    if table.encryption is not None:
        described["SSEDescription"] = describe_encryption(table.encryption)
    if table.stream is not None:
        described["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": table.stream.view_type,
        }
    if table.latest_stream_label is not None:
        described["LatestStreamLabel"] = table.latest_stream_label
        described["LatestStreamArn"] = f"{arn}/stream/{table.latest_stream_label}"
    if table.local_indexes:
        described["LocalSecondaryIndexes"] = [
            _describe_index(each, size, arn) for each in table.local_indexes
        ]
    if table.global_indexes:
        described["GlobalSecondaryIndexes"] = [
            _describe_global(table, each, size, arn, CREATING if status == CREATING else None)
            for each in table.global_indexes
        ]
    if status != DELETING:
        described["WarmThroughput"] = describe_warm(table, table.throughput, table.warm, status)
    return described


def describe_limits_on_demand(limits: OnDemandThroughput) -> dict[str, int]:
    """An OnDemandThroughput. What has no limit is absent."""
    units = {
        "MaxReadRequestUnits": limits.max_read_units,
        "MaxWriteRequestUnits": limits.max_write_units,
    }
    return {name: value for name, value in units.items() if value != NO_LIMIT}


def _restoring(restoring: Restoring) -> dict[str, Any]:
    described = {
        "SourceTableArn": restoring.source_table_arn,
        "RestoreDateTime": moment(restoring.moment),
        "RestoreInProgress": True,
    }
    if restoring.source_backup_arn is not None:
        described["SourceBackupArn"] = restoring.source_backup_arn
    return described


def describe_keys(keys: KeySchema) -> list[dict[str, str]]:
    """A KeySchema."""
    hashes = [{"AttributeName": name, "KeyType": "HASH"} for name in keys.partitions]
    return hashes + [{"AttributeName": name, "KeyType": "RANGE"} for name in keys.sorts]


def describe_throughput(throughput: Throughput) -> dict[str, Any]:
    """A ProvisionedThroughputDescription."""
    described: dict[str, Any] = {
        "NumberOfDecreasesToday": throughput.decreases_today,
        "ReadCapacityUnits": throughput.read_units,
        "WriteCapacityUnits": throughput.write_units,
    }
    if throughput.last_increase is not None:
        described["LastIncreaseDateTime"] = moment(throughput.last_increase)
    if throughput.last_decrease is not None:
        described["LastDecreaseDateTime"] = moment(throughput.last_decrease)
    return described


def _billing(table: Table) -> dict[str, Any]:
    described: dict[str, Any] = {"BillingMode": table.billing_mode}
    if table.on_demand_since is not None:
        described["LastUpdateToPayPerRequestDateTime"] = moment(table.on_demand_since)
    return described


def _table_class(table: Table) -> dict[str, Any]:
    described: dict[str, Any] = {"TableClass": table.table_class}
    if table.table_class_changes:
        described["LastUpdateDateTime"] = moment(table.table_class_changes[-1])
    return described


def describe_index_keys(index: Index) -> dict[str, Any]:
    """What an index is: its name, its keys, its projection."""
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.included:
        projection["NonKeyAttributes"] = sorted(index.included)
    return {
        "IndexName": index.name,
        "KeySchema": describe_keys(index.keys),
        "Projection": projection,
    }


def _describe_index(index: Index, size: TableSize, arn: str) -> dict[str, Any]:
    count = size.indexes.get(index.name, Count())
    return {
        **describe_index_keys(index),
        "IndexSizeBytes": count.size_bytes,
        "ItemCount": count.items,
        "IndexArn": f"{arn}/index/{index.name}",
    }


def _describe_global(
    table: Table, index: Index, size: TableSize, arn: str, status: str | None
) -> dict[str, Any]:
    described = {
        **_describe_index(index, size, arn),
        "IndexStatus": status or (CREATING if index.backfilling else ACTIVE),
        "ProvisionedThroughput": describe_throughput(index.throughput),
        "WarmThroughput": describe_warm(table, index.throughput, index.warm, status or ACTIVE),
    }
    if index.on_demand_throughput is not None:
        described["OnDemandThroughput"] = describe_limits_on_demand(index.on_demand_throughput)
    if index.backfilling:
        described["Backfilling"] = True
    return described


def describe_warm(
    table: Table, throughput: Throughput, raised: WarmThroughput | None, status: str
) -> dict[str, Any]:
    """A WarmThroughput of a table or of an index."""
    warm = warm_throughput(table.billing_mode, throughput, raised)
    return {
        "ReadUnitsPerSecond": warm.read_units,
        "WriteUnitsPerSecond": warm.write_units,
        "Status": UPDATING if status == CREATING else ACTIVE,
    }


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as answers say them."""
    return datetime.fromtimestamp(seconds, UTC)
