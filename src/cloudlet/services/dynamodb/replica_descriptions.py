"""How the replicas of a table are described in answers.

Pure: turns values into the members that boto3 returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.dynamodb.description import ACTIVE, CREATING, describe_warm
from cloudlet.services.dynamodb.replication import GLOBAL_TABLE_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.services.dynamodb.model import Index, Table
    from cloudlet.services.dynamodb.replication import Replica

_NOT_SCALED: Final = {"AutoScalingDisabled": True, "ScalingPolicies": []}
_SETTINGS_REPLICATION: Final = "ENABLED_WITH_OVERRIDES"


def describe_replicas(table: Table, siblings: Mapping[str, Table]) -> dict[str, Any]:
    """What a table with replicas tells of them; `siblings` are their tables by their regions."""
    if not table.replicas:
        return {}
    return {
        "GlobalTableVersion": GLOBAL_TABLE_VERSION,
        "GlobalTableSettingsReplicationMode": _SETTINGS_REPLICATION,
        "Replicas": [_describe_replica(table, each, siblings.get(each.region)) for each in table.replicas],
    }


def describe_scaling(table: Table, replica: Replica) -> dict[str, Any]:
    """A ReplicaAutoScalingDescription of a table on demand."""
    return {
        "RegionName": replica.region,
        "ReplicaStatus": replica.status,
        "ReplicaProvisionedReadCapacityAutoScalingSettings": _NOT_SCALED,
        "ReplicaProvisionedWriteCapacityAutoScalingSettings": _NOT_SCALED,
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index.name,
                "IndexStatus": CREATING if index.backfilling else ACTIVE,
                "ProvisionedReadCapacityAutoScalingSettings": _NOT_SCALED,
                "ProvisionedWriteCapacityAutoScalingSettings": _NOT_SCALED,
            }
            for index in table.global_indexes
        ],
    }


def _describe_replica(table: Table, replica: Replica, sibling: Table | None) -> dict[str, Any]:
    """An override is what another region has and this one has not; one that comes or goes shows none."""
    shown = sibling or table
    described: dict[str, Any] = {
        "RegionName": replica.region,
        "ReplicaStatus": replica.status,
        "WarmThroughput": describe_warm(shown, shown.throughput, shown.warm, ACTIVE),
        "GlobalTableSettingsReplicationMode": _SETTINGS_REPLICATION,
    }
    if shown.table_class is not None:
        described["ReplicaTableClassSummary"] = {"TableClass": shown.table_class}
    if sibling is not None and sibling.encryption is not None:
        described["KMSMasterKeyId"] = sibling.encryption.key_arn
    described |= _override(shown, table)
    if shown.global_indexes:
        described["GlobalSecondaryIndexes"] = [
            {
                "IndexName": each.name,
                "WarmThroughput": describe_warm(shown, each.throughput, each.warm, ACTIVE),
                **_override(each, table.find_index(each.name)),
            }
            for each in shown.global_indexes
        ]
    return described


def _override(shown: Table | Index, like: Table | Index | None) -> dict[str, Any]:
    """The read limit of a replica, or of its index, where it is not the one of this region."""
    limits = shown.on_demand_throughput
    if limits is None or (like is not None and limits == like.on_demand_throughput):
        return {}
    return {"OnDemandThroughputOverride": {"MaxReadRequestUnits": limits.max_read_units}}
