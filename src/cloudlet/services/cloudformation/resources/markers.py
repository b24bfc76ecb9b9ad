"""Resource types of which nothing is made: they only have an address or an id.

Types that make something stand beside, or in the services that make them.
"""

from __future__ import annotations

from urllib.parse import quote

from msgspec import Struct

from cloudlet.core.call import Call
from cloudlet.core.resource import Properties, Provisioned, ResourceContext


class WaitConditionHandle(Struct, frozen=True):
    """A place to signal to; without a wait condition nothing listens there."""

    type_name: str = "AWS::CloudFormation::WaitConditionHandle"
    properties: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes up its address."""
        path = quote(f"{context.stack_id}/{context.logical_id}", safe="")
        return Provisioned(f"https://cloudformation-waitcondition-{call.region}.s3.amazonaws.com/{path}")

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes nothing: it has no properties."""
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Nothing was made beyond its address."""


class CdkMetadata(Struct, frozen=True):
    """What the CDK adds to its templates to be counted; AWS makes nothing of it either."""

    type_name: str = "AWS::CDK::Metadata"
    properties: frozenset[str] = frozenset({"Analytics"})
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Gives it an id."""
        return Provisioned(context.token)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes nothing."""
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Nothing was made."""
