"""AWS::IAM::Role.

Keeps nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.core.resource import Provisioned, ask_once
from cloudlet.services.iam.errors import NoSuchEntity
from cloudlet.services.iam.resources.principal import (
    Entity,
    all_tags,
    apply_boundary,
    apply_policies,
    apply_tags,
    document,
    given,
    remove_policies,
)

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class RoleResource(Struct, frozen=True):
    """A role with its policies."""

    type_name: str = "AWS::IAM::Role"
    properties: frozenset[str] = frozenset(
        {
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
            "Tags",
        }
    )
    required: frozenset[str] = frozenset({"AssumeRolePolicyDocument"})
    create_only: frozenset[str] = frozenset({"Path", "RoleName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the role, then attaches its policies."""
        name = properties.get("RoleName") or context.generated_name(64)
        request = {
            "RoleName": name,
            "AssumeRolePolicyDocument": document(properties["AssumeRolePolicyDocument"]),
            **given(properties, "Description", "MaxSessionDuration", "Path", "PermissionsBoundary"),
            **all_tags(properties, context.tags),
        }
        await ask_once(call, context, "iam", "CreateRole", request, lambda _: name)
        await apply_policies(call, Entity("Role", name), {}, properties)
        return await _provisioned(call, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes whatever differs."""
        role = Entity("Role", physical_id)
        if before["AssumeRolePolicyDocument"] != after["AssumeRolePolicyDocument"]:
            text = document(after["AssumeRolePolicyDocument"])
            await role.ask(call, "UpdateAssumeRolePolicy", PolicyDocument=text)
        settings = {
            "Description": after.get("Description", ""),
            "MaxSessionDuration": after.get("MaxSessionDuration", 3600),
        }
        if any(before.get(name) != after.get(name) for name in settings):
            await role.ask(call, "UpdateRole", **settings)
        await apply_boundary(call, role, before, after)
        await apply_policies(call, role, before, after)
        await apply_tags(call, role, before, after, context.tags)
        return await _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the role and the policies it was made with."""
        role = Entity("Role", physical_id)
        try:
            await remove_policies(call, role, properties)
            await role.ask(call, "DeleteRole")
        except NoSuchEntity:
            return


async def _provisioned(call: Call, name: str) -> Provisioned:
    role = (await call.ask("iam", "GetRole", {"RoleName": name}))["Role"]
    return Provisioned(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})
