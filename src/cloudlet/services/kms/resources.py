"""CloudFormation types of KMS: keys, replicas of multi-Region keys, and aliases.

They call KMS's own API and know nothing of templates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.arn import Arn
from cloudlet.core.resource import Provisioned, ask_once, partly_made
from cloudlet.core.tags import tag_map
from cloudlet.services.kms.errors import (
    KMSInvalidStateException,
    NotFoundException,
    UnsupportedOperationException,
)
from cloudlet.services.kms.model import key_arn

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_CREATED_WITH: Final = ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
_FIXED: Final = ("KeySpec", "KeyUsage", "MultiRegion", "Origin")
_DEFAULT_DAYS: Final = 30


class KeyType:
    """AWS::KMS::Key"""

    type_name = "AWS::KMS::Key"
    properties = frozenset(
        (
            *_CREATED_WITH,
            "BypassPolicyLockoutSafetyCheck",
            "EnableKeyRotation",
            "Enabled",
            "KeyPolicy",
            "PendingWindowInDays",
            "RotationPeriodInDays",
            "Tags",
        )
    )
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the key, renewed and enabled as the template says."""
        request = {name: properties[name] for name in _CREATED_WITH if name in properties}
        request |= _policy(properties)
        if tags := _tags({**context.tags, **tag_map(properties.get("Tags"))}):
            request["Tags"] = tags
        key_id = await ask_once(call, context, "kms", "CreateKey", request, _made_key_id)
        with partly_made(key_id):
            await _set_rotation(call, key_id, {}, properties)
            await _set_enabled(call, key_id, properties)
        return _provisioned(call, key_id)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes what can change of a key; its kind cannot."""
        for name in _FIXED:
            if before.get(name) != after.get(name):
                raise UnsupportedOperationException(f"You cannot change the {name} property of a KMS key.")
        await _enable_for_change(call, physical_id, before)
        await _set_rotation(call, physical_id, before, after)
        await _set_common(call, physical_id, before, after)
        await _set_enabled(call, physical_id, after)
        return _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Schedules the key's end."""
        await _schedule_deletion(call, physical_id, properties)


class ReplicaKeyType:
    """AWS::KMS::ReplicaKey"""

    type_name = "AWS::KMS::ReplicaKey"
    properties = frozenset(
        {"Description", "Enabled", "KeyPolicy", "PendingWindowInDays", "PrimaryKeyArn", "Tags"}
    )
    required = frozenset({"KeyPolicy", "PrimaryKeyArn"})
    create_only = frozenset({"PrimaryKeyArn"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the replica in the stack's region, by asking the primary's."""
        primary_arn: str = properties["PrimaryKeyArn"]
        request = {"KeyId": primary_arn, "ReplicaRegion": call.region, **_policy(properties)}
        if "Description" in properties:
            request["Description"] = properties["Description"]
        if tags := _tags({**context.tags, **tag_map(properties.get("Tags"))}):
            request["Tags"] = tags
        there = replace(call, region=Arn.parse(primary_arn).region)
        key_id = await ask_once(there, context, "kms", "ReplicateKey", request, _made_replica_id)
        with partly_made(key_id):
            await _set_enabled(call, key_id, properties)
        return _provisioned(call, key_id)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes what is the replica's own."""
        await _enable_for_change(call, physical_id, before)
        await _set_common(call, physical_id, before, after)
        await _set_enabled(call, physical_id, after)
        return _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Schedules the replica's end."""
        await _schedule_deletion(call, physical_id, properties)


class AliasType:
    """AWS::KMS::Alias"""

    type_name = "AWS::KMS::Alias"
    properties = frozenset({"AliasName", "TargetKeyId"})
    required = frozenset({"AliasName", "TargetKeyId"})
    create_only = frozenset({"AliasName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Gives the key its name."""
        name: str = properties["AliasName"]
        return Provisioned(await ask_once(call, context, "kms", "CreateAlias", properties, lambda _: name))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Gives the name to another key."""
        request = {"AliasName": physical_id, "TargetKeyId": after["TargetKeyId"]}
        await call.ask("kms", "UpdateAlias", request)
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the name away."""
        try:
            await call.ask("kms", "DeleteAlias", {"AliasName": physical_id})
        except NotFoundException:
            return


def _made_key_id(answer: Mapping[str, Any]) -> str:
    return str(answer["KeyMetadata"]["KeyId"])


def _made_replica_id(answer: Mapping[str, Any]) -> str:
    return str(answer["ReplicaKeyMetadata"]["KeyId"])


def _provisioned(call: Call, key_id: str) -> Provisioned:
    return Provisioned(key_id, {"Arn": key_arn(call.account, call.region, key_id), "KeyId": key_id})


def _policy(properties: Properties) -> dict[str, Any]:
    """The key policy as CreateKey, ReplicateKey and PutKeyPolicy take it."""
    if "KeyPolicy" not in properties:
        return {}
    policy = properties["KeyPolicy"]
    text = json.dumps(policy) if isinstance(policy, Mapping) else policy
    bypass = properties.get("BypassPolicyLockoutSafetyCheck", False)
    return {"Policy": text, "BypassPolicyLockoutSafetyCheck": bypass}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


async def _set_rotation(call: Call, key_id: str, before: Properties, after: Properties) -> None:
    names = ("EnableKeyRotation", "RotationPeriodInDays")
    if [before.get(name) for name in names] == [after.get(name) for name in names]:
        return
    if not _is_true(after.get("EnableKeyRotation", False)):
        if _is_true(before.get("EnableKeyRotation", False)):
            await call.ask("kms", "DisableKeyRotation", {"KeyId": key_id})
        return
    request = {"KeyId": key_id} | {name: after[name] for name in names[1:] if name in after}
    await call.ask("kms", "EnableKeyRotation", request)


async def _set_common(call: Call, key_id: str, before: Properties, after: Properties) -> None:
    """Description, policy and tags."""
    if before.get("Description", "") != after.get("Description", ""):
        request = {"KeyId": key_id, "Description": after.get("Description", "")}
        await call.ask("kms", "UpdateKeyDescription", request)
    if "KeyPolicy" in after and before.get("KeyPolicy") != after["KeyPolicy"]:
        await call.ask("kms", "PutKeyPolicy", {"KeyId": key_id, **_policy(after)})
    old, new = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
    if gone := sorted(old.keys() - new.keys()):
        await call.ask("kms", "UntagResource", {"KeyId": key_id, "TagKeys": gone})
    if new != old and new:
        await call.ask("kms", "TagResource", {"KeyId": key_id, "Tags": _tags(new)})


async def _enable_for_change(call: Call, key_id: str, before: Properties) -> None:
    """A disabled key's rotation cannot be changed, so it is enabled meanwhile."""
    if not _is_true(before.get("Enabled", True)):
        await call.ask("kms", "EnableKey", {"KeyId": key_id})


async def _set_enabled(call: Call, key_id: str, after: Properties) -> None:
    if not _is_true(after.get("Enabled", True)):
        await call.ask("kms", "DisableKey", {"KeyId": key_id})


async def _schedule_deletion(call: Call, key_id: str, properties: Properties) -> None:
    days = properties.get("PendingWindowInDays", _DEFAULT_DAYS)
    try:
        await call.ask("kms", "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": days})
    except (NotFoundException, KMSInvalidStateException):
        return


def _is_true(value: Any) -> bool:
    return value in (True, "true")
