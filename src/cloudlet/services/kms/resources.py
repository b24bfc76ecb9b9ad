"""CloudFormation types of KMS: keys, replicas of multi-Region keys, and aliases.

They call KMS's own API and know nothing of templates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.arn import Arn
from cloudlet.core.resource import Provisioned, ask_once, made_once, partly_made, retag
from cloudlet.core.tags import tag_map
from cloudlet.services.kms.errors import (
    KMSInvalidStateException,
    NotFoundException,
    ValidationException,
)
from cloudlet.services.kms.model import Origin, key_arn
from cloudlet.services.kms.specs import SYMMETRIC_DEFAULT

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_CREATED_WITH: Final = ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
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
    create_only = frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the key, renewed and enabled as the template says."""
        _check_rotatable(properties)
        request = {name: properties[name] for name in _CREATED_WITH if name in properties}
        request |= _policy(properties)
        if tags := _tags({**context.tags, **tag_map(properties.get("Tags"))}):
            request["Tags"] = tags
        key_id = await ask_once(call, context, "kms", "CreateKey", request, _made_key_id)
        with partly_made(key_id):
            await _set_rotation(call, key_id, {}, properties)
            await _disable(call, key_id, {}, properties)
        return _provisioned(call, key_id)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes what can change of a key; of another kind there is another key."""
        _check_rotatable(after)
        await _check_enabled(call, physical_id, before, after)
        await _enable(call, physical_id, before, after)
        await _set_rotation(call, physical_id, before, after)
        await _set_common(call, physical_id, before, after)
        await _disable(call, physical_id, before, after)
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
        region = Arn.parse(primary_arn).region

        def make(inner: Call) -> str:
            there = replace(inner, region=region)
            answer = there.ask_within("kms", "ReplicateKey", request)
            return str(answer["ReplicaKeyMetadata"]["KeyId"])

        key_id = await made_once(call, context, make)
        with partly_made(key_id):
            await _disable(call, key_id, {}, properties)
        return _provisioned(call, key_id)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes what is the replica's own."""
        await _enable(call, physical_id, before, after)
        await _set_common(call, physical_id, before, after)
        await _disable(call, physical_id, before, after)
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
    """Switches the renewal of the material on or off, or changes its period."""
    names = ("EnableKeyRotation", "RotationPeriodInDays")
    same = [before.get(name) for name in names] == [after.get(name) for name in names]
    if same or _stays_disabled(before, after):
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
    await retag(call, "kms", {"KeyId": key_id}, old, new, _tags)


def _check_rotatable(properties: Properties) -> None:
    """Raises ValidationException, as AWS's own provider does before it asks KMS."""
    symmetric = properties.get("KeySpec", SYMMETRIC_DEFAULT) == SYMMETRIC_DEFAULT
    made_here = properties.get("Origin", Origin.AWS_KMS.value) == Origin.AWS_KMS.value
    if _is_true(properties.get("EnableKeyRotation", False)) and not (symmetric and made_here):
        raise ValidationException(
            "Invalid request provided: You cannot set the EnableKeyRotation property to true on asymmetric "
            "or external keys."
        )


async def _check_enabled(call: Call, key_id: str, before: Properties, after: Properties) -> None:
    """Raises ValidationException for a change of the renewal of a key that stays disabled.

    A rollback after that comes here too, and must get through: nothing was changed.
    """
    if not _stays_disabled(before, after):
        return
    status = await call.ask("kms", "GetKeyRotationStatus", {"KeyId": key_id})
    if status["KeyRotationEnabled"] != _is_true(after.get("EnableKeyRotation", False)):
        raise ValidationException(
            "Invalid request provided: You cannot modify the EnableKeyRotation property when the Enabled "
            "property is false. Set Enabled to true to modify the EnableKeyRotation property."
        )


async def _enable(call: Call, key_id: str, before: Properties, after: Properties) -> None:
    """Before all else: the rotation of a disabled key cannot be changed."""
    if _is_enabled(after) and not _is_enabled(before):
        await call.ask("kms", "EnableKey", {"KeyId": key_id})


async def _disable(call: Call, key_id: str, before: Properties, after: Properties) -> None:
    """After all else."""
    if _is_enabled(before) and not _is_enabled(after):
        await call.ask("kms", "DisableKey", {"KeyId": key_id})


async def _schedule_deletion(call: Call, key_id: str, properties: Properties) -> None:
    days = properties.get("PendingWindowInDays", _DEFAULT_DAYS)
    try:
        await call.ask("kms", "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": days})
    except (NotFoundException, KMSInvalidStateException):
        return


def _stays_disabled(before: Properties, after: Properties) -> bool:
    return not _is_enabled(before) and not _is_enabled(after)


def _is_enabled(properties: Properties) -> bool:
    return _is_true(properties.get("Enabled", True))


def _is_true(value: Any) -> bool:
    return value in (True, "true")
