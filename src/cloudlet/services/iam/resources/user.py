"""AWS::IAM::User.

Keeps nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.core.resource import Provisioned, ask_once
from cloudlet.services.iam.errors import EntityAlreadyExists, NoSuchEntity
from cloudlet.services.iam.resources.principal import (
    Entity,
    all_tags,
    apply_boundary,
    apply_policies,
    apply_tags,
    given,
    remove_policies,
)

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class UserResource(Struct, frozen=True):
    """A user with its groups, policies and password."""

    type_name: str = "AWS::IAM::User"
    properties: frozenset[str] = frozenset(
        {
            "Groups",
            "LoginProfile",
            "ManagedPolicyArns",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "Tags",
            "UserName",
        }
    )
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset({"UserName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the user, then all that belongs to it."""
        name = properties.get("UserName") or context.generated_name(64)
        request = {
            "UserName": name,
            **given(properties, "Path", "PermissionsBoundary"),
            **all_tags(properties, context.tags),
        }
        await ask_once(call, context, "iam", "CreateUser", request, lambda _: name)
        user = Entity("User", name)
        await _apply_password(call, user, {}, properties)
        await _apply_groups(call, user, {}, properties)
        await apply_policies(call, user, {}, properties)
        return await _provisioned(call, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes whatever differs."""
        user = Entity("User", physical_id)
        if before.get("Path", "/") != after.get("Path", "/"):
            await user.ask(call, "UpdateUser", NewPath=after.get("Path", "/"))
        await _apply_password(call, user, before, after)
        await _apply_groups(call, user, before, after)
        await apply_boundary(call, user, before, after)
        await apply_policies(call, user, before, after)
        await apply_tags(call, user, before, after, context.tags)
        return await _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the user and all that it was made with."""
        user = Entity("User", physical_id)
        try:
            await _apply_groups(call, user, properties, {})
            await _apply_password(call, user, properties, {})
            await remove_policies(call, user, properties)
            await user.ask(call, "DeleteUser")
        except NoSuchEntity:
            return


async def _provisioned(call: Call, name: str) -> Provisioned:
    user = (await call.ask("iam", "GetUser", {"UserName": name}))["User"]
    return Provisioned(name, {"Arn": user["Arn"]})


async def _apply_groups(call: Call, user: Entity, before: Properties, after: Properties) -> None:
    old, new = set(before.get("Groups", ())), set(after.get("Groups", ()))
    for group in sorted(new - old):
        await user.ask(call, "AddUserToGroup", GroupName=group)
    for group in sorted(old - new):
        try:
            await user.ask(call, "RemoveUserFromGroup", GroupName=group)
        except NoSuchEntity:
            continue


async def _apply_password(call: Call, user: Entity, before: Properties, after: Properties) -> None:
    old, new = before.get("LoginProfile"), after.get("LoginProfile")
    if new == old:
        return
    if not new:
        await _delete_password(call, user)
        return
    profile = {"Password": new["Password"], "PasswordResetRequired": new.get("PasswordResetRequired", False)}
    try:
        await user.ask(call, "CreateLoginProfile", **profile)
    except EntityAlreadyExists:
        await user.ask(call, "UpdateLoginProfile", **profile)


async def _delete_password(call: Call, user: Entity) -> None:
    try:
        await user.ask(call, "DeleteLoginProfile")
    except NoSuchEntity:
        return
