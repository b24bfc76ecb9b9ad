"""Operations of global tables beside UpdateTable: those of version 2017.11.29, of which AWS makes no more,
and those of the automatic scaling of replicas, which are all on demand here.

Replicas themselves are the business of replicas.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.authorization import on_table
from cloudlet.services.dynamodb.errors import (
    GlobalTableNotFoundException,
    ResourceNotFoundException,
    ValidationException,
)
from cloudlet.services.dynamodb.replica_descriptions import describe_scaling
from cloudlet.services.dynamodb.replication import ACTIVE, Replica
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table

_RESOURCE: Final = "arn:aws:dynamodb::*:global-table/{GlobalTableName}"
_WRITES: Final = "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate"
_READS: Final = "ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate"


@operation("CreateGlobalTable", resource=_RESOURCE, read_only=True)
def create_global_table(_call: Call, _request: Request) -> NoReturn:
    """Always refused: AWS makes none of this version any more."""
    raise _unsupported()


@operation("ListGlobalTables", read_only=True)
def list_global_tables(_call: Call, _request: Request) -> dict[str, Any]:
    """There are none of this version."""
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
    """Always refused: there is none of any name, and none is made."""
    updates = request["ReplicaUpdates"]
    if not updates:
        raise ValidationException(INVALID.removesuffix(": "))
    if any("Create" in update for update in updates):
        raise _unsupported()
    raise _not_found(request, "Global table not found: ")


@operation(
    "DescribeTableReplicaAutoScaling",
    permissions=on_table("DescribeTableReplicaAutoScaling"),
    read_only=True,
)
def describe_table_replica_auto_scaling(call: Call, request: Request) -> dict[str, Any]:
    """How the throughput of a table's replicas is scaled: by none, for they are on demand."""
    call = owner(call, request["TableName"])
    return {"TableAutoScalingDescription": _described(call, _global_table(call, request))}


@operation("UpdateTableReplicaAutoScaling", permissions=on_table("UpdateTableReplicaAutoScaling"))
def update_table_replica_auto_scaling(call: Call, request: Request) -> dict[str, Any]:
    """Nothing but that there is no scaling: what is on demand cannot be scaled."""
    call = owner(call, request["TableName"])
    table = _global_table(call, request)
    for name, update in _scalings(request):
        if not update.get("AutoScalingDisabled"):
            regions = ", ".join(f"'{each.region.upper()}'" for each in _members(call, table))
            raise ValidationException(
                f"Failed to update global table with name \u2018{table.name}\u2018. Replicas {regions} "
                "BillingMode is PayPerRequest. You must convert table's BillingMode to PROVISIONED to set "
                f"parameters: '{name}'."
            )
    return {"TableAutoScalingDescription": _described(call, table)}


def _scalings(request: Request) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a request wants to be scaled, with the name that AWS's refusal gives it."""
    if "ProvisionedWriteCapacityAutoScalingUpdate" in request:
        yield _WRITES, request["ProvisionedWriteCapacityAutoScalingUpdate"]
    for index in request.get("GlobalSecondaryIndexUpdates", ()):
        yield _WRITES, index.get("ProvisionedWriteCapacityAutoScalingUpdate", {})
    for replica in request.get("ReplicaUpdates", ()):
        if "ReplicaProvisionedReadCapacityAutoScalingUpdate" in replica:
            yield _READS, replica["ReplicaProvisionedReadCapacityAutoScalingUpdate"]
        for index in replica.get("ReplicaGlobalSecondaryIndexUpdates", ()):
            yield _READS, index.get("ProvisionedReadCapacityAutoScalingUpdate", {})


def _global_table(call: Call, request: Request) -> Table:
    table = state.find_table(call, request["TableName"])
    if table is None or not table.replicas:
        name = state.table_name(call, request["TableName"])
        raise ResourceNotFoundException(f"Global table with name: '{name}' does not exist.")
    return table


def _members(call: Call, table: Table) -> list[Replica]:
    """All replicas of a table, itself among them, in the order of their regions."""
    return sorted((*table.replicas, Replica(call.region, ACTIVE)), key=lambda each: each.region)


def _described(call: Call, table: Table) -> dict[str, Any]:
    return {
        "TableName": table.name,
        "TableStatus": "ACTIVE",
        "Replicas": [describe_scaling(table, each) for each in _members(call, table)],
    }


def _unsupported() -> ValidationException:
    return ValidationException(
        f"{INVALID}DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB "
        "global tables version 2019.11.21, instead of version 2017.11.29 (Legacy)."
    )


def _not_found(request: Request, before: str = "") -> GlobalTableNotFoundException:
    name = request["GlobalTableName"]
    return GlobalTableNotFoundException(f"{before}Global table with name: '{name}' does not exist.")
