"""AWS::Lambda::Version and AWS::Lambda::Alias.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.resource import Provisioned, ask_once, made_once
from cloudlet.services.lambda_ import activation, references, state
from cloudlet.services.lambda_.errors import ResourceConflictException, ResourceNotFoundException
from cloudlet.services.lambda_.model import LATEST

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext
    from cloudlet.services.lambda_.references import FunctionReference


class VersionType:
    """AWS::Lambda::Version"""

    type_name = "AWS::Lambda::Version"
    properties = frozenset({"CodeSha256", "Description", "FunctionName"})
    required = frozenset({"FunctionName"})
    create_only = properties

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Publishes $LATEST."""
        reference = references.parse(call, properties["FunctionName"]).with_qualifier(None)
        await activation.activate(call, reference, LATEST)
        return _version(await made_once(call, context, lambda inner: _publish(inner, reference, properties)))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Nothing of a version can change in place."""
        return _version(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the version; one that is gone already is no error."""
        try:
            await call.ask("lambda", "DeleteFunction", {"FunctionName": physical_id})
        except ResourceNotFoundException:
            return


class AliasType:
    """AWS::Lambda::Alias"""

    type_name = "AWS::Lambda::Alias"
    properties = frozenset({"Description", "FunctionName", "FunctionVersion", "Name", "RoutingConfig"})
    required = frozenset({"FunctionName", "FunctionVersion", "Name"})
    create_only = frozenset({"FunctionName", "Name"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the alias."""
        request = _alias_request(properties)
        arn = await ask_once(call, context, "lambda", "CreateAlias", request, lambda made: made["AliasArn"])
        return _alias(arn)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Lets the alias lead somewhere else."""
        request = {"Description": "", "RoutingConfig": {"AdditionalVersionWeights": {}}}
        await call.ask("lambda", "UpdateAlias", {**request, **_alias_request(after)})
        return _alias(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the alias."""
        request = {"FunctionName": properties["FunctionName"], "Name": properties["Name"]}
        await call.ask("lambda", "DeleteAlias", request)


def _publish(call: Call, reference: FunctionReference, properties: Properties) -> str:
    # Lambda would answer the version that is there, which the stack must not take for its own.
    there = state.version(call, reference, LATEST).published_as
    if there and state.find_version(call, reference, there):
        raise ResourceConflictException(
            f"A version for this Lambda function exists ( {there} ). "
            "Modify the function to create a new version."
        )
    return str(call.ask_within("lambda", "PublishVersion", properties)["FunctionArn"])


def _version(arn: str) -> Provisioned:
    return Provisioned(arn, {"FunctionArn": arn, "Version": arn.rpartition(":")[2]})


def _alias(arn: str) -> Provisioned:
    return Provisioned(arn, {"AliasArn": arn})


def _alias_request(properties: Properties) -> dict[str, Any]:
    request = {**properties, "FunctionVersion": str(properties["FunctionVersion"])}
    if "RoutingConfig" in properties:
        weights = properties["RoutingConfig"].get("AdditionalVersionWeights", ())
        request["RoutingConfig"] = {
            "AdditionalVersionWeights": {
                str(each["FunctionVersion"]): float(each["FunctionWeight"]) for each in weights
            }
        }
    return request
