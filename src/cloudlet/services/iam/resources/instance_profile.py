"""AWS::IAM::InstanceProfile.

Keeps nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.core.resource import Provisioned, ask_once
from cloudlet.services.iam.errors import NoSuchEntity
from cloudlet.services.iam.resources.principal import given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class InstanceProfileResource(Struct, frozen=True):
    """An instance profile and its role."""

    type_name: str = "AWS::IAM::InstanceProfile"
    properties: frozenset[str] = frozenset({"InstanceProfileName", "Path", "Roles"})
    required: frozenset[str] = frozenset({"Roles"})
    create_only: frozenset[str] = frozenset({"InstanceProfileName", "Path"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the profile and puts the role in."""
        name = properties.get("InstanceProfileName") or context.generated_name(128)
        request = {"InstanceProfileName": name, **given(properties, "Path")}
        await ask_once(call, context, "iam", "CreateInstanceProfile", request, lambda _: name)
        return await _with_roles(call, name, properties["Roles"])

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the role."""
        return await _with_roles(call, physical_id, after["Roles"])

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the role out and removes the profile."""
        try:
            await _with_roles(call, physical_id, ())
            await call.ask("iam", "DeleteInstanceProfile", {"InstanceProfileName": physical_id})
        except NoSuchEntity:
            return


async def _with_roles(call: Call, name: str, roles: Sequence[str]) -> Provisioned:
    named = {"InstanceProfileName": name}
    profile = (await call.ask("iam", "GetInstanceProfile", named))["InstanceProfile"]
    there = [role["RoleName"] for role in profile["Roles"]]
    for role in there:
        if role not in roles:
            await call.ask("iam", "RemoveRoleFromInstanceProfile", {**named, "RoleName": role})
    for role in roles:
        if role not in there:
            await call.ask("iam", "AddRoleToInstanceProfile", {**named, "RoleName": role})
    return Provisioned(name, {"Arn": profile["Arn"]})
