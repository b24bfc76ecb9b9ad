"""AWS::SNS::TopicPolicy and AWS::SNS::TopicInlinePolicy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.call import Call
from cloudlet.core.resource import Properties, Provisioned, ResourceContext, partly_made
from cloudlet.services.sns.errors import NotFoundException
from cloudlet.services.sns.resources.attributes import text

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_NAME: Final = 80


class TopicPolicyType:
    """AWS::SNS::TopicPolicy"""

    type_name = "AWS::SNS::TopicPolicy"
    properties = frozenset({"PolicyDocument", "Topics"})
    required = frozenset({"PolicyDocument", "Topics"})
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Gives every topic the policy."""
        name = context.generated_name(_LONGEST_NAME)
        with partly_made(name):
            await _set_policies(call, properties["Topics"], text(properties["PolicyDocument"]))
        return Provisioned(name, {"Id": name})

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the policy, and whose it is."""
        await _set_policies(call, after["Topics"], text(after["PolicyDocument"]))
        await _remove_policies(call, [arn for arn in before["Topics"] if arn not in after["Topics"]])
        return Provisioned(physical_id, {"Id": physical_id})

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the policy from every topic that is still there."""
        await _remove_policies(call, properties["Topics"])


class TopicInlinePolicyType:
    """AWS::SNS::TopicInlinePolicy"""

    type_name = "AWS::SNS::TopicInlinePolicy"
    properties = frozenset({"PolicyDocument", "TopicArn"})
    required = frozenset({"PolicyDocument", "TopicArn"})
    create_only = frozenset({"TopicArn"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Gives the topic the policy."""
        await _set_policies(call, [properties["TopicArn"]], text(properties["PolicyDocument"]))
        return Provisioned(properties["TopicArn"])

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the policy."""
        await _set_policies(call, [physical_id], text(after["PolicyDocument"]))
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the policy from the topic, if that is still there."""
        await _remove_policies(call, [physical_id])


async def _set_policies(call: Call, arns: Iterable[str], policy: str) -> None:
    for arn in arns:
        request = {"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": policy}
        await call.ask("sns", "SetTopicAttributes", request)


async def _remove_policies(call: Call, arns: Iterable[str]) -> None:
    for arn in arns:
        try:
            await _set_policies(call, [arn], "")
        except NotFoundException:
            continue
