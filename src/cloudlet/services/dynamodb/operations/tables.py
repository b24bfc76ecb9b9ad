"""Operations on tables and their indexes.

Item operations are in items.py and queries.py; the filling of new indexes is in workers.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import definitions, state
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.authorization import create_table_permissions, on_table
from cloudlet.services.dynamodb.description import (
    ACTIVE,
    CREATING,
    DELETING,
    UPDATING,
    describe_replicas,
    describe_table,
)
from cloudlet.services.dynamodb.errors import (
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from cloudlet.services.dynamodb.model import PAY_PER_REQUEST, PROVISIONED, TableSize
from cloudlet.services.dynamodb.operations.deletions import check_removable, remove_table
from cloudlet.services.dynamodb.operations.policies import checked_policy
from cloudlet.services.dynamodb.operations.replicas import (
    check_of_replica,
    check_replica_updates,
    own_read_limit,
    update_replicas,
    update_table_permissions,
)
from cloudlet.services.dynamodb.policies import ResourcePolicy, next_revision
from cloudlet.services.dynamodb.replication import GLOBAL_TABLE_VERSION
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Index, Table

_DEFAULT_PAGE: Final = 100
_GONE: Final = (
    "AttributeDefinitions",
    "KeySchema",
    "CreationDateTime",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
)
"""What DynamoDB does not tell any more of a table that is being deleted."""
_UPDATES_HONOURED: Final = frozenset(
    (
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "GlobalSecondaryIndexUpdates",
        "MultiRegionConsistency",
        "OnDemandThroughput",
        "ProvisionedThroughput",
        "ReplicaUpdates",
        "SSESpecification",
        "StreamSpecification",
        "TableClass",
        "TableName",
    )
)
_NO_REPLICAS: Final = {"GlobalTableVersion": GLOBAL_TABLE_VERSION, "Replicas": []}
"""What is answered of a table's first replica while that is just asked for."""


@operation("CreateTable", permissions=create_table_permissions)
def create_table(call: Call, request: Request) -> dict[str, Any]:
    """Makes a table; it can be used as soon as the answer is there."""
    if ":" in request["TableName"]:
        request = {**request, "TableName": state.table_name(call, request["TableName"])}
    table = definitions.new_table(request, call.ids.uuid(), call.time())
    if state.find_table(call, table.name) is not None:
        raise ResourceInUseException(f"Table already exists: {table.name}")
    if "ResourcePolicy" in request:
        text = checked_policy(call, request["ResourcePolicy"])
        table = replace(table, policy=ResourcePolicy(text, next_revision(None, call.time())))
    if request.get("StreamSpecification", {}).get("StreamEnabled"):
        table = state.start_stream(call, table, request["StreamSpecification"]["StreamViewType"])
    state.add_table(call, table)
    return {"TableDescription": describe_table(table, TableSize(), _arn(call, table), CREATING)}


@operation("DescribeTable", permissions=on_table("DescribeTable"), read_only=True)
def describe(call: Call, request: Request) -> dict[str, Any]:
    """A table as it is."""
    call = owner(call, request["TableName"])
    table = state.find_table(call, request["TableName"])
    if table is None or table.restoring is None:
        table = state.managed_table(call, request["TableName"])
    return {"Table": _described(call, table, _status(table))}


@operation("ListTables", resource="table/*", read_only=True)
def list_tables(call: Call, request: Request) -> dict[str, Any]:
    """The names of the account's tables in the region, in order."""
    limit = request.get("Limit", _DEFAULT_PAGE)
    names = state.list_table_names(call, request.get("ExclusiveStartTableName"), limit + 1)
    if len(names) <= limit:
        return {"TableNames": names}
    return {"TableNames": names[:limit], "LastEvaluatedTableName": names[limit - 1]}


@operation("DeleteTable", permissions=on_table("DeleteTable"))
def delete_table(call: Call, request: Request) -> dict[str, Any]:
    """Removes a table with its items and indexes; its stream stays readable for a day."""
    call = owner(call, request["TableName"])
    table = state.find_table(call, request["TableName"])
    if table is not None and table.restoring is not None:
        still_used = "Attempt to change a resource which is still in use: "
        raise ResourceInUseException(
            f"{still_used}Table: {table.name} is being used."
            if table.replicas
            else f"{still_used}Table is being created: {table.name}"
        )
    table = state.managed_table(call, request["TableName"])
    check_removable(call, table)
    described = _described(call, table, DELETING)
    remove_table(call, table)
    return {"TableDescription": {key: value for key, value in described.items() if key not in _GONE}}


@operation("UpdateTable", permissions=update_table_permissions)
def update_table(call: Call, request: Request) -> dict[str, Any]:
    """Changes throughput, billing, protection, class, stream, global indexes and replicas."""
    _check_update(request)
    call = owner(call, request["TableName"])
    table = state.managed_table(call, request["TableName"])
    if "ReplicaUpdates" in request:
        update_replicas(call, table, request)
        # What has just been asked for shows a little later.
        shown = replace(state.managed_table(call, request["TableName"]), replicas=table.replicas)
        return {"TableDescription": {**_NO_REPLICAS, **_described(call, shown, UPDATING)}}
    changed = _with_own_settings(call, table, request)
    changed = _with_shared_settings(call, changed, request)
    state.save_table(call, changed)
    for there, sibling in list(state.siblings(call, table)):
        state.save_table(there, _with_shared_settings(there, sibling, request, like=table))
    return {"TableDescription": _described(call, replace(changed, throughput=table.throughput), UPDATING)}


def _with_own_settings(call: Call, table: Table, request: Request) -> Table:
    """With what each replica of a table has for itself."""
    if table.replicas:
        check_of_replica(table, request)
    if "DeletionProtectionEnabled" in request:
        table = replace(table, deletion_protection=request["DeletionProtectionEnabled"])
    if "StreamSpecification" in request:
        table = _with_stream(call, table, request["StreamSpecification"])
    return table


def _with_shared_settings(call: Call, table: Table, request: Request, like: Table | None = None) -> Table:
    """With what all replicas of a table have in common; limits of its own, unlike another's, it keeps."""
    changed = _with_billing(call, table, request)
    changed = _with_index_updates(call, changed, request)
    if "OnDemandThroughput" in request:
        limits = definitions.on_demand_throughput_of(request)
        changed = replace(changed, on_demand_throughput=own_read_limit(limits, table, like))
    if "TableClass" in request:
        changed = replace(changed, table_class=request["TableClass"])
    return state.split_shards(call, changed)


def _described(call: Call, table: Table, status: str) -> dict[str, Any]:
    siblings = {there.region: sibling for there, sibling in state.siblings(call, table)}
    return {
        **describe_table(table, state.table_size(call, table), _arn(call, table), status),
        **describe_replicas(table, siblings),
    }


def _status(table: Table) -> str:
    if table.restoring is not None:
        return CREATING
    return UPDATING if any(each.status == CREATING for each in table.replicas) else ACTIVE


def _check_update(request: Request) -> None:
    definitions.check_honoured("UpdateTable", request, _UPDATES_HONOURED)
    if request.get("MultiRegionConsistency") == "STRONG":
        raise NotImplementedHere("cloudlet replicates DynamoDB tables with eventual consistency only.")
    if not set(request) - {"TableName", "AttributeDefinitions", "MultiRegionConsistency"}:
        raise ValidationException(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
            "GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required"
        )
    if "ReplicaUpdates" in request:
        check_replica_updates(request)
    definitions.check_stream(request.get("StreamSpecification"))
    definitions.check_changes_together(request)
    if units := request.get("ProvisionedThroughput"):
        definitions.check_bounds(units)
    seen = set()
    for update in request.get("GlobalSecondaryIndexUpdates", ()):
        if not update:
            raise ValidationException(
                f"{INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                "GlobalSecondaryIndexUpdate.Delete must not be null"
            )
        name = next(iter(update.values()))["IndexName"]
        if name in seen:
            raise ValidationException(
                f"{INVALID}Only one global secondary index update per index is allowed simultaneously. "
                f"Index: {name}"
            )
        seen.add(name)


def _with_billing(call: Call, table: Table, request: Request) -> Table:
    mode, units = request.get("BillingMode"), request.get("ProvisionedThroughput")
    if mode == PAY_PER_REQUEST or (mode is None and table.billing_mode == PAY_PER_REQUEST):
        if units is not None:
            raise ValidationException(
                f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
                "when BillingMode is PAY_PER_REQUEST"
            )
        if mode is None or table.billing_mode == PAY_PER_REQUEST:
            return table
        throughput = table.throughput.changed_to(0, 0, call.time())
        return replace(
            table, billing_mode=PAY_PER_REQUEST, throughput=throughput, on_demand_since=call.time()
        )
    if units is None:
        if mode == PROVISIONED and table.billing_mode == PAY_PER_REQUEST:
            raise ValidationException(
                f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified "
                "when BillingMode is PROVISIONED"
            )
        return table
    return _with_throughput(call, table, units)


def _with_throughput(call: Call, table: Table, units: Mapping[str, int]) -> Table:
    reads, writes = units["ReadCapacityUnits"], units["WriteCapacityUnits"]
    current = table.throughput
    if table.billing_mode == PROVISIONED and (reads, writes) == (current.read_units, current.write_units):
        raise ValidationException(
            "The provisioned throughput for the table will not change. The requested value equals the "
            f"current value. Current ReadCapacityUnits provisioned for the table: {reads}. "
            f"Requested ReadCapacityUnits: {reads}. "
            f"Current WriteCapacityUnits provisioned for the table: {writes}. "
            f"Requested WriteCapacityUnits: {writes}. "
            "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request "
            "higher limits."
        )
    throughput = current.changed_to(reads, writes, call.time())
    return replace(table, billing_mode=PROVISIONED, throughput=throughput)


def _with_index_updates(call: Call, table: Table, request: Request) -> Table:
    updates = request.get("GlobalSecondaryIndexUpdates", ())
    asked = sum("Create" in update or "Delete" in update for update in updates)
    gone = {update["Delete"]["IndexName"] for update in updates if "Delete" in update}
    being_made = sum(index.backfilling and index.name not in gone for index in table.indexes)
    if asked and asked + being_made > 1:
        raise LimitExceededException(
            "Subscriber limit exceeded: "
            "Only 1 online index can be created or deleted simultaneously per table"
        )
    for position, update in enumerate(updates, 1):
        if "Create" in update:
            table = _with_new_index(call, table, request, position)
        elif delete := update.get("Delete"):
            table = _without_index(call, table, delete["IndexName"])
        elif change := update.get("Update"):
            table = _with_index_throughput(call, table, change)
    return table


def _with_new_index(call: Call, table: Table, request: Request, position: int) -> Table:
    create = request["GlobalSecondaryIndexUpdates"][position - 1]["Create"]
    path = f"globalSecondaryIndexUpdates.{position}.member.create"
    defined = {
        each["AttributeName"]: each["AttributeType"] for each in request.get("AttributeDefinitions", ())
    }
    types = {**table.attribute_types, **defined}
    index = definitions.global_index(create, types, table.billing_mode, path)
    if table.find_index(index.name) is not None:
        raise ValidationException("Attempting to create an index which already exists")
    if table.billing_mode == PROVISIONED and "ProvisionedThroughput" not in create:
        raise ValidationException(f"{INVALID}ProvisionedThroughput must be specified for index: {index.name}")
    _check_types_stay(table, defined)
    definitions.check_global_count(len(table.global_indexes) + 1)
    changed = replace(table, attribute_types=types).with_index(replace(index, backfilling=True))
    definitions.check_all_used(types, table.keys, changed.indexes)
    state.start_backfill(call, table, index.name)
    return changed


def _check_types_stay(table: Table, defined: Mapping[str, str]) -> None:
    for name, kind in defined.items():
        if table.attribute_types.get(name, kind) != kind:
            raise ValidationException(
                f"{INVALID}Attribute {name} is already defined with type {table.attribute_types[name]}"
            )


def _without_index(call: Call, table: Table, name: str) -> Table:
    index = _global_index(table, name)
    state.delete_index(call, table, index)
    return table.without_index(name)


def _with_index_throughput(call: Call, table: Table, change: Mapping[str, Any]) -> Table:
    index = _global_index(table, change["IndexName"])
    units = change.get("ProvisionedThroughput")
    definitions.check_honoured("UpdateTable", change, frozenset(("IndexName", "ProvisionedThroughput")))
    if units is None:
        return table
    definitions.check_bounds(units, f" for index {index.name}")
    throughput = index.throughput.changed_to(
        units["ReadCapacityUnits"], units["WriteCapacityUnits"], call.time()
    )
    return table.with_index(replace(index, throughput=throughput))


def _with_stream(call: Call, table: Table, specification: Mapping[str, Any]) -> Table:
    if not specification["StreamEnabled"]:
        if table.stream is None:
            raise ValidationException(f"Table has no stream to disable: TableName: {table.name}")
        return state.stop_stream(call, table)
    if table.stream is not None:
        raise ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
    return state.start_stream(call, table, specification["StreamViewType"])


def _global_index(table: Table, name: str) -> Index:
    index = table.find_index(name)
    if index is None or index.local:
        raise ResourceNotFoundException("Requested resource not found")
    return index


def _arn(call: Call, table: Table) -> str:
    return call.arn(f"table/{table.name}")
