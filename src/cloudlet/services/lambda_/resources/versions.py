"""AWS::Lambda::Version and AWS::Lambda::Alias.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.resource import Provisioned
from cloudlet.services.lambda_ import activation, references
from cloudlet.services.lambda_.errors import ResourceConflictException, ResourceNotFoundException
from cloudlet.services.lambda_.model import LATEST

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class VersionType:
    """AWS::Lambda::Version"""

    type_name = "AWS::Lambda::Version"
    properties = frozenset({"CodeSha256", "Description", "FunctionName"})
    required = frozenset({"FunctionName"})
    create_only = properties

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Publishes $LATEST. Run again, Lambda answers the version that it made before."""
        reference = references.parse(call, properties["FunctionName"]).with_qualifier(None)
        await activation.activate(call, reference, LATEST)
        published = await call.ask("lambda", "PublishVersion", properties)
        return _version(published["FunctionArn"])

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
        """Makes the alias. Run again, it finds one that says just this."""
        request = _alias_request(properties)
        try:
            made = await call.ask("lambda", "CreateAlias", request)
        except ResourceConflictException:
            wanted = {"FunctionName": request["FunctionName"], "Name": request["Name"]}
            made = await call.ask("lambda", "GetAlias", wanted)
            if made["FunctionVersion"] != request["FunctionVersion"]:
                raise
        return _alias(made["AliasArn"])

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
