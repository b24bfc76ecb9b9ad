"""AWS::DynamoDB::Table for CloudFormation.

It calls DynamoDB's own API and knows nothing of templates.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.resource import Provisioned, ask_once
from cloudlet.services.dynamodb.errors import (
    ResourceNotFoundException,
    ValidationException,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.resource import Properties, ResourceContext

_NAME_LENGTH: Final = 255
_PRECISION: Final = "ApproximateCreationDateTimePrecision"
_PAUSE_SECONDS: Final = 0.05
_DEFINITION: Final = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
    "WarmThroughput",
)
_CHANGEABLE: Final = (
    ("BillingMode", "ProvisionedThroughput"),
    ("OnDemandThroughput",),
    ("DeletionProtectionEnabled",),
    ("TableClass",),
    ("WarmThroughput",),
)
"""What UpdateTable changes together."""
_INDEX_CHANGEABLE: Final = frozenset(("OnDemandThroughput", "ProvisionedThroughput", "WarmThroughput"))
_STACK: Final = "aws:cloudformation:stack-id"
_LOGICAL: Final = "aws:cloudformation:logical-id"


class TableResource:
    """A table, its indexes, its stream, its tags and its time to live."""

    type_name = "AWS::DynamoDB::Table"
    properties = frozenset(
        (
            *_DEFINITION,
            "ContributorInsightsSpecification",
            "KinesisStreamSpecification",
            "PointInTimeRecoverySpecification",
            "ResourcePolicy",
            "SSESpecification",
            "StreamSpecification",
            "TableName",
            "Tags",
            "TimeToLiveSpecification",
        )
    )
    required = frozenset(("KeySchema",))
    create_only = frozenset(("TableName", "KeySchema", "LocalSecondaryIndexes"))

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the table, then sets its time to live."""
        name = properties.get("TableName") or context.generated_name(_NAME_LENGTH)
        tags = {
            **_own_tags(properties),
            **context.tags,
            _STACK: context.stack_id,
            _LOGICAL: context.logical_id,
        }
        request = {
            "TableName": name,
            **_with_numbers({key: properties[key] for key in _DEFINITION if key in properties}),
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        if (stream := _stream(properties)) is not None:
            request["StreamSpecification"] = stream
        if (policy := _policy(properties)) is not None:
            request["ResourcePolicy"] = policy
        if (encryption := _encryption(properties)) is not None:
            request["SSESpecification"] = encryption
        await ask_once(call, context, "dynamodb", "CreateTable", request, lambda _: name)
        if "KinesisStreamSpecification" in properties:
            await _set_destination(call, name, properties)
        await _set_time_to_live(call, name, {}, properties)
        await _set_recovery(call, name, {}, properties)
        await _set_insights(call, name, {}, properties)
        return await _provisioned(call, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes billing, throughput, indexes, the stream, tags and the time to live in place."""
        described = await call.ask("dynamodb", "DescribeTable", {"TableName": physical_id})
        for request in _still_to_do(described["Table"], _changes(before, after)):
            await call.ask("dynamodb", "UpdateTable", {"TableName": physical_id, **_with_numbers(request)})
        await _wait_for_indexes(call, physical_id)
        await _set_encryption(call, physical_id, before, after)
        await _set_stream(call, physical_id, before, after)
        if "KinesisStreamSpecification" in before or "KinesisStreamSpecification" in after:
            await _set_destination(call, physical_id, after)
        await _set_time_to_live(call, physical_id, before, after)
        await _set_recovery(call, physical_id, before, after)
        await _set_insights(call, physical_id, before, after)
        await _set_policy(call, described["Table"]["TableArn"], before, after)
        await _set_tags(call, physical_id, _own_tags(before), _own_tags(after))
        return await _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the table; one that is gone already is no error."""
        try:
            await call.ask("dynamodb", "DeleteTable", {"TableName": physical_id})
        except ResourceNotFoundException:
            return


async def _provisioned(call: Call, name: str) -> Provisioned:
    table = (await call.ask("dynamodb", "DescribeTable", {"TableName": name}))["Table"]
    attributes = {"Arn": table["TableArn"]}
    if "StreamSpecification" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Provisioned(name, attributes)


def _changes(before: Properties, after: Properties) -> list[dict[str, Any]]:
    """The UpdateTable requests that lead from one definition to the other."""
    if "BillingMode" not in after and before.get("BillingMode") == "PAY_PER_REQUEST":
        after = {**after, "BillingMode": "PROVISIONED"}
    groups = (
        {key: after[key] for key in group if key in after and after.get(key) != before.get(key)}
        for group in _CHANGEABLE
    )
    requests = [group for group in groups if group]
    old = {index["IndexName"]: index for index in before.get("GlobalSecondaryIndexes", ())}
    new = {index["IndexName"]: index for index in after.get("GlobalSecondaryIndexes", ())}
    gone, made = [name for name in old if name not in new], [name for name in new if name not in old]
    if len(gone) + len(made) > 1:
        raise ValidationException("Cannot perform more than one GSI creation or deletion in a single update")
    updates: list[dict[str, Any]] = [{"Delete": {"IndexName": name}} for name in gone]
    updates += [{"Create": new[name]} for name in made]
    changed = [_index_update(old[name], new[name]) for name in new if name in old and old[name] != new[name]]
    changed = [update for update in changed if len(update["Update"]) > 1]
    switches = next((each for each in requests if each.get("BillingMode") == "PROVISIONED"), None)
    if switches is not None and changed:
        # DynamoDB takes units for a table only with those for each of its indexes.
        switches["GlobalSecondaryIndexUpdates"] = changed
        changed = []
    if updates or changed:
        definitions = after.get("AttributeDefinitions", [])
        requests.append(
            {"AttributeDefinitions": definitions, "GlobalSecondaryIndexUpdates": [*updates, *changed]}
        )
    return requests


def _still_to_do(table: Mapping[str, Any], requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests without what an earlier run, ended by a crash, has done already."""
    there = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", ())}
    throughput = table["ProvisionedThroughput"]
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    left = []
    for request in requests:
        request = dict(request)
        units = _with_numbers(request.get("ProvisionedThroughput"))
        if units and all(throughput[name] == count for name, count in units.items()):
            del request["ProvisionedThroughput"]
        if "ProvisionedThroughput" not in request and request.get("BillingMode") == mode:
            del request["BillingMode"]
        if "GlobalSecondaryIndexUpdates" in request:
            updates = [
                update for update in request.pop("GlobalSecondaryIndexUpdates") if not _is_done(update, there)
            ]
            request = {**request, "GlobalSecondaryIndexUpdates": updates} if updates else {}
        if request:
            left.append(request)
    return left


def _is_done(update: Mapping[str, Any], there: Mapping[str, Mapping[str, Any]]) -> bool:
    if "Create" in update:
        return update["Create"]["IndexName"] in there
    if "Delete" in update:
        return update["Delete"]["IndexName"] not in there
    wanted, index = _with_numbers(update["Update"]), there[update["Update"]["IndexName"]]
    return all(
        index.get(member, {}).get(name) == count
        for member, units in wanted.items()
        if member != "IndexName"
        for name, count in units.items()
    )


def _index_update(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The Update of an index; only its name if there is nothing to update, as when units fall away."""
    changed = {key for key in (*old, *new) if old.get(key) != new.get(key)}
    if not changed <= _INDEX_CHANGEABLE:
        raise ValidationException(
            "Cannot update GSI's properties other than Provisioned Throughput and Contributor Insights "
            "Specification. You can create a new GSI with a different name."
        )
    return {
        "Update": {"IndexName": new["IndexName"], **{key: new[key] for key in sorted(changed) if key in new}}
    }


async def _wait_for_indexes(call: Call, name: str) -> None:
    while True:
        described = await call.ask("dynamodb", "DescribeTable", {"TableName": name})
        indexes = described["Table"].get("GlobalSecondaryIndexes", ())
        if all(index["IndexStatus"] == "ACTIVE" for index in indexes):
            return
        await call.clock.sleep(_PAUSE_SECONDS)


async def _set_stream(call: Call, name: str, before: Properties, after: Properties) -> None:
    """Starts or stops the stream. One of another view type is a new stream: DynamoDB changes none."""
    wanted = _stream(after)
    if wanted == _stream(before):
        return
    described = await call.ask("dynamodb", "DescribeTable", {"TableName": name})
    current = described["Table"].get("StreamSpecification")
    if current is not None and current != wanted:
        await _change_stream(call, name, {"StreamEnabled": False})
    if wanted is not None and current != wanted:
        await _change_stream(call, name, wanted)


async def _change_stream(call: Call, name: str, specification: Mapping[str, Any]) -> None:
    request = {"TableName": name, "StreamSpecification": specification}
    await call.ask("dynamodb", "UpdateTable", request)


def _stream(properties: Properties) -> dict[str, Any] | None:
    """The StreamSpecification as DynamoDB wants it: a template that has one means that there is a stream."""
    if "StreamSpecification" not in properties:
        return None
    specification = properties["StreamSpecification"]
    if unknown := sorted(set(specification) - {"StreamViewType"}):
        raise NotImplementedHere(
            f"cloudlet does not implement {unknown[0]} of a StreamSpecification in templates (yet)."
        )
    return {"StreamEnabled": True, **specification}


async def _set_destination(call: Call, name: str, properties: Properties) -> None:
    """Lets the Kinesis data stream that the template names have the table's changes, and no other."""
    wanted = properties.get("KinesisStreamSpecification")
    described = await call.ask("dynamodb", "DescribeKinesisStreamingDestination", {"TableName": name})
    destinations = described["KinesisDataStreamDestinations"]
    active = next((each for each in destinations if each["DestinationStatus"] == "ACTIVE"), None)
    if active is not None and (wanted is None or wanted["StreamArn"] != active["StreamArn"]):
        request = {"TableName": name, "StreamArn": active["StreamArn"]}
        await call.ask("dynamodb", "DisableKinesisStreamingDestination", request)
        active = None
    if wanted is None:
        return
    request = {"TableName": name, "StreamArn": wanted["StreamArn"]}
    configuration = {key: value for key, value in wanted.items() if key == _PRECISION}
    if active is None:
        more = {"EnableKinesisStreamingConfiguration": configuration} if configuration else {}
        await call.ask("dynamodb", "EnableKinesisStreamingDestination", {**request, **more})
    elif configuration and configuration[_PRECISION] != active[_PRECISION]:
        more = {"UpdateKinesisStreamingConfiguration": configuration}
        await call.ask("dynamodb", "UpdateKinesisStreamingDestination", {**request, **more})


async def _set_time_to_live(call: Call, name: str, before: Properties, after: Properties) -> None:
    old, new = before.get("TimeToLiveSpecification"), after.get("TimeToLiveSpecification")
    was, now = _enabled(old), _enabled(new)
    if was and old is not None and old != new:
        await _change_time_to_live(call, name, old["AttributeName"], enabled=False)
    if now and new is not None and old != new:
        described = await call.ask("dynamodb", "DescribeTimeToLive", {"TableName": name})
        if described["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED":
            await _change_time_to_live(call, name, new["AttributeName"], enabled=True)


async def _change_time_to_live(call: Call, name: str, attribute: str, *, enabled: bool) -> None:
    specification = {"AttributeName": attribute, "Enabled": enabled}
    request = {"TableName": name, "TimeToLiveSpecification": specification}
    await call.ask("dynamodb", "UpdateTimeToLive", request)


async def _set_recovery(call: Call, name: str, before: Properties, after: Properties) -> None:
    was, now = (each.get("PointInTimeRecoverySpecification") or {} for each in (before, after))
    if was == now:
        return
    enabled = _is_true(now.get("PointInTimeRecoveryEnabled"))
    specification: dict[str, Any] = {"PointInTimeRecoveryEnabled": enabled}
    if "RecoveryPeriodInDays" in now:
        specification["RecoveryPeriodInDays"] = int(now["RecoveryPeriodInDays"])
    if enabled or _is_true(was.get("PointInTimeRecoveryEnabled")):
        request = {"TableName": name, "PointInTimeRecoverySpecification": specification}
        await call.ask("dynamodb", "UpdateContinuousBackups", request)


async def _set_insights(call: Call, name: str, before: Properties, after: Properties) -> None:
    was, now = (each.get("ContributorInsightsSpecification") or {} for each in (before, after))
    if was == now:
        return
    action = "ENABLE" if _is_true(now.get("Enabled")) else "DISABLE"
    request = {"TableName": name, "ContributorInsightsAction": action}
    if "Mode" in now:
        request["ContributorInsightsMode"] = now["Mode"]
    await call.ask("dynamodb", "UpdateContributorInsights", request)


async def _set_policy(call: Call, arn: str, before: Properties, after: Properties) -> None:
    was, now = _policy(before), _policy(after)
    if was == now:
        return
    if now is None:
        await call.ask("dynamodb", "DeleteResourcePolicy", {"ResourceArn": arn})
    else:
        await call.ask("dynamodb", "PutResourcePolicy", {"ResourceArn": arn, "Policy": now})


def _policy(properties: Properties) -> str | None:
    policy = properties.get("ResourcePolicy")
    return None if policy is None else json.dumps(policy["PolicyDocument"])


def _encryption(properties: Properties) -> dict[str, Any] | None:
    specification = properties.get("SSESpecification")
    if specification is None:
        return None
    named = {name: specification[name] for name in ("SSEType", "KMSMasterKeyId") if name in specification}
    return {"Enabled": _is_true(specification.get("SSEEnabled")), **named}


async def _set_encryption(call: Call, name: str, before: Properties, after: Properties) -> None:
    """Changes the table's key; a change that is done already is not made again, because DynamoDB counts."""
    wanted = _encryption(after) or {"Enabled": False}
    if (_encryption(before) or {"Enabled": False}) == wanted:
        return
    table = (await call.ask("dynamodb", "DescribeTable", {"TableName": name}))["Table"]
    current = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
    if (wanted["Enabled"] or current is not None) and wanted.get("KMSMasterKeyId", "") != current:
        await call.ask("dynamodb", "UpdateTable", {"TableName": name, "SSESpecification": wanted})


async def _set_tags(call: Call, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    described = await call.ask("dynamodb", "DescribeTable", {"TableName": name})
    arn = described["Table"]["TableArn"]
    gone = [key for key in before if key not in after]
    news = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
    if gone:
        await call.ask("dynamodb", "UntagResource", {"ResourceArn": arn, "TagKeys": gone})
    if news:
        await call.ask("dynamodb", "TagResource", {"ResourceArn": arn, "Tags": news})


def _enabled(specification: Mapping[str, Any] | None) -> bool:
    return specification is not None and _is_true(specification.get("Enabled"))


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _own_tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}


def _with_numbers(value: Any, name: str = "") -> Any:
    """Templates may spell numbers and booleans as text."""
    if isinstance(value, dict):
        return {key: _with_numbers(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_numbers(each, name) for each in value]
    if isinstance(value, str) and name.endswith(("CapacityUnits", "RequestUnits")):
        return int(value)
    if isinstance(value, str) and name == "DeletionProtectionEnabled":
        return value.lower() == "true"
    return value
