"""UpdateTable.

What may be changed, and what comes of it, is in table_changes.py; the filling of new indexes in workers.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import definitions, state
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.description import ACTIVE, DELETING, UPDATING
from cloudlet.services.dynamodb.encryption import check_change, counted, wanted_key
from cloudlet.services.dynamodb.errors import (
    LimitExceededException,
    ResourceNotFoundException,
    ValidationException,
)
from cloudlet.services.dynamodb.model import PAY_PER_REQUEST
from cloudlet.services.dynamodb.operations.replicas import update_replicas, update_table_permissions
from cloudlet.services.dynamodb.operations.tables import described
from cloudlet.services.dynamodb.replica_rules import check_of_replica, shared_request
from cloudlet.services.dynamodb.replication import GLOBAL_TABLE_VERSION
from cloudlet.services.dynamodb.table_changes import (
    changed_index,
    changed_settings,
    check_not_redefined,
    check_request,
)
from cloudlet.services.dynamodb.table_keys import check_key, new_encryption
from cloudlet.services.dynamodb.throughput import NO_LIMIT, check_quotas
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Index, Table, Throughput

_TAKES_A_WHILE: Final = ("ProvisionedThroughput", "BillingMode", "StreamSpecification", "TableClass")
"""What makes DynamoDB say UPDATING of the table, beside an index that comes or goes."""
_NO_REPLICAS: Final = {"GlobalTableVersion": GLOBAL_TABLE_VERSION, "Replicas": []}
"""What is answered of a table's first replica while that is just asked for."""


@operation("UpdateTable", permissions=update_table_permissions)
def update_table(call: Call, request: Request) -> dict[str, Any]:
    """Changes throughput, billing, protection, class, stream, global indexes and replicas."""
    check_request(request)
    call = owner(call, request["TableName"])
    table = state.managed_table(call, request["TableName"])
    if "ReplicaUpdates" in request:
        update_replicas(call, table, request)
        # What has just been asked for shows a little later.
        shown = replace(state.managed_table(call, request["TableName"]), replicas=table.replicas)
        return {"TableDescription": {**_NO_REPLICAS, **described(call, shown, UPDATING)}}
    if table.replicas:
        check_of_replica(table, request)
    changed = _changed(call, table, request)
    state.save_table(call, changed)
    for there, sibling in list(state.siblings(call, table)):
        state.save_table(there, _changed(there, sibling, shared_request(request, sibling, table)))
    return {"TableDescription": _described(call, table, changed, request)}


def _changed(call: Call, table: Table, request: Request) -> Table:
    changed = changed_settings(table, request, call.time())
    check_quotas(request, call.region)
    changed = _with_index_updates(call, changed, request)
    if "SSESpecification" in request:
        changed = _with_key(call, changed, wanted_key(request["SSESpecification"]))
    if "StreamSpecification" in request:
        changed = _with_stream(call, changed, request["StreamSpecification"])
    return state.split_shards(call, changed)


def _with_index_updates(call: Call, table: Table, request: Request) -> Table:
    updates = request.get("GlobalSecondaryIndexUpdates", ())
    _check_one_at_a_time(table, updates)
    for position, update in enumerate(updates, 1):
        if "Create" in update:
            table = _with_new_index(call, table, request, position)
        elif "Delete" in update:
            index = _global_index(table, update["Delete"]["IndexName"], "delete")
            state.delete_index(call, table, index)
            table = table.without_index(index.name)
        else:
            action = update["Update"]
            index = _global_index(table, action["IndexName"], "update")
            table = table.with_index(changed_index(table, index, action, call.time()))
            check_quotas(action, call.region, index.name)
    return table


def _check_one_at_a_time(table: Table, updates: list[Mapping[str, Any]]) -> None:
    asked = sum("Create" in update or "Delete" in update for update in updates)
    gone = {update["Delete"]["IndexName"] for update in updates if "Delete" in update}
    being_made = sum(index.backfilling and index.name not in gone for index in table.indexes)
    if asked and asked + being_made > 1:
        raise LimitExceededException(
            "Subscriber limit exceeded: "
            "Only 1 online index can be created or deleted simultaneously per table"
        )


def _with_new_index(call: Call, table: Table, request: Request, position: int) -> Table:
    create = request["GlobalSecondaryIndexUpdates"][position - 1]["Create"]
    name, on_demand = create["IndexName"], table.billing_mode == PAY_PER_REQUEST
    if "AttributeDefinitions" not in request:
        raise ValidationException(f"{INVALID}AttributeDefinitions is not specified for index: {name}")
    if on_demand and "ProvisionedThroughput" in create:
        raise ValidationException(
            f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {name} "
            "when BillingMode is PAY_PER_REQUEST"
        )
    if not on_demand and "ProvisionedThroughput" not in create:
        raise ValidationException(
            f"{INVALID}Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: {name}"
        )
    defined = {each["AttributeName"]: each["AttributeType"] for each in request["AttributeDefinitions"]}
    types = {**defined, **table.attribute_types}
    path = f"globalSecondaryIndexUpdates.{position}.member.create"
    index = definitions.global_index(create, types, table.billing_mode, path)
    check_not_redefined(table, index, defined)
    check_quotas(create, call.region, name)
    if table.find_index(name) is not None:
        raise ValidationException("Attempting to create an index which already exists")
    if len(table.global_indexes) >= definitions.MAX_GLOBAL_INDEXES:
        raise LimitExceededException(
            "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of "
            f"{definitions.MAX_GLOBAL_INDEXES}"
        )
    definitions.check_projected([*table.indexes, index])
    used = {key: types[key] for key in index.keys.attributes}
    state.start_backfill(call, table, name)
    return replace(table, attribute_types={**table.attribute_types, **used}).with_index(
        replace(index, backfilling=True)
    )


def _global_index(table: Table, name: str, verb: str) -> Index:
    index = table.find_index(name)
    if index is None:
        raise ResourceNotFoundException(f"Requested resource not found: Index {name} for table {table.name}")
    if index.local:
        raise ValidationException(f"Cannot {verb} an index that is not a GlobalSecondaryIndex: {name}")
    return index


def _with_key(call: Call, table: Table, key_id: str | None) -> Table:
    check_change(table.encryption, key_id)
    changes = counted(table.encryption_changes, call.time())
    if table.encryption is not None:
        check_key(call, table.name, table.encryption)
    encryption = None if key_id is None else new_encryption(call, table.name, key_id)
    return replace(table, encryption=encryption, encryption_changes=changes)


def _with_stream(call: Call, table: Table, specification: Mapping[str, Any]) -> Table:
    if not specification["StreamEnabled"]:
        if table.stream is None:
            raise ValidationException(f"Table has no stream to disable: TableName: {table.name}")
        return state.stop_stream(call, table)
    if table.stream is not None:
        raise ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
    return state.start_stream(call, table, specification["StreamViewType"])


def _described(call: Call, table: Table, changed: Table, request: Request) -> dict[str, Any]:
    """The table as DynamoDB tells it while it changes: some of the old, some of the new."""
    updates = request.get("GlobalSecondaryIndexUpdates", ())
    comes_or_goes = any("Update" not in update for update in updates)
    status = UPDATING if comes_or_goes or any(name in request for name in _TAKES_A_WHILE) else ACTIVE
    told = described(call, _shown(table, changed), status)
    if "SSESpecification" in request:
        told["SSEDescription"] = {**told.get("SSEDescription", {}), "Status": UPDATING}
    if request.get("WarmThroughput"):
        told["WarmThroughput"]["Status"] = UPDATING
    removed = {name: NO_LIMIT for name, value in request.get("OnDemandThroughput", {}).items() if value < 0}
    if removed:
        told["OnDemandThroughput"] = {**told.get("OnDemandThroughput", {}), **removed}
    for update in updates:
        kind, action = next(iter(update.items()))
        index = _described_index(told, action["IndexName"])
        if kind == "Create":
            index["Backfilling"] = False
        else:
            index["IndexStatus"] = UPDATING if kind == "Update" else DELETING
    return told


def _described_index(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    indexes: list[dict[str, Any]] = told["GlobalSecondaryIndexes"]
    return next(each for each in indexes if each["IndexName"] == name)


def _shown(table: Table, changed: Table) -> Table:
    """The changed table with the units, the class and the indexes that are still the old ones."""
    shown = replace(
        changed,
        attribute_types={**table.attribute_types, **changed.attribute_types},
        indexes=_shown_indexes(table, changed),
        encryption=table.encryption,
        table_class=table.table_class,
        table_class_changes=table.table_class_changes,
        warm=table.warm,
        on_demand_since=table.on_demand_since,
    )
    if table.billing_mode != changed.billing_mode:
        return shown
    return replace(shown, throughput=_unsettled(table.throughput, changed.throughput))


def _shown_indexes(table: Table, changed: Table) -> tuple[Index, ...]:
    switched = table.billing_mode != changed.billing_mode
    shown = []
    for old in table.indexes:
        new = changed.find_index(old.name)
        if new is None:
            shown.append(old)
        elif switched:
            shown.append(new)
        else:
            throughput = _unsettled(old.throughput, new.throughput)
            shown.append(replace(new, throughput=throughput, warm=old.warm))
    return (*shown, *(each for each in changed.indexes if table.find_index(each.name) is None))


def _unsettled(old: Throughput, new: Throughput) -> Throughput:
    """The old units with the moments of the change."""
    return replace(old, last_increase=new.last_increase, last_decrease=new.last_decrease)
