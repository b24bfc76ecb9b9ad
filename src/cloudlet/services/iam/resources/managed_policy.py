"""AWS::IAM::ManagedPolicy.

Keeps nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.resource import Provisioned, ask_once
from cloudlet.services.iam.errors import NoSuchEntity
from cloudlet.services.iam.resources.principal import Entity, document, given

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_VERSIONS: Final = 5
_ATTRIBUTES: Final = (
    "AttachmentCount",
    "DefaultVersionId",
    "IsAttachable",
    "PermissionsBoundaryUsageCount",
    "PolicyId",
)


class ManagedPolicyResource(Struct, frozen=True):
    """A managed policy and what it is attached to."""

    type_name: str = "AWS::IAM::ManagedPolicy"
    properties: frozenset[str] = frozenset(
        {"Description", "Groups", "ManagedPolicyName", "Path", "PolicyDocument", "Roles", "Users"}
    )
    required: frozenset[str] = frozenset({"PolicyDocument"})
    create_only: frozenset[str] = frozenset({"Description", "ManagedPolicyName", "Path"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the policy, then attaches it."""
        name = properties.get("ManagedPolicyName") or context.generated_name(128)
        request = {
            "PolicyName": name,
            "PolicyDocument": document(properties["PolicyDocument"]),
            **given(properties, "Description", "Path"),
        }
        arn = await ask_once(
            call, context, "iam", "CreatePolicy", request, lambda made: made["Policy"]["Arn"]
        )
        await _apply_attachments(call, arn, {}, properties)
        return await _provisioned(call, arn)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Puts a new version in force and moves the attachments."""
        if before["PolicyDocument"] != after["PolicyDocument"]:
            await _make_room(call, physical_id)
            text = document(after["PolicyDocument"])
            request = {"PolicyArn": physical_id, "PolicyDocument": text, "SetAsDefault": True}
            await call.ask("iam", "CreatePolicyVersion", request)
        await _apply_attachments(call, physical_id, before, after)
        return await _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Detaches the policy and removes it with all versions."""
        policy = {"PolicyArn": physical_id}
        try:
            await _apply_attachments(call, physical_id, properties, {})
            for version in (await call.ask("iam", "ListPolicyVersions", policy))["Versions"]:
                if not version["IsDefaultVersion"]:
                    await call.ask(
                        "iam", "DeletePolicyVersion", {**policy, "VersionId": version["VersionId"]}
                    )
            await call.ask("iam", "DeletePolicy", policy)
        except NoSuchEntity:
            return


async def _provisioned(call: Call, arn: str) -> Provisioned:
    policy = (await call.ask("iam", "GetPolicy", {"PolicyArn": arn}))["Policy"]
    dates = {name: policy[name].strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("CreateDate", "UpdateDate")}
    return Provisioned(arn, {"PolicyArn": arn, **dates, **{name: policy[name] for name in _ATTRIBUTES}})


async def _make_room(call: Call, arn: str) -> None:
    """Removes the oldest version that is not in force, where there may be no more versions."""
    versions = (await call.ask("iam", "ListPolicyVersions", {"PolicyArn": arn}))["Versions"]
    if len(versions) < _VERSIONS:
        return
    oldest = [each["VersionId"] for each in versions if not each["IsDefaultVersion"]][-1]
    await call.ask("iam", "DeletePolicyVersion", {"PolicyArn": arn, "VersionId": oldest})


def _entities(properties: Properties) -> Iterator[Entity]:
    for kind in ("Group", "Role", "User"):
        for name in properties.get(f"{kind}s", ()):
            yield Entity(kind, name)


async def _apply_attachments(call: Call, arn: str, before: Properties, after: Properties) -> None:
    new = list(_entities(after))
    for entity in new:
        await entity.ask(call, f"Attach{entity.kind}Policy", PolicyArn=arn)
    for entity in _entities(before):
        if entity in new:
            continue
        try:
            await entity.ask(call, f"Detach{entity.kind}Policy", PolicyArn=arn)
        except NoSuchEntity:
            continue
