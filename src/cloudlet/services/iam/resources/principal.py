"""What CloudFormation's roles, users and groups have in common: their policies, boundary and tags.

Each function brings an entity from the properties it had to those it shall have; doing it twice does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cloudlet.core.tags import tag_list, tag_map
from cloudlet.services.iam.errors import NoSuchEntity

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties


class Entity(Struct, frozen=True):
    """A role, user or group as the API names it."""

    kind: str
    """Role, User or Group."""
    name: str

    async def ask(self, call: Call, operation: str, **members: Any) -> dict[str, Any]:
        """Asks IAM for an operation on it."""
        return await call.ask("iam", operation, {f"{self.kind}Name": self.name, **members})


def document(value: Any) -> str:
    """A policy document of a template as text."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def given(properties: Properties, *names: str) -> dict[str, Any]:
    """The properties of those names that a template gives."""
    return {name: properties[name] for name in names if properties.get(name) is not None}


async def apply_policies(call: Call, entity: Entity, before: Properties, after: Properties) -> None:
    """Attaches and detaches managed policies, writes and removes inline ones."""
    old, new = set(before.get("ManagedPolicyArns", ())), after.get("ManagedPolicyArns", ())
    for arn in dict.fromkeys(new):
        await entity.ask(call, f"Attach{entity.kind}Policy", PolicyArn=arn)
    await _detach(call, entity, old - set(new))
    for policy in after.get("Policies", ()):
        text = document(policy["PolicyDocument"])
        name = policy["PolicyName"]
        await entity.ask(call, f"Put{entity.kind}Policy", PolicyName=name, PolicyDocument=text)
    await _delete_inline(call, entity, _names(before) - _names(after))


async def remove_policies(call: Call, entity: Entity, properties: Properties) -> None:
    """Takes away what the template attached, so that the entity can be deleted."""
    await _detach(call, entity, properties.get("ManagedPolicyArns", ()))
    await _delete_inline(call, entity, _names(properties))


async def apply_boundary(call: Call, entity: Entity, before: Properties, after: Properties) -> None:
    """Sets, changes or lifts the permissions boundary."""
    old, new = before.get("PermissionsBoundary"), after.get("PermissionsBoundary")
    if new and new != old:
        await entity.ask(call, f"Put{entity.kind}PermissionsBoundary", PermissionsBoundary=new)
    elif old and not new:
        await entity.ask(call, f"Delete{entity.kind}PermissionsBoundary")


async def apply_tags(
    call: Call, entity: Entity, before: Properties, after: Properties, stack: Mapping[str, str]
) -> None:
    """Adds, changes and removes tags."""
    old, new = tag_map(before.get("Tags")), {**stack, **tag_map(after.get("Tags"))}
    removed = [key for key in old if key not in new]
    if removed:
        await entity.ask(call, f"Untag{entity.kind}", TagKeys=removed)
    if new:
        await entity.ask(call, f"Tag{entity.kind}", Tags=tag_list(new))


def all_tags(properties: Properties, stack: Mapping[str, str]) -> dict[str, Any]:
    """The member Tags of a request that makes something, with the stack's own; empty without tags."""
    tags = {**stack, **tag_map(properties.get("Tags"))}
    return {"Tags": tag_list(tags)} if tags else {}


def _names(properties: Properties) -> set[str]:
    return {policy["PolicyName"] for policy in properties.get("Policies", ())}


async def _detach(call: Call, entity: Entity, arns: Iterable[str]) -> None:
    for arn in arns:
        try:
            await entity.ask(call, f"Detach{entity.kind}Policy", PolicyArn=arn)
        except NoSuchEntity:
            continue


async def _delete_inline(call: Call, entity: Entity, names: Iterable[str]) -> None:
    for name in names:
        try:
            await entity.ask(call, f"Delete{entity.kind}Policy", PolicyName=name)
        except NoSuchEntity:
            continue
