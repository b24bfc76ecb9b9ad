"""AWS::Events::EventBusPolicy: one statement of an event bus's policy."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

from cloudlet.core.call import Call
from cloudlet.core.resource import Properties, Provisioned, ResourceContext, partly_made
from cloudlet.services.events.errors import ResourceNotFoundException
from cloudlet.services.events.model import DEFAULT, compact

_LONGEST_NAME: Final = 64


class EventBusPolicyType:
    """AWS::Events::EventBusPolicy"""

    type_name = "AWS::Events::EventBusPolicy"
    properties = frozenset({"Action", "Condition", "EventBusName", "Principal", "Statement", "StatementId"})
    required = frozenset({"StatementId"})
    create_only = frozenset({"EventBusName", "StatementId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Adds the statement."""
        name = context.generated_name(_LONGEST_NAME)
        with partly_made(name):
            await _put(call, properties)
        return Provisioned(name, {"Id": name})

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Replaces the statement."""
        await _put(call, after)
        return Provisioned(physical_id, {"Id": physical_id})

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the statement away; one that is gone already is no error."""
        request = {"EventBusName": _bus(properties), "StatementId": properties["StatementId"]}
        try:
            await call.ask("events", "RemovePermission", request)
        except ResourceNotFoundException:
            return


async def _put(call: Call, properties: Properties) -> None:
    if "Statement" in properties:
        await call.transact(partial(_put_statement, properties=properties))
        return
    given = {name: value for name, value in properties.items() if name != "EventBusName"}
    await call.ask("events", "PutPermission", {"EventBusName": _bus(properties), **given})


def _put_statement(call: Call, properties: Properties) -> None:
    """Writes the whole policy with the statement in it: PutPermission takes no other whole statement."""
    bus = {"Name": _bus(properties)}
    told = call.ask_within("events", "DescribeEventBus", bus).get("Policy")
    policy: dict[str, Any] = json.loads(told) if told else {"Version": "2012-10-17", "Statement": []}
    sid = properties["StatementId"]
    kept = [each for each in policy["Statement"] if each.get("Sid") != sid]
    policy["Statement"] = [*kept, {**properties["Statement"], "Sid": sid}]
    call.ask_within("events", "PutPermission", {"EventBusName": bus["Name"], "Policy": compact(policy)})


def _bus(properties: Properties) -> str:
    return str(properties.get("EventBusName") or DEFAULT)
