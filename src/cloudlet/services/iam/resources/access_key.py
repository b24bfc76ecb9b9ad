"""AWS::IAM::AccessKey.

The secret is read from IAM's own rows, because the API shows it only once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.core.resource import Provisioned, ask_once
from cloudlet.services.iam import state
from cloudlet.services.iam.errors import NoSuchEntity

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class AccessKeyResource(Struct, frozen=True):
    """An access key of a user."""

    type_name: str = "AWS::IAM::AccessKey"
    properties: frozenset[str] = frozenset({"Serial", "Status", "UserName"})
    required: frozenset[str] = frozenset({"UserName"})
    create_only: frozenset[str] = frozenset({"Serial", "UserName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the key."""
        user = {"UserName": properties["UserName"]}
        key_id = await ask_once(
            call, context, "iam", "CreateAccessKey", user, lambda made: made["AccessKey"]["AccessKeyId"]
        )
        if properties.get("Status", "Active") != "Active":
            request = {**user, "AccessKeyId": key_id, "Status": properties["Status"]}
            await call.ask("iam", "UpdateAccessKey", request)
        return await _provisioned(call, key_id)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Switches the key on or off."""
        request = {
            "UserName": after["UserName"],
            "AccessKeyId": physical_id,
            "Status": after.get("Status", "Active"),
        }
        await call.ask("iam", "UpdateAccessKey", request)
        return await _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the key."""
        request = {"UserName": properties["UserName"], "AccessKeyId": physical_id}
        try:
            await call.ask("iam", "DeleteAccessKey", request)
        except NoSuchEntity:
            return


async def _provisioned(call: Call, key_id: str) -> Provisioned:
    key = await call.transact(lambda inner: state.find_access_key(inner, key_id), read_only=True)
    if key is None:
        raise NoSuchEntity(f"The Access Key with id {key_id} cannot be found.")
    return Provisioned(key_id, {"SecretAccessKey": key.secret})
