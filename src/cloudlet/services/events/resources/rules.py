"""AWS::Events::Rule, with its targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.resource import Properties, Provisioned, ResourceContext, made_once, partly_made, retag
from cloudlet.core.tags import tag_list, tag_map
from cloudlet.services.events import addresses
from cloudlet.services.events.errors import ResourceAlreadyExistsException, ResourceNotFoundException
from cloudlet.services.events.model import DEFAULT, RuleAddress
from cloudlet.services.events.resources.documents import text
from cloudlet.services.events.state import rules

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_NAME: Final = 64
_SETTINGS: Final = ("Description", "RoleArn", "ScheduleExpression", "State")


class RuleType:
    """AWS::Events::Rule"""

    type_name = "AWS::Events::Rule"
    properties = frozenset((*_SETTINGS, "EventBusName", "EventPattern", "Name", "Tags", "Targets"))
    required: frozenset[str] = frozenset()
    create_only = frozenset({"EventBusName", "Name"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the rule, and its targets."""
        name = properties.get("Name") or context.generated_name(_LONGEST_NAME)
        address = addresses.rule(call, name, properties.get("EventBusName"))
        tags = tag_list({**context.tags, **tag_map(properties.get("Tags"))})

        def make(inner: Call) -> str:
            if rules.find_rule(inner, address) is not None:
                # Asked here because PutRule replaces the rule that is there.
                raise ResourceAlreadyExistsException(f"{name} already exists in stack or account")
            inner.ask_within("events", "PutRule", {**_rule(address, properties), "Tags": tags})
            return _physical_id(address)

        physical_id = await made_once(call, context, make)
        with partly_made(physical_id):
            await _put_targets(call, address, properties)
        return Provisioned(physical_id, {"Arn": address.arn})

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Replaces the rule's settings; changes its targets and tags in place."""
        address = _address(call, physical_id, after)
        await call.ask("events", "PutRule", _rule(address, after))
        kept = {target["Id"] for target in after.get("Targets") or ()}
        gone = [target["Id"] for target in before.get("Targets") or () if target["Id"] not in kept]
        await _remove_targets(call, address, gone)
        await _put_targets(call, address, after)
        old, new = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
        await retag(call, "events", {"ResourceARN": address.arn}, old, new, tag_list)
        return Provisioned(physical_id, {"Arn": address.arn})

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the rule with its targets; one that is gone already is no error."""
        address = _address(call, physical_id, properties)
        try:
            targets = await call.ask("events", "ListTargetsByRule", _named(address, "Rule"))
            await _remove_targets(call, address, [target["Id"] for target in targets["Targets"]])
            await call.ask("events", "DeleteRule", _named(address, "Name"))
        except ResourceNotFoundException:
            return


def _address(call: Call, physical_id: str, properties: Properties) -> RuleAddress:
    return addresses.rule(call, physical_id.rpartition("|")[2], properties.get("EventBusName"))


def _physical_id(address: RuleAddress) -> str:
    bus = address.bus.name
    return address.name if bus == DEFAULT else f"{bus}|{address.name}"


def _named(address: RuleAddress, parameter: str) -> dict[str, Any]:
    return {parameter: address.name, "EventBusName": address.bus.arn}


def _rule(address: RuleAddress, properties: Properties) -> dict[str, Any]:
    request = {name: properties[name] for name in _SETTINGS if name in properties}
    if "EventPattern" in properties:
        request["EventPattern"] = text(properties["EventPattern"])
    return {**request, **_named(address, "Name")}


async def _put_targets(call: Call, address: RuleAddress, properties: Properties) -> None:
    if targets := properties.get("Targets"):
        await call.ask("events", "PutTargets", {**_named(address, "Rule"), "Targets": targets})


async def _remove_targets(call: Call, address: RuleAddress, ids: Iterable[str]) -> None:
    if gone := list(ids):
        await call.ask("events", "RemoveTargets", {**_named(address, "Rule"), "Ids": gone})
