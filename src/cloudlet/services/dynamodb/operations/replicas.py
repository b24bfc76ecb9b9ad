"""ReplicaUpdates of UpdateTable: replicas in other regions are added, changed and removed, one at a time.

They are filled and forgotten in the background. What AWS was seen to refuse is refused here in its order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.access import Permission
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.authorization import on_table
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.model import PAY_PER_REQUEST, OnDemandThroughput
from cloudlet.services.dynamodb.operations.deletions import check_removable, remove_table
from cloudlet.services.dynamodb.recovery import Restoring
from cloudlet.services.dynamodb.replica_rules import check_settled, key_for_each_replica, no_actions
from cloudlet.services.dynamodb.replication import (
    ACTIVE,
    CREATING,
    REGIONS,
    Replica,
    ReplicaWork,
)
from cloudlet.services.dynamodb.table_keys import replica_encryption

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Index, Table

_STREAM_VIEW: Final = "NEW_AND_OLD_IMAGES"
_UNITS: Final = "ProvisionedThroughputOverride"
_OVERRIDES: Final = frozenset(("TableClassOverride", "OnDemandThroughputOverride"))
_ADDING: Final = (
    "CreateTable",
    "CreateTableReplica",
    "Scan",
    "Query",
    "UpdateItem",
    "PutItem",
    "GetItem",
    "DeleteItem",
    "BatchWriteItem",
)
"""What one must be allowed to do in the region of a new replica."""
_REMOVING: Final = ("DeleteTable", "DeleteTableReplica")

_on_table: Final = on_table("UpdateTable")


def update_table_permissions(call: Call, request: Request) -> Sequence[Permission]:
    """UpdateTable here, and what adding or removing a replica asks for in its region."""
    name = state.table_name(owner(call, request["TableName"]), request["TableName"])
    judged = list(_on_table(call, request))
    for update in request.get("ReplicaUpdates", ()):
        for kind, actions in (("Create", _ADDING), ("Delete", _REMOVING)):
            if kind in update:
                there = state.in_region(call, update[kind]["RegionName"])
                arn = there.arn(f"table/{name}")
                judged += [Permission(f"dynamodb:{action}", arn) for action in actions]
    return judged


def update_replicas(call: Call, table: Table, request: Request) -> None:
    """Does the updates. Raises ValidationException, ResourceInUseException."""
    for update in request["ReplicaUpdates"]:
        kind, action = next(iter(update.items()))
        _check_region(call, action["RegionName"])
        if kind == "Create":
            _check_new(table, call, action)
            _add(call, table, action)
            return  # DynamoDB takes the same region twice for once
        if kind == "Delete":
            _remove(call, table, action["RegionName"])
        else:
            _change(call, table, action)


def _check_region(call: Call, region: str) -> None:
    if region == call.region:
        raise ValidationException(
            "Cannot add or delete the local region through ReplicaUpdates. "
            "Use CreateTable, DeleteTable, or UpdateTable as required."
        )
    if region not in REGIONS:
        raise ValidationException(
            f"Region {region} is not supported. The latest version of global tables are only supported in "
            f"the following regions: [{', '.join(REGIONS)}]"
        )


def _check_new(table: Table, call: Call, create: Mapping[str, Any]) -> None:
    region = create["RegionName"]
    known = table.find_replica(region)
    there = state.find_table(state.in_region(call, region), table.name)
    is_on_its_way = known is not None and known.status == CREATING
    if not is_on_its_way and (known is not None or there is not None):
        raise ValidationException(
            f"Failed to create a the new replica of table with name: \u2018{table.name}\u2019 because one "
            "or more replicas already existed as tables."
        )
    check_settled(table)
    if table.billing_mode != PAY_PER_REQUEST:
        raise ValidationException("Table write capacity should either be Pay-Per-Request or AutoScaled.")
    _check_overrides(create)


def _add(call: Call, table: Table, create: Mapping[str, Any]) -> None:
    """Makes the new replica's table, tells all others of it, and has it filled."""
    there = state.in_region(call, create["RegionName"])
    replica = Replica(there.region, CREATING, call.region, call.time())
    if table.stream is None:
        table = state.start_stream(call, table, _STREAM_VIEW)
    others = (*table.replicas, Replica(call.region, ACTIVE))
    state.add_table(there, _replica_table(there, table, create, _known_in(call, table, others)))
    for sibling_call, sibling in state.siblings(call, table):
        state.save_table(sibling_call, sibling.with_replica(replica))
    state.save_table(call, table.with_replica(replica))
    work = ReplicaWork(call.account, call.region, table.name, table.id, there.region)
    state.start_replica_work(call, work)


def _known_in(call: Call, table: Table, others: Iterable[Replica]) -> tuple[Replica, ...]:
    """What a new replica knows of the others: as one of them knows the table that it is made from."""
    for _, sibling in state.siblings(call, table):
        itself = sibling.find_replica(call.region)
        if itself is not None:
            return tuple(itself if each.region == call.region else each for each in others)
    return tuple(others)


def _replica_table(
    call: Call, source: Table, create: Mapping[str, Any], others: tuple[Replica, ...]
) -> Table:
    limits = _with_read_limit(source.on_demand_throughput, create)
    encryption = replica_encryption(call, source, create.get("KMSMasterKeyId"))
    return replace(
        source,
        id=call.ids.uuid(),
        created=call.time(),
        on_demand_since=call.time(),
        on_demand_throughput=limits,
        table_class=create.get("TableClassOverride", source.table_class),
        table_class_changes=(),
        indexes=tuple(replace(each, backfilling=False) for each in _with_index_limits(source, create)),
        encryption=encryption,
        encryption_changes=(),
        deletion_protection=False,
        tags=(),
        stream=None,
        latest_stream_label=None,
        destinations=(),
        policy=None,
        recovery=None,
        restoring=Restoring(None, call.time()),
        copies=(),
        insights=(),
        replicas=others,
    )


def _check_overrides(action: Mapping[str, Any]) -> None:
    """Raises ValidationException for units of tables on demand."""
    if any(_UNITS in each for each in (action, *action.get("GlobalSecondaryIndexes", ()))):
        raise ValidationException(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST"
        )


def _with_read_limit(
    limits: OnDemandThroughput | None, action: Mapping[str, Any]
) -> OnDemandThroughput | None:
    override = action.get("OnDemandThroughputOverride", {}).get("MaxReadRequestUnits")
    if override is None:
        return limits
    limited = replace(limits or OnDemandThroughput(), max_read_units=override)
    return None if limited == OnDemandThroughput() else limited


def _index_limits(table: Table, action: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The overrides by their indexes; one of an index that the table does not have is nothing to DynamoDB."""
    named = {each["IndexName"]: each for each in action.get("GlobalSecondaryIndexes", ())}
    return {name: each for name, each in named.items() if table.find_index(name) is not None}


def _with_index_limits(table: Table, action: Mapping[str, Any]) -> tuple[Index, ...]:
    limits = _index_limits(table, action)
    return tuple(
        replace(each, on_demand_throughput=_with_read_limit(each.on_demand_throughput, limits[each.name]))
        if each.name in limits
        else each
        for each in table.indexes
    )


def _remove(call: Call, table: Table, region: str) -> None:
    _check_member(table, region)
    check_settled(table)
    there = state.in_region(call, region)
    gone = state.find_table(there, table.name)
    if gone is not None:
        check_removable(there, gone)
        remove_table(there, gone)


def _change(call: Call, table: Table, update: Mapping[str, Any]) -> None:
    _check_member(table, update["RegionName"])
    check_settled(table)
    if "KMSMasterKeyId" in update:
        raise key_for_each_replica()
    _check_overrides(update)
    if not _OVERRIDES & set(update) and not _index_limits(table, update):
        raise no_actions()
    there = state.in_region(call, update["RegionName"])
    replica = state.find_table(there, table.name)
    if replica is not None:
        limits = _with_read_limit(replica.on_demand_throughput, update)
        table_class = update.get("TableClassOverride", replica.table_class)
        changed = replace(replica, table_class=table_class, on_demand_throughput=limits)
        state.save_table(there, replace(changed, indexes=_with_index_limits(changed, update)))


def _check_member(table: Table, region: str) -> None:
    if table.find_replica(region) is None:
        raise ValidationException(
            "Update global table operation failed because one or more replicas were not part of the global "
            f"table. Please retry the request without these replicas: [{region}]."
        )
