"""AWS::IAM::Group and AWS::IAM::UserToGroupAddition.

Keeps nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.core.resource import Provisioned, ask_once, made_once
from cloudlet.services.iam.errors import NoSuchEntity
from cloudlet.services.iam.resources.principal import Entity, apply_policies, given, remove_policies

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class GroupResource(Struct, frozen=True):
    """A group with its policies."""

    type_name: str = "AWS::IAM::Group"
    properties: frozenset[str] = frozenset({"GroupName", "ManagedPolicyArns", "Path", "Policies"})
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset({"GroupName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the group, then attaches its policies."""
        name = properties.get("GroupName") or context.generated_name(128)
        request = {"GroupName": name, **given(properties, "Path")}
        await ask_once(call, context, "iam", "CreateGroup", request, lambda _: name)
        await apply_policies(call, Entity("Group", name), {}, properties)
        return await _provisioned(call, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes whatever differs."""
        group = Entity("Group", physical_id)
        if before.get("Path", "/") != after.get("Path", "/"):
            await group.ask(call, "UpdateGroup", NewPath=after.get("Path", "/"))
        await apply_policies(call, group, before, after)
        return await _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the group and the policies it was made with."""
        group = Entity("Group", physical_id)
        try:
            await remove_policies(call, group, properties)
            await group.ask(call, "DeleteGroup")
        except NoSuchEntity:
            return


class UserToGroupAdditionResource(Struct, frozen=True):
    """That users are in a group."""

    type_name: str = "AWS::IAM::UserToGroupAddition"
    properties: frozenset[str] = frozenset({"GroupName", "Users"})
    required: frozenset[str] = frozenset({"GroupName", "Users"})
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Puts the users into the group."""

        def make(inner: Call) -> str:
            _add(inner, properties["GroupName"], properties["Users"])
            return context.generated_name(128)

        return Provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Puts in whoever is new, takes out whoever is not named any more."""
        await call.transact(lambda inner: _add(inner, after["GroupName"], after["Users"]))
        same_group = before["GroupName"] == after["GroupName"]
        left = set(before["Users"]) - (set(after["Users"]) if same_group else set())
        await _remove(call, before["GroupName"], sorted(left))
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the users out of the group."""
        await _remove(call, properties["GroupName"], properties["Users"])


async def _provisioned(call: Call, name: str) -> Provisioned:
    group = (await call.ask("iam", "GetGroup", {"GroupName": name}))["Group"]
    return Provisioned(name, {"Arn": group["Arn"]})


def _add(call: Call, group: str, users: Iterable[str]) -> None:
    for user in users:
        call.ask_within("iam", "AddUserToGroup", {"GroupName": group, "UserName": user})


async def _remove(call: Call, group: str, users: Iterable[str]) -> None:
    for user in users:
        try:
            await call.ask("iam", "RemoveUserFromGroup", {"GroupName": group, "UserName": user})
        except NoSuchEntity:
            continue
