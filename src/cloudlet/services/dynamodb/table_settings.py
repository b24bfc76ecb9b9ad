"""What a template says of a table beside its definition, and how DynamoDB's API brings it about.

A setting whose definition has not changed stays as it is, whoever may have changed it meanwhile.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.resource import retag
from cloudlet.core.tags import tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties

SETTINGS: Final = (
    "ContributorInsightsSpecification",
    "KinesisStreamSpecification",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "SSESpecification",
    "StreamSpecification",
    "Tags",
    "TimeToLiveSpecification",
)
INSIGHTS: Final = "ContributorInsightsSpecification"
"""What indexes have, too; CreateTable and UpdateTable do not know it."""
_PRECISION: Final = "ApproximateCreationDateTimePrecision"
_STREAM_MEMBERS: Final = frozenset(("StreamViewType", "ResourcePolicy"))


async def set_settings(call: Call, name: str, before: Properties, after: Properties) -> None:
    """Leads a table from one definition to another: all but tags and what CreateTable takes."""
    await _set_encryption(call, name, before, after)
    await _set_stream(call, name, before, after)
    if "KinesisStreamSpecification" in before or "KinesisStreamSpecification" in after:
        await _set_destination(call, name, after)
    await _set_time_to_live(call, name, before, after)
    await _set_recovery(call, name, before, after)
    await _set_insights(call, name, before, after)
    table = (await call.ask("dynamodb", "DescribeTable", {"TableName": name}))["Table"]
    await _set_policy(call, table["TableArn"], policy_of(before), policy_of(after))
    if "StreamSpecification" in after:
        is_new = stream_of(before) != stream_of(after)
        was = None if is_new else policy_of(before["StreamSpecification"])
        await _set_policy(call, table["LatestStreamArn"], was, policy_of(after["StreamSpecification"]))


async def set_tags(call: Call, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Leads a table from one set of tags to another; others that it has stay."""
    described = await call.ask("dynamodb", "DescribeTable", {"TableName": name})
    arn = described["Table"]["TableArn"]
    await retag(call, "dynamodb", {"ResourceArn": arn}, before, after, tag_list)


async def _set_stream(call: Call, name: str, before: Properties, after: Properties) -> None:
    """Starts or stops the stream. One of another view type is a new stream: DynamoDB changes none."""
    wanted = stream_of(after)
    if wanted == stream_of(before):
        return
    described = await call.ask("dynamodb", "DescribeTable", {"TableName": name})
    current = described["Table"].get("StreamSpecification")
    if current is not None and current != wanted:
        await _change_stream(call, name, {"StreamEnabled": False})
    if wanted is not None and current != wanted:
        await _change_stream(call, name, wanted)


def stream_of(properties: Properties) -> dict[str, Any] | None:
    """The StreamSpecification as DynamoDB wants it: a template that has one means that there is a stream."""
    if "StreamSpecification" not in properties:
        return None
    specification = properties["StreamSpecification"]
    check_members(specification, _STREAM_MEMBERS, "a StreamSpecification")
    return {"StreamEnabled": True, "StreamViewType": specification.get("StreamViewType")}


def policy_of(properties: Properties) -> str | None:
    """The text of the ResourcePolicy of a table, or of a stream's specification."""
    policy = properties.get("ResourcePolicy")
    return None if policy is None else json.dumps(policy["PolicyDocument"])


def encryption_of(properties: Properties) -> dict[str, Any] | None:
    """The SSESpecification as DynamoDB wants it."""
    specification = properties.get("SSESpecification")
    if specification is None:
        return None
    named = {name: specification[name] for name in ("SSEType", "KMSMasterKeyId") if name in specification}
    return {"Enabled": is_true(specification.get("SSEEnabled")), **named}


def is_true(value: Any) -> bool:
    """Templates may spell booleans as text."""
    return str(value).lower() == "true"


def check_members(definition: Properties, known: frozenset[str], what: str) -> None:
    """Raises NotImplementedHere for a member that nothing would come of."""
    if unknown := sorted(set(definition) - known):
        raise NotImplementedHere(f"cloudlet does not implement {unknown[0]} of {what} in templates (yet).")


async def _set_encryption(call: Call, name: str, before: Properties, after: Properties) -> None:
    """Changes the table's key; a change that is done already is not made again, because DynamoDB counts."""
    wanted = encryption_of(after) or {"Enabled": False}
    if (encryption_of(before) or {"Enabled": False}) == wanted:
        return
    table = (await call.ask("dynamodb", "DescribeTable", {"TableName": name}))["Table"]
    current = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
    if (wanted["Enabled"] or current is not None) and wanted.get("KMSMasterKeyId", "") != current:
        await call.ask("dynamodb", "UpdateTable", {"TableName": name, "SSESpecification": wanted})


async def _change_stream(call: Call, name: str, specification: Mapping[str, Any]) -> None:
    request = {"TableName": name, "StreamSpecification": specification}
    await call.ask("dynamodb", "UpdateTable", request)


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
    enabled = is_true(now.get("PointInTimeRecoveryEnabled"))
    specification: dict[str, Any] = {"PointInTimeRecoveryEnabled": enabled}
    if "RecoveryPeriodInDays" in now:
        specification["RecoveryPeriodInDays"] = int(now["RecoveryPeriodInDays"])
    if enabled or is_true(was.get("PointInTimeRecoveryEnabled")):
        request = {"TableName": name, "PointInTimeRecoverySpecification": specification}
        await call.ask("dynamodb", "UpdateContinuousBackups", request)


async def _set_insights(call: Call, name: str, before: Properties, after: Properties) -> None:
    """Those of the table and of each index that stays or comes."""
    was, now = _insights(before), _insights(after)
    for index, wanted in now.items():
        if wanted == was.get(index, {}):
            continue
        action = "ENABLE" if is_true(wanted.get("Enabled")) else "DISABLE"
        request = {"TableName": name, "ContributorInsightsAction": action}
        if index is not None:
            request["IndexName"] = index
        if "Mode" in wanted:
            request["ContributorInsightsMode"] = wanted["Mode"]
        await call.ask("dynamodb", "UpdateContributorInsights", request)


def _insights(properties: Properties) -> dict[str | None, Mapping[str, Any]]:
    """The specifications by the names of the indexes; None stands for the table."""
    indexes = properties.get("GlobalSecondaryIndexes", ())
    return {
        None: properties.get(INSIGHTS) or {},
        **{index["IndexName"]: index.get(INSIGHTS) or {} for index in indexes},
    }


async def _set_policy(call: Call, arn: str, was: str | None, now: str | None) -> None:
    if was == now:
        return
    if now is None:
        await call.ask("dynamodb", "DeleteResourcePolicy", {"ResourceArn": arn})
    else:
        await call.ask("dynamodb", "PutResourcePolicy", {"ResourceArn": arn, "Policy": now})


def _enabled(specification: Mapping[str, Any] | None) -> bool:
    return specification is not None and is_true(specification.get("Enabled"))
