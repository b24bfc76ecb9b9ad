"""AWS::Events::EventBus."""

from __future__ import annotations

from typing import Any

from cloudlet.core.call import Call
from cloudlet.core.resource import Properties, Provisioned, ResourceContext, ask_once, partly_made, retag
from cloudlet.core.tags import tag_list, tag_map
from cloudlet.services.events.resources.documents import text


class EventBusType:
    """AWS::Events::EventBus"""

    type_name = "AWS::Events::EventBus"
    properties = frozenset({"Description", "Name", "Policy", "Tags"})
    required = frozenset({"Name"})
    create_only = frozenset({"Name"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the event bus, with its policy."""
        tags = tag_list({**context.tags, **tag_map(properties.get("Tags"))})
        request: dict[str, Any] = {"Name": properties["Name"], **({"Tags": tags} if tags else {})}
        if "Description" in properties:
            request["Description"] = properties["Description"]
        name = await ask_once(
            call, context, "events", "CreateEventBus", request, lambda _: str(properties["Name"])
        )
        with partly_made(name):
            await _set_policy(call, name, {}, properties)
        return _provisioned(call, name, properties)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes description, policy and tags in place."""
        description = {"Description": after.get("Description", "")}
        await call.ask("events", "UpdateEventBus", {"Name": physical_id, **description})
        await _set_policy(call, physical_id, before, after)
        old, new = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
        await retag(call, "events", {"ResourceARN": _arn(call, physical_id)}, old, new, tag_list)
        return _provisioned(call, physical_id, after)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the event bus; one that is gone already is no error."""
        await call.ask("events", "DeleteEventBus", {"Name": physical_id})


async def _set_policy(call: Call, name: str, before: Properties, after: Properties) -> None:
    if "Policy" in after:
        request = {"EventBusName": name, "Policy": text(after["Policy"])}
        await call.ask("events", "PutPermission", request)
    elif "Policy" in before:
        await call.ask("events", "RemovePermission", {"EventBusName": name, "RemoveAllPermissions": True})


def _arn(call: Call, name: str) -> str:
    return f"arn:aws:events:{call.region}:{call.account}:event-bus/{name}"


def _provisioned(call: Call, name: str, properties: Properties) -> Provisioned:
    attributes = {"Arn": _arn(call, name), "Name": name, "Policy": text(properties.get("Policy", ""))}
    return Provisioned(name, attributes)
