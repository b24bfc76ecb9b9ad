"""AWS::IAM::ServiceLinkedRole.

Keeps nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.core.resource import Provisioned, ask_once
from cloudlet.services.iam.errors import NoSuchEntity
from cloudlet.services.iam.resources.principal import Entity, given

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class ServiceLinkedRoleResource(Struct, frozen=True):
    """The role that a service acts by. One that is there already is not adopted, as with AWS."""

    type_name: str = "AWS::IAM::ServiceLinkedRole"
    properties: frozenset[str] = frozenset({"AWSServiceName", "CustomSuffix", "Description"})
    required: frozenset[str] = frozenset({"AWSServiceName"})
    create_only: frozenset[str] = frozenset({"AWSServiceName", "CustomSuffix"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the role."""
        request = given(properties, "AWSServiceName", "CustomSuffix", "Description")
        name = await ask_once(
            call, context, "iam", "CreateServiceLinkedRole", request, lambda made: made["Role"]["RoleName"]
        )
        return Provisioned(name, {"RoleName": name})

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the description."""
        await Entity("Role", physical_id).ask(call, "UpdateRole", Description=after.get("Description", ""))
        return Provisioned(physical_id, {"RoleName": physical_id})

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the role."""
        try:
            await Entity("Role", physical_id).ask(call, "DeleteServiceLinkedRole")
        except NoSuchEntity:
            return
