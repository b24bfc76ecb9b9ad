"""What tables are that RestoreTable... asks for: as they were, but for what the request overrides.

Pure rules on requests; whether the tables exist is the operations' business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.services.dynamodb.definitions import check_honoured, projected_attributes
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.model import PAY_PER_REQUEST, PROVISIONED, Index, Table, Throughput
from cloudlet.services.dynamodb.throughput import check_bounds, new_limits, throughput_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.recovery import Restoring

_HONOURED: Final = frozenset(
    (
        "BackupArn",
        "BillingModeOverride",
        "GlobalSecondaryIndexOverride",
        "LocalSecondaryIndexOverride",
        "OnDemandThroughputOverride",
        "ProvisionedThroughputOverride",
        "RestoreDateTime",
        "SSESpecificationOverride",
        "SourceTableArn",
        "SourceTableName",
        "TargetTableName",
        "UseLatestRestorableTime",
    )
)


def restored_table(source: Table, request: Request, table_id: str, now: float, restoring: Restoring) -> Table:
    """The table that a restore asks for. Raises ValidationException."""
    check_honoured("RestoreTable", request, _HONOURED)
    billing_mode, throughput = _restored_billing(source, request)
    limits = (
        new_limits(request["OnDemandThroughputOverride"], PAY_PER_REQUEST)
        if "OnDemandThroughputOverride" in request
        else source.on_demand_throughput
    )
    local = _restored_indexes(source.local_indexes, request.get("LocalSecondaryIndexOverride"))
    global_ = _restored_indexes(source.global_indexes, request.get("GlobalSecondaryIndexOverride"))
    indexes = tuple(replace(each, backfilling=False) for each in (*local, *global_))
    used = {*source.keys.attributes, *(name for index in indexes for name in index.keys.attributes)}
    return Table(
        name=request["TargetTableName"],
        id=table_id,
        created=now,
        attribute_types={name: kind for name, kind in source.attribute_types.items() if name in used},
        keys=source.keys,
        billing_mode=billing_mode,
        throughput=throughput,
        indexes=indexes,
        on_demand_since=now if billing_mode == PAY_PER_REQUEST else None,
        on_demand_throughput=limits if billing_mode == PAY_PER_REQUEST else None,
        restoring=restoring,
    )


def _restored_billing(source: Table, request: Request) -> tuple[str, Throughput]:
    mode, units = request.get("BillingModeOverride"), request.get("ProvisionedThroughputOverride")
    billing_mode = mode or source.billing_mode
    if billing_mode == PAY_PER_REQUEST and units is not None:
        raise ValidationException("Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED")
    if mode == PROVISIONED and units is None and source.billing_mode != PROVISIONED:
        raise ValidationException(
            "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED"
        )
    if units is not None:
        check_bounds(units)
        return billing_mode, throughput_of(units)
    if billing_mode == PAY_PER_REQUEST:
        return billing_mode, Throughput()
    return billing_mode, Throughput(source.throughput.read_units, source.throughput.write_units)


def _restored_indexes(recorded: Sequence[Index], wanted: Sequence[Mapping[str, Any]] | None) -> list[Index]:
    if wanted is None:
        return [replace(each, throughput=_fresh(each.throughput)) for each in recorded]
    named = {each.name: each for each in recorded}
    kept = []
    for each in wanted:
        index = named.get(each["IndexName"])
        if index is None or not _is_same(index, each):
            raise ValidationException(
                f"Index {each['IndexName']} does not match a secondary index that existed in the source "
                "table and cannot be created during the restore operation"
            )
        units = each.get("ProvisionedThroughput")
        kept.append(replace(index, throughput=throughput_of(units) if units else _fresh(index.throughput)))
    return kept


def _is_same(index: Index, wanted: Mapping[str, Any]) -> bool:
    keys = tuple(each["AttributeName"] for each in wanted["KeySchema"])
    return keys == index.keys.attributes and projected_attributes(wanted["Projection"]) == (
        index.projection,
        index.included,
    )


def _fresh(throughput: Throughput) -> Throughput:
    return Throughput(throughput.read_units, throughput.write_units)
