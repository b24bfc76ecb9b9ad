"""AWS::DynamoDB::GlobalTable for CloudFormation: the table of the stack's region, and its replicas elsewhere.

The table itself is made and changed as an AWS::DynamoDB::Table that says the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.resource import Provisioned
from cloudlet.core.tags import tag_map
from cloudlet.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from cloudlet.services.dynamodb.replication import ACTIVE, CREATING
from cloudlet.services.dynamodb.resources import TableResource
from cloudlet.services.dynamodb.table_settings import (
    INSIGHTS,
    check_members,
    is_true,
    set_settings,
    set_tags,
    stream_of,
)
from cloudlet.services.dynamodb.throughput import NO_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_TABLE: Final = TableResource()
_PAUSE_SECONDS: Final = 0.05
_ENCRYPTION: Final = "SSESpecification"
_STREAM: Final = "StreamSpecification"
_TTL: Final = "TimeToLiveSpecification"
_STREAM_VIEW: Final = "NEW_AND_OLD_IMAGES"
_STANDARD: Final = "STANDARD"
_EVENTUAL: Final = "EVENTUAL"
_ON_DEMAND: Final = "PAY_PER_REQUEST"
_SHARED: Final = (
    "AttributeDefinitions",
    "BillingMode",
    "KeySchema",
    "LocalSecondaryIndexes",
    "TableName",
    _TTL,
    "WarmThroughput",
)
_OWN: Final = (
    INSIGHTS,
    "DeletionProtectionEnabled",
    "KinesisStreamSpecification",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "TableClass",
    "Tags",
)
_OF_REPLICA: Final = frozenset(
    (
        *_OWN,
        _ENCRYPTION,
        "GlobalSecondaryIndexes",
        "ReadOnDemandThroughputSettings",
        "Region",
        "ReplicaStreamSpecification",
    )
)
_OF_INDEX: Final = frozenset(
    ("IndexName", "KeySchema", "Projection", "WarmThroughput", "WriteOnDemandThroughputSettings")
)
_OF_REPLICA_INDEX: Final = frozenset(("IndexName", INSIGHTS, "ReadOnDemandThroughputSettings"))


class GlobalTableResource:
    """A table and its replicas in other regions, which come and go one at a time."""

    type_name = "AWS::DynamoDB::GlobalTable"
    properties = frozenset(
        (
            *_SHARED,
            "GlobalSecondaryIndexes",
            "MultiRegionConsistency",
            "ReadOnDemandThroughputSettings",
            "Replicas",
            _ENCRYPTION,
            _STREAM,
            "WriteOnDemandThroughputSettings",
        )
    )
    required = frozenset(("AttributeDefinitions", "KeySchema", "Replicas"))
    create_only = frozenset(("TableName", "KeySchema", "LocalSecondaryIndexes"))

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the table, then its replicas."""
        _check(call, properties)
        made = await _TABLE.create(call, context, table_of(properties, call.region))
        for region in _elsewhere(call, properties):
            await _add(call, made.physical_id, region, properties)
            await _settle(call, made.physical_id, region, {}, properties)
        return await _provisioned(call, made.physical_id)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Removes a replica, changes the table, adds a replica and changes what is each one's own."""
        _check(call, after)
        old, new = _elsewhere(call, before), _elsewhere(call, after)
        gone, added = [each for each in old if each not in new], [each for each in new if each not in old]
        if len(gone) + len(added) > 1:
            raise ValidationException("Only one replica can be added or removed in a single update.")
        for region in gone:
            await _remove(call, physical_id, region)
        was, now = (table_of(each, call.region) for each in (before, after))
        await _TABLE.update(call, context, physical_id, was, now)
        for region in new:
            if region in added:
                await _add(call, physical_id, region, after)
            await _settle(call, physical_id, region, {} if region in added else before, after)
        return await _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the replicas, then the table; what is gone already is no error."""
        try:
            table = await _described(call, physical_id)
        except ResourceNotFoundException:
            return
        for replica in table.get("Replicas", ()):
            if replica["RegionName"] != call.region:
                await _remove(call, physical_id, replica["RegionName"])
        await _TABLE.delete(call, context, physical_id, properties)


def table_of(properties: Properties, region: str) -> Properties:
    """What an AWS::DynamoDB::Table says that is like the replica of a region."""
    replica = _replica(properties, region)
    table = {key: properties[key] for key in _SHARED if key in properties}
    table |= {key: replica[key] for key in _OWN if key in replica}
    encryption = {**properties.get(_ENCRYPTION, {}), **replica.get(_ENCRYPTION, {})}
    if encryption:
        table[_ENCRYPTION] = encryption
    limits = _limits(properties, replica.get("ReadOnDemandThroughputSettings"))
    if "MaxReadRequestUnits" not in limits:
        limits |= properties.get("ReadOnDemandThroughputSettings", {})
    if limits:
        table["OnDemandThroughput"] = limits
    if "GlobalSecondaryIndexes" in properties:
        table["GlobalSecondaryIndexes"] = [
            _index_of(index, _replica_index(replica, index["IndexName"]))
            for index in properties["GlobalSecondaryIndexes"]
        ]
    if _STREAM in properties:
        policy = replica.get("ReplicaStreamSpecification", {})
        table[_STREAM] = {**properties[_STREAM], **policy}
    return table


def _index_of(index: Properties, own: Properties) -> dict[str, Any]:
    like = {key: value for key, value in index.items() if key != "WriteOnDemandThroughputSettings"}
    limits = _limits(index, own.get("ReadOnDemandThroughputSettings"))
    if limits:
        like["OnDemandThroughput"] = limits
    if INSIGHTS in own:
        like[INSIGHTS] = own[INSIGHTS]
    return like


def _limits(shared: Properties, reads: Mapping[str, Any] | None) -> dict[str, Any]:
    return {**shared.get("WriteOnDemandThroughputSettings", {}), **(reads or {})}


def _replica(properties: Properties, region: str) -> Mapping[str, Any]:
    return next((each for each in properties.get("Replicas", ()) if each["Region"] == region), {})


def _replica_index(replica: Properties, name: str) -> Mapping[str, Any]:
    indexes = replica.get("GlobalSecondaryIndexes", ())
    return next((each for each in indexes if each["IndexName"] == name), {})


def _elsewhere(call: Call, properties: Properties) -> list[str]:
    regions = (each["Region"] for each in properties["Replicas"])
    return list(dict.fromkeys(each for each in regions if each != call.region))


def _check(call: Call, properties: Properties) -> None:
    """Raises ValidationException, and NotImplementedHere for what nothing would come of."""
    replicas = properties["Replicas"]
    for replica in replicas:
        check_members(replica, _OF_REPLICA, "a GlobalTable's replica")
        for index in replica.get("GlobalSecondaryIndexes", ()):
            check_members(index, _OF_REPLICA_INDEX, "an index of a GlobalTable's replica")
    for index in properties.get("GlobalSecondaryIndexes", ()):
        check_members(index, _OF_INDEX, "an index of a GlobalTable")
    if properties.get("BillingMode") != _ON_DEMAND:
        raise NotImplementedHere(
            "cloudlet does not implement a GlobalTable whose BillingMode is PROVISIONED, which needs "
            "Application Auto Scaling (yet): use PAY_PER_REQUEST."
        )
    if properties.get("MultiRegionConsistency", _EVENTUAL) != _EVENTUAL:
        raise NotImplementedHere("cloudlet does not implement MultiRegionConsistency STRONG (yet).")
    if all(each["Region"] != call.region for each in replicas):
        raise ValidationException(f"Replicas must name the region of the stack, {call.region}.")
    if not _elsewhere(call, properties):
        return
    if (stream_of(properties) or {}).get("StreamViewType") != _STREAM_VIEW:
        raise ValidationException(
            f"A global table of more than one replica needs a StreamSpecification of {_STREAM_VIEW}."
        )


async def _add(call: Call, name: str, region: str, properties: Properties) -> None:
    """Has a replica made, unless an earlier run has, and waits until it can be used."""
    replicas = await _statuses(call, name)
    if region not in replicas:
        key = _replica(properties, region).get(_ENCRYPTION, {})
        await _update(call, name, {"Create": {"RegionName": region, **key}})
    while (status := (await _statuses(call, name)).get(region)) != ACTIVE:
        if status is None:
            raise ValidationException(f"The replica in {region} was removed while it was being made.")
        await call.clock.sleep(_PAUSE_SECONDS)


async def _remove(call: Call, name: str, region: str) -> None:
    """Has a replica removed, unless an earlier run has, and waits until it is forgotten."""
    while (status := (await _statuses(call, name)).get(region)) == CREATING:
        await call.clock.sleep(_PAUSE_SECONDS)
    if status == ACTIVE:
        await _update(call, name, {"Delete": {"RegionName": region}})
    while region in await _statuses(call, name):
        await call.clock.sleep(_PAUSE_SECONDS)


async def _settle(call: Call, name: str, region: str, before: Properties, after: Properties) -> None:
    """Gives a replica what is its own."""
    there = call.where(call.account, region)
    was, now = (table_of(each, region) for each in (before, after))
    table = await _described(there, name)
    overrides = _overrides(table, now)
    if overrides:
        await _update(call, name, {"Update": {"RegionName": region, **overrides}})
    protected = is_true(now.get("DeletionProtectionEnabled"))
    if table["DeletionProtectionEnabled"] != protected:
        request = {"TableName": name, "DeletionProtectionEnabled": protected}
        await there.ask("dynamodb", "UpdateTable", request)
    await set_settings(there, name, _with_shared(was, now), now)
    await set_tags(there, name, tag_map(was.get("Tags")), tag_map(now.get("Tags")))


def _with_shared(was: Properties, now: Properties) -> Properties:
    """A replica's definition with the stream, the time to live and the key that it has already."""
    names = [_TTL]
    if not was or "KMSMasterKeyId" not in now.get(_ENCRYPTION, {}):
        names.append(_ENCRYPTION)
    shared = {key: now[key] for key in names if key in now}
    if _STREAM in now:
        kept = {key: value for key, value in was.get(_STREAM, {}).items() if key == "ResourcePolicy"}
        shared[_STREAM] = {"StreamViewType": now[_STREAM]["StreamViewType"], **kept}
    return {**{key: value for key, value in was.items() if key not in (_STREAM, *names)}, **shared}


def _overrides(table: Mapping[str, Any], wanted: Properties) -> dict[str, Any]:
    """What UpdateTable is to say of a replica that is as described."""
    overrides: dict[str, Any] = {}
    table_class = wanted.get("TableClass", _STANDARD)
    if table.get("TableClassSummary", {}).get("TableClass", _STANDARD) != table_class:
        overrides["TableClassOverride"] = table_class
    limits = _read_limit(table, wanted)
    found = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", ())}
    indexes = [
        {"IndexName": index["IndexName"], **limit}
        for index in wanted.get("GlobalSecondaryIndexes", ())
        if (limit := _read_limit(found.get(index["IndexName"], {}), index))
    ]
    if indexes:
        overrides["GlobalSecondaryIndexes"] = indexes
    return {**overrides, **limits}


def _read_limit(there: Mapping[str, Any], wanted: Properties) -> dict[str, Any]:
    """The override that gives a replica, or an index of it, the wanted limit; nothing where it has that."""
    limit, current = (
        int(each.get("OnDemandThroughput", {}).get("MaxReadRequestUnits", NO_LIMIT))
        for each in (wanted, there)
    )
    return {} if limit == current else {"OnDemandThroughputOverride": {"MaxReadRequestUnits": limit}}


async def _update(call: Call, name: str, update: Mapping[str, Any]) -> None:
    await call.ask("dynamodb", "UpdateTable", {"TableName": name, "ReplicaUpdates": [update]})


async def _statuses(call: Call, name: str) -> dict[str, str]:
    table = await _described(call, name)
    return {each["RegionName"]: each["ReplicaStatus"] for each in table.get("Replicas", ())}


async def _described(call: Call, name: str) -> dict[str, Any]:
    table: dict[str, Any] = (await call.ask("dynamodb", "DescribeTable", {"TableName": name}))["Table"]
    return table


async def _provisioned(call: Call, name: str) -> Provisioned:
    table = await _described(call, name)
    attributes = {"Arn": table["TableArn"], "TableId": table["TableId"]}
    if _STREAM in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Provisioned(name, attributes)
