"""AWS::SNS::Subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.resource import Properties, Provisioned, ResourceContext, made_once
from cloudlet.services.sns.resources.attributes import attributes, changes

_DEFAULTS: Final[Mapping[str, str]] = {
    "FilterPolicyScope": "MessageAttributes",
    "FilterPolicy": "",
    "DeliveryPolicy": "",
    "RawMessageDelivery": "false",
    "RedrivePolicy": "",
}
"""The attributes that are properties, and what they become when their property goes."""


class SubscriptionType:
    """AWS::SNS::Subscription"""

    type_name = "AWS::SNS::Subscription"
    properties = frozenset((*_DEFAULTS, "Endpoint", "Protocol", "Region", "TopicArn"))
    required = frozenset({"Protocol", "TopicArn"})
    create_only = frozenset({"Endpoint", "Protocol", "Region", "TopicArn"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Subscribes the endpoint."""
        request = {
            "TopicArn": properties["TopicArn"],
            "Protocol": properties["Protocol"],
            "Endpoint": properties.get("Endpoint", ""),
            "Attributes": attributes(properties, _DEFAULTS),
            "ReturnSubscriptionArn": True,
        }

        def subscribe(inner: Call) -> str:
            answer = _in_region(inner, properties).ask_within("sns", "Subscribe", request)
            return str(answer["SubscriptionArn"])

        arn = await made_once(call, context, subscribe)
        return Provisioned(arn, {"Arn": arn})

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes attributes in place."""
        there = _in_region(call, after)
        for name, value in _steps(attributes(before, _DEFAULTS), attributes(after, _DEFAULTS)):
            request = {"SubscriptionArn": physical_id, "AttributeName": name, "AttributeValue": value}
            await there.ask("sns", "SetSubscriptionAttributes", request)
        return Provisioned(physical_id, {"Arn": physical_id})

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Ends the subscription; one that is gone already is no error."""
        await _in_region(call, properties).ask("sns", "Unsubscribe", {"SubscriptionArn": physical_id})


def _steps(old: Mapping[str, str], new: Mapping[str, str]) -> list[tuple[str, str]]:
    """The attributes to set, in an order in which the filter policy always fits its scope."""
    changed = changes(old, new, _DEFAULTS)
    steps = [(name, changed[name]) for name in _DEFAULTS if name in changed]
    if "FilterPolicyScope" not in changed or "FilterPolicy" not in old:
        return steps
    if "FilterPolicy" not in changed:
        steps.insert(1, ("FilterPolicy", old["FilterPolicy"]))
    return [("FilterPolicy", ""), *steps]


def _in_region(call: Call, properties: Properties) -> Call:
    """Where the topic is."""
    return replace(call, region=properties.get("Region") or call.region)
