"""AWS::DynamoDB::Table for CloudFormation.

It calls DynamoDB's own API and knows nothing of templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.resource import Provisioned, ask_once
from cloudlet.core.tags import tag_list, tag_map
from cloudlet.services.dynamodb.errors import (
    ResourceNotFoundException,
    ValidationException,
)
from cloudlet.services.dynamodb.table_settings import (
    INSIGHTS,
    SETTINGS,
    encryption_of,
    policy_of,
    set_settings,
    set_tags,
    stream_of,
)
from cloudlet.services.dynamodb.template_imports import IMPORTED, import_table
from cloudlet.services.dynamodb.throughput import NO_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_NAME_LENGTH: Final = 255
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
_DEFAULTS: Final = {"DeletionProtectionEnabled": False, "TableClass": "STANDARD"}
_LIMITS: Final = "OnDemandThroughput"
_STACK: Final = "aws:cloudformation:stack-id"
_LOGICAL: Final = "aws:cloudformation:logical-id"


class TableResource:
    """A table, its indexes, its stream, its tags and its settings, filled by an import if one is named."""

    type_name = "AWS::DynamoDB::Table"
    properties = frozenset((*_DEFINITION, *SETTINGS, "ImportSourceSpecification", "TableName"))
    required = frozenset(("KeySchema",))
    create_only = frozenset(("TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"))

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the table, then sets what CreateTable does not."""
        name = properties.get("TableName") or context.generated_name(_NAME_LENGTH)
        tags = {
            **tag_map(properties.get("Tags")),
            **context.tags,
            _STACK: context.stack_id,
            _LOGICAL: context.logical_id,
        }
        stream, encryption = stream_of(properties), encryption_of(properties)
        done: Properties = {}
        source = properties.get("ImportSourceSpecification")
        if source is not None:
            await import_table(call, context, {**_definition(properties), "TableName": name}, source)
            made = {key: properties[key] for key in IMPORTED if key in properties}
            await _change(call, name, made, properties)
            await set_tags(call, name, {}, tags)
        else:
            request = {
                "TableName": name,
                **_definition(properties),
                "Tags": tag_list(tags),
            }
            if stream is not None:
                request["StreamSpecification"] = stream
            if (policy := policy_of(properties)) is not None:
                request["ResourcePolicy"] = policy
            if encryption is not None:
                request["SSESpecification"] = encryption
                done = {"SSESpecification": properties["SSESpecification"]}
            await ask_once(call, context, "dynamodb", "CreateTable", request, lambda _: name)
        await set_settings(call, name, done, properties)
        return await _provisioned(call, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes billing, throughput, indexes, the stream, tags and settings in place."""
        _check_attributes(before, after)
        await _change(call, physical_id, before, after)
        await set_settings(call, physical_id, before, after)
        await set_tags(call, physical_id, tag_map(before.get("Tags")), tag_map(after.get("Tags")))
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


def _check_attributes(before: Properties, after: Properties) -> None:
    """Raises NotImplementedHere where CloudFormation makes a new table of one."""
    old, new = (
        {each["AttributeName"]: each["AttributeType"] for each in properties.get("AttributeDefinitions", ())}
        for properties in (before, after)
    )
    edited = sorted(name for name in old if name in new and old[name] != new[name])
    if edited:
        raise NotImplementedHere(
            f"cloudlet does not replace a table for another type of its attribute {edited[0]} (yet): "
            "change its TableName or logical id."
        )


def _definition(properties: Properties) -> dict[str, Any]:
    """What CreateTable takes of a template's properties."""
    definition = {key: properties[key] for key in _DEFINITION if key in properties}
    if "GlobalSecondaryIndexes" in definition:
        definition["GlobalSecondaryIndexes"] = [
            {key: value for key, value in index.items() if key != INSIGHTS}
            for index in definition["GlobalSecondaryIndexes"]
        ]
    defined: dict[str, Any] = _with_numbers(definition)
    return defined


async def _change(call: Call, name: str, before: Properties, after: Properties) -> None:
    """Leads a table from one definition to another, and waits for its indexes."""
    described = await call.ask("dynamodb", "DescribeTable", {"TableName": name})
    for request in _still_to_do(described["Table"], _changes(_definition(before), _definition(after))):
        await call.ask("dynamodb", "UpdateTable", {"TableName": name, **request})
    await _wait_for_indexes(call, name)


def _changes(before: Properties, after: Properties) -> list[dict[str, Any]]:
    """The UpdateTable requests that lead from one definition to the other."""
    if "BillingMode" not in after and before.get("BillingMode") == "PAY_PER_REQUEST":
        after = {**after, "BillingMode": "PROVISIONED"}
    if after.get("BillingMode") == "PAY_PER_REQUEST":
        after = _without_limits(before, after)
    wanted = {**{key: value for key, value in _DEFAULTS.items() if key in before}, **after}
    groups: list[dict[str, Any]] = [
        {key: wanted[key] for key in group if key in wanted and wanted[key] != before.get(key)}
        for group in _CHANGEABLE
    ]
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


def _without_limits(before: Properties, after: Properties) -> Properties:
    """A definition that lifts the limits which the template does not name any more."""
    indexes = {index["IndexName"]: index for index in before.get("GlobalSecondaryIndexes", ())}
    lifted = _lifted(before, after)
    if "GlobalSecondaryIndexes" in lifted:
        lifted["GlobalSecondaryIndexes"] = [
            _lifted(indexes.get(index["IndexName"], {}), index) for index in lifted["GlobalSecondaryIndexes"]
        ]
    return lifted


def _lifted(before: Properties, after: Properties) -> dict[str, Any]:
    gone = {name: NO_LIMIT for name in before.get(_LIMITS, {}) if name not in after.get(_LIMITS, {})}
    return {**after, _LIMITS: {**gone, **after.get(_LIMITS, {})}} if gone else dict(after)


def _still_to_do(table: Mapping[str, Any], requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests without what an earlier run, ended by a crash, has done already."""
    there = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", ())}
    throughput = table["ProvisionedThroughput"]
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    left = []
    for request in requests:
        request = dict(request)
        units = request.get("ProvisionedThroughput")
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
    wanted, index = update["Update"], there[update["Update"]["IndexName"]]
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


def _with_numbers(value: Any, name: str = "") -> Any:
    """Templates may spell numbers and booleans as text."""
    if isinstance(value, dict):
        return {key: _with_numbers(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_numbers(each, name) for each in value]
    if isinstance(value, str) and name.endswith(("CapacityUnits", "RequestUnits", "UnitsPerSecond")):
        return int(value)
    if isinstance(value, str) and name == "DeletionProtectionEnabled":
        return value.lower() == "true"
    return value
