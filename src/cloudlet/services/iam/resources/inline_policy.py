"""AWS::IAM::Policy, an inline policy of several entities; AWS::IAM::RolePolicy and its like, of one.

Keeps nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.resource import Provisioned, made_once
from cloudlet.services.iam.errors import NoSuchEntity
from cloudlet.services.iam.resources.principal import Entity, document

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class PolicyResource(Struct, frozen=True):
    """One document as inline policy of groups, roles and users."""

    type_name: str = "AWS::IAM::Policy"
    properties: frozenset[str] = frozenset({"Groups", "PolicyDocument", "PolicyName", "Roles", "Users"})
    required: frozenset[str] = frozenset({"PolicyDocument", "PolicyName"})
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Writes the policy into every entity."""

        def make(inner: Call) -> str:
            _put(inner, properties)
            return context.generated_name(128)

        return Provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Writes it anew, and removes it where it does not belong any more."""
        await call.transact(lambda inner: _put(inner, after))
        same_name = before["PolicyName"] == after["PolicyName"]
        kept = set(_entities(after)) if same_name else set()
        for entity in _entities(before):
            if entity not in kept:
                await _delete(call, entity, before["PolicyName"])
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes it from every entity."""
        for entity in _entities(properties):
            await _delete(call, entity, properties["PolicyName"])


class EntityPolicyResource(Struct, frozen=True):
    """An inline policy of one entity."""

    kind: str
    """Role, User or Group."""

    required: frozenset[str]
    create_only: frozenset[str]

    @property
    def type_name(self) -> str:
        """Such as AWS::IAM::RolePolicy."""
        return f"AWS::IAM::{self.kind}Policy"

    @property
    def properties(self) -> frozenset[str]:
        """Every property that is honoured."""
        return frozenset({"PolicyDocument", "PolicyName", f"{self.kind}Name"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Writes the policy."""
        return await self._write(call, properties)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Writes it anew."""
        return await self._write(call, after)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes it."""
        await _delete(call, Entity(self.kind, properties[f"{self.kind}Name"]), properties["PolicyName"])

    async def _write(self, call: Call, properties: Properties) -> Provisioned:
        entity, name = Entity(self.kind, properties[f"{self.kind}Name"]), properties["PolicyName"]
        text = document(properties["PolicyDocument"])
        await entity.ask(call, f"Put{self.kind}Policy", PolicyName=name, PolicyDocument=text)
        return Provisioned(f"{name}|{entity.name}")


def _entity_policy(kind: str) -> EntityPolicyResource:
    names = frozenset({"PolicyName", f"{kind}Name"})
    return EntityPolicyResource(kind, required=names | {"PolicyDocument"}, create_only=names)


ROLE_POLICY: Final = _entity_policy("Role")
USER_POLICY: Final = _entity_policy("User")
GROUP_POLICY: Final = _entity_policy("Group")


def _entities(properties: Properties) -> Iterator[Entity]:
    for kind in ("Group", "Role", "User"):
        for name in properties.get(f"{kind}s", ()):
            yield Entity(kind, name)


def _put(call: Call, properties: Properties) -> None:
    policy = {
        "PolicyName": properties["PolicyName"],
        "PolicyDocument": document(properties["PolicyDocument"]),
    }
    for entity in _entities(properties):
        request = {f"{entity.kind}Name": entity.name, **policy}
        call.ask_within("iam", f"Put{entity.kind}Policy", request)


async def _delete(call: Call, entity: Entity, name: str) -> None:
    try:
        await entity.ask(call, f"Delete{entity.kind}Policy", PolicyName=name)
    except NoSuchEntity:
        return
