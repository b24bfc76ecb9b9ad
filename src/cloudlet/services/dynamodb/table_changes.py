"""What UpdateTable may change, alone and together, and what comes of it.

Pure rules on requests and tables, in DynamoDB's words; what indexes hold is the operation's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.dynamodb.definitions import STANDARD, check_honoured, check_table_class
from cloudlet.services.dynamodb.encryption import wanted_key
from cloudlet.services.dynamodb.errors import LimitExceededException, ValidationException
from cloudlet.services.dynamodb.model import PAY_PER_REQUEST, PROVISIONED
from cloudlet.services.dynamodb.replica_rules import check_replica_updates
from cloudlet.services.dynamodb.throughput import (
    changed,
    changed_limits,
    check_bounds,
    check_changes,
    raised_warm,
    units_forbidden,
    warm_throughput,
)
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Index, KeySchema, Table

CLASS_CHANGES: Final = 2
"""How often a table's class may change in 30 days."""
_CLASS_DAYS: Final = 30
_DAY_SECONDS: Final = 86400.0

_CHANGED_ALONE: Final = {
    "ReplicaUpdates": "Replica",
    "SSESpecification": "Server-Side Encryption",
    "TableClass": "TableClass",
    "DeletionProtectionEnabled": "DeletionProtection",
}
"""What UpdateTable changes only by itself, in the order in which DynamoDB notices, with its name there."""
_CHANGE_NOTHING: Final = ("TableName", "AttributeDefinitions", "MultiRegionConsistency")
_EMPTY_IS_ABSENT: Final = ("OnDemandThroughput", "WarmThroughput")
_NO_CHANGE: Final = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
    "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, "
    "MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is "
    "required"
)
_HONOURED: Final = frozenset(
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
        "WarmThroughput",
    )
)
_INDEX_HONOURED: Final = frozenset(
    ("IndexName", "OnDemandThroughput", "ProvisionedThroughput", "WarmThroughput")
)


def check_request(request: Request) -> None:
    """Raises ValidationException for an UpdateTable that no table could be changed by."""
    check_honoured("UpdateTable", request, _HONOURED)
    if request.get("MultiRegionConsistency") == "STRONG":
        raise NotImplementedHere("cloudlet replicates DynamoDB tables with eventual consistency only.")
    changes = {
        name
        for name, value in request.items()
        if name not in _CHANGE_NOTHING and (value or name not in _EMPTY_IS_ABSENT)
    }
    updates = request.get("GlobalSecondaryIndexUpdates")
    if not changes - ({"GlobalSecondaryIndexUpdates"} if updates == [] else set()):
        raise ValidationException(_NO_CHANGE)
    if updates == []:
        raise ValidationException(f"{INVALID}List of GlobalSecondaryIndexUpdates is empty")
    _check_stream(request.get("StreamSpecification"))
    wanted_key(request.get("SSESpecification"))
    check_table_class(request)
    _check_together(request, changes)
    if "ReplicaUpdates" in request:
        check_replica_updates(request)
    if units := request.get("ProvisionedThroughput"):
        check_bounds(units)
    _check_index_updates(request)


def _check_stream(specification: Mapping[str, Any] | None) -> None:
    if specification is None:
        return
    if specification["StreamEnabled"] and "StreamViewType" not in specification:
        raise ValidationException(f"{INVALID}If stream is being enabled then UpdateViewType is required")
    if not specification["StreamEnabled"] and "StreamViewType" in specification:
        raise ValidationException(
            f"{INVALID}If stream is being disabled, then UpdateViewType must not be specified"
        )


def _check_together(request: Request, changes: set[str]) -> None:
    """Raises ValidationException for several changes, some of which must be made alone."""
    for member, named in _CHANGED_ALONE.items():
        if member in changes and len(changes) > 1:
            raise ValidationException(
                f"{INVALID}{named} modification must be the only operation in the request"
            )
    updates = request.get("GlobalSecondaryIndexUpdates", ())
    makes_or_deletes = any("Create" in update or "Delete" in update for update in updates)
    if "WarmThroughput" in changes and len(changes) > 1:
        creates = any("Create" in update for update in updates)
        raise ValidationException(
            f"{INVALID}Create global secondary index cannot be specified when updating WarmThroughput"
            if creates
            else f"{INVALID}WarmThroughput must be the only operation in the request"
        )
    if "OnDemandThroughput" in changes and not changes <= {"OnDemandThroughput", "BillingMode"}:
        raise ValidationException(
            f"{INVALID}OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"
        )
    if makes_or_deletes and "ProvisionedThroughput" in changes:
        raise ValidationException(f"{INVALID}You cannot create or delete index while updating table IOPS")
    if "StreamSpecification" not in changes:
        return
    if "ProvisionedThroughput" in changes or request.get("BillingMode") == PROVISIONED:
        raise ValidationException(f"{INVALID}You cannot modify stream status while updating table IOPS")
    if makes_or_deletes:
        raise ValidationException(f"{INVALID}You cannot create or delete index while changing stream status")


def _check_index_updates(request: Request) -> None:
    seen = set()
    for update in request.get("GlobalSecondaryIndexUpdates", ()):
        if not update:
            raise ValidationException(
                f"{INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                "GlobalSecondaryIndexUpdate.Delete must not be null"
            )
        if len(update) > 1:
            raise ValidationException(
                f"{INVALID}Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate "
                "object"
            )
        kind, action = next(iter(update.items()))
        name = action["IndexName"]
        if name in seen:
            raise ValidationException(
                f"{INVALID}Only one global secondary index update per index is allowed simultaneously. "
                f"Index: {name}"
            )
        seen.add(name)
        if kind == "Update" and action.get("WarmThroughput") == {}:
            raise ValidationException(
                f"{INVALID}WarmThroughput must have at least one of ReadUnitsPerSecond or "
                f"WriteUnitsPerSecond specified for index: {name}"
            )


def check_not_redefined(table: Table, index: Index, defined: Mapping[str, str]) -> None:
    """Raises ValidationException for a new index that gives a key attribute another type than it has."""
    types = table.attribute_types
    for name in index.keys.attributes:
        if name not in types or defined.get(name, types[name]) == types[name]:
            continue
        schemas = (table.keys, *(each.keys for each in table.indexes))
        existing = next(schema for schema in schemas if name in schema.attributes)
        raise ValidationException(
            f"{INVALID}Attributes cannot be redefined. Please check that your attribute has the same type as "
            f"previously defined. Existing schema: {_spelled(existing, types)} "
            f"New schema: {_spelled(index.keys, {**types, **defined})}"
        )


def _spelled(schema: KeySchema, types: Mapping[str, str]) -> str:
    elements = [f"{name}:{types[name]}:HASH" for name in schema.partitions]
    elements += [f"{name}:{types[name]}:RANGE" for name in schema.sorts]
    return f"Schema:[{', '.join(f'SchemaElement: key{{{element}}}' for element in elements)}]"


def changed_settings(table: Table, request: Request, now: float) -> Table:
    """The table with what the request changes but for its indexes and its stream.

    Raises ValidationException, LimitExceededException.
    """
    table = _with_billing(table, request, now)
    if limits := request.get("OnDemandThroughput"):
        changed_to = changed_limits(table.on_demand_throughput, limits, table.billing_mode)
        table = replace(table, on_demand_throughput=changed_to)
    if warm := request.get("WarmThroughput"):
        current = warm_throughput(table.billing_mode, table.throughput, table.warm)
        table = replace(table, warm=raised_warm(current, warm))
    if "DeletionProtectionEnabled" in request:
        table = replace(table, deletion_protection=request["DeletionProtectionEnabled"])
    if "TableClass" in request:
        table = _with_class(table, request["TableClass"], now)
    return table


def _with_billing(table: Table, request: Request, now: float) -> Table:
    mode, units = request.get("BillingMode"), request.get("ProvisionedThroughput")
    if mode == PAY_PER_REQUEST:
        if units is not None:
            raise ValidationException(
                f"{INVALID}ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST"
            )
        return table if table.billing_mode == PAY_PER_REQUEST else _on_demand(table, now)
    if mode == PROVISIONED and units is None:
        raise ValidationException(
            f"{INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED"
        )
    if units is None:
        return table
    if mode == PROVISIONED and table.billing_mode == PAY_PER_REQUEST:
        return _provisioned(table, units, request)
    if table.billing_mode == PAY_PER_REQUEST:
        raise units_forbidden()
    check_changes(table.throughput, units)
    warm = warm_throughput(PROVISIONED, table.throughput, table.warm)
    return replace(table, throughput=changed(table.throughput, units, now), warm=warm)


def _on_demand(table: Table, now: float) -> Table:
    """The table billed by request from now on; what was said of its units' changes stays."""
    indexes = tuple(
        index if index.local else replace(index, throughput=index.throughput.changed_to(0, 0, now), warm=warm)
        for index in table.indexes
        for warm in (warm_throughput(PROVISIONED, index.throughput, index.warm),)
    )
    return replace(
        table,
        billing_mode=PAY_PER_REQUEST,
        throughput=replace(table.throughput, read_units=0, write_units=0),
        warm=warm_throughput(PROVISIONED, table.throughput, table.warm),
        indexes=indexes,
        on_demand_since=now,
    )


def _provisioned(table: Table, units: Mapping[str, int], request: Request) -> Table:
    """The table with units of its own; each of its global indexes must get some in the same request."""
    updated = {
        update["Update"]["IndexName"]
        for update in request.get("GlobalSecondaryIndexUpdates", ())
        if "ProvisionedThroughput" in update.get("Update", {})
    }
    for index in table.global_indexes:
        if index.name not in updated:
            raise ValidationException(
                f"{INVALID}ProvisionedThroughput must be specified for index: {index.name}"
            )
    reads, writes = units["ReadCapacityUnits"], units["WriteCapacityUnits"]
    indexes = tuple(
        index
        if index.local
        else replace(
            index,
            on_demand_throughput=None,
            warm=warm_throughput(PAY_PER_REQUEST, index.throughput, index.warm),
        )
        for index in table.indexes
    )
    return replace(
        table,
        billing_mode=PROVISIONED,
        throughput=replace(table.throughput, read_units=reads, write_units=writes),
        warm=warm_throughput(PAY_PER_REQUEST, table.throughput, table.warm),
        on_demand_throughput=None,
        indexes=indexes,
    )


def _with_class(table: Table, table_class: str, now: float) -> Table:
    recent = tuple(each for each in table.table_class_changes if now - each < _CLASS_DAYS * _DAY_SECONDS)
    if len(recent) >= CLASS_CHANGES:
        raise LimitExceededException(
            f"Subscriber limit exceeded: Updates to TableClass are limited to {CLASS_CHANGES} times in "
            f"{_CLASS_DAYS} day(s)."
        )
    if table_class == (table.table_class or STANDARD):
        return table
    changes = (*table.table_class_changes, now)[-CLASS_CHANGES:]
    return replace(table, table_class=table_class, table_class_changes=changes)


def changed_index(table: Table, index: Index, action: Mapping[str, Any], now: float) -> Index:
    """The index as an Update of UpdateTable leaves it; the table has its new billing mode already.

    Raises ValidationException, LimitExceededException.
    """
    check_honoured("UpdateTable", action, _INDEX_HONOURED)
    units, limits = action.get("ProvisionedThroughput"), action.get("OnDemandThroughput")
    if table.billing_mode == PAY_PER_REQUEST and (units or not (limits or action.get("WarmThroughput"))):
        raise ValidationException(
            f"{INVALID}The only Updates for index: {index.name} when TableThroughputMode is PAY_PER_REQUEST "
            "can be to OnDemandThroughput, WarmThroughput"
        )
    if limits:
        limited = changed_limits(index.on_demand_throughput, limits, table.billing_mode, index.name)
        index = replace(index, on_demand_throughput=limited)
    if units:
        check_bounds(units, f" for index {index.name}")
        check_changes(index.throughput, units, index.name)
        warm = warm_throughput(PROVISIONED, index.throughput, index.warm)
        index = replace(index, throughput=changed(index.throughput, units, now), warm=warm)
    if wanted := action.get("WarmThroughput"):
        current = warm_throughput(table.billing_mode, index.throughput, index.warm)
        index = replace(index, warm=raised_warm(current, wanted, index.name))
    return index
