"""What one region can tell of global tables: that there are none, and that nothing scales a table by itself.

Tables are replicated nowhere; whatever would make a replica is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.authorization import on_table
from cloudlet.services.dynamodb.errors import GlobalTableNotFoundException, ValidationException
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request

_RESOURCE: Final = "arn:aws:dynamodb::*:global-table/{GlobalTableName}"
_NOT_SCALED: Final = {"AutoScalingDisabled": True, "ScalingPolicies": []}


@operation("ListGlobalTables", read_only=True)
def list_global_tables(_call: Call, _request: Request) -> dict[str, Any]:
    """There are none: nothing makes one."""
    return {"GlobalTables": []}


@operation("DescribeGlobalTable", resource=_RESOURCE, read_only=True)
def describe_global_table(_call: Call, request: Request) -> NoReturn:
    """Always refused: there is none of any name."""
    raise _not_found(request, "Global table not found: ")


@operation("DescribeGlobalTableSettings", resource=_RESOURCE, read_only=True)
def describe_global_table_settings(_call: Call, request: Request) -> NoReturn:
    """Always refused: there is none of any name."""
    raise _not_found(request)


@operation("UpdateGlobalTableSettings", resource=_RESOURCE, read_only=True)
def update_global_table_settings(_call: Call, request: Request) -> NoReturn:
    """Always refused: there is none of any name."""
    raise _not_found(request)


@operation("UpdateGlobalTable", resource=_RESOURCE, read_only=True)
def update_global_table(_call: Call, request: Request) -> NoReturn:
    """Always refused: there is none of any name, and no other region to replicate to."""
    updates = request["ReplicaUpdates"]
    if not updates:
        raise ValidationException(INVALID.removesuffix(": "))
    if any("Create" in update for update in updates):
        raise NotImplementedHere("cloudlet does not replicate DynamoDB tables to other regions (yet).")
    raise _not_found(request, "Global table not found: ")


@operation(
    "DescribeTableReplicaAutoScaling",
    permissions=on_table("DescribeTableReplicaAutoScaling"),
    read_only=True,
)
def describe_table_replica_auto_scaling(call: Call, request: Request) -> dict[str, Any]:
    """That a table's throughput is not scaled; its only replica is itself."""
    call = owner(call, request["TableName"])
    table = state.managed_table(call, request["TableName"])
    replica: dict[str, Any] = {
        "RegionName": call.region,
        "ReplicaStatus": "ACTIVE",
        "ReplicaProvisionedReadCapacityAutoScalingSettings": _NOT_SCALED,
        "ReplicaProvisionedWriteCapacityAutoScalingSettings": _NOT_SCALED,
    }
    if table.global_indexes:
        replica["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index.name,
                "IndexStatus": "ACTIVE",
                "ProvisionedReadCapacityAutoScalingSettings": _NOT_SCALED,
                "ProvisionedWriteCapacityAutoScalingSettings": _NOT_SCALED,
            }
            for index in table.global_indexes
            if not index.backfilling
        ]
    described = {"TableName": table.name, "TableStatus": "ACTIVE", "Replicas": [replica]}
    return {"TableAutoScalingDescription": described}


def _not_found(request: Request, before: str = "") -> GlobalTableNotFoundException:
    name = request["GlobalTableName"]
    return GlobalTableNotFoundException(f"{before}Global table with name: '{name}' does not exist.")
