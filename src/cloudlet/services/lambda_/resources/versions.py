"""AWS::Lambda::Version and AWS::Lambda::Alias.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.resource import Provisioned, ask_once, made_once, partly_made
from cloudlet.services.lambda_ import activation, references, state
from cloudlet.services.lambda_.errors import ResourceConflictException, ResourceNotFoundException
from cloudlet.services.lambda_.model import LATEST
from cloudlet.services.lambda_.resources.provisioning import PROPERTY, provision

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext
    from cloudlet.services.lambda_.references import FunctionReference

_PUBLISHED: Final = ("CodeSha256", "Description", "FunctionName")


class VersionType:
    """AWS::Lambda::Version"""

    type_name = "AWS::Lambda::Version"
    properties = frozenset({*_PUBLISHED, PROPERTY, "RuntimePolicy"})
    required = frozenset({"FunctionName"})
    create_only = properties

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Publishes $LATEST."""
        reference = references.parse(call, properties["FunctionName"]).with_qualifier(None)
        await activation.activate(call, reference, LATEST)
        arn = await made_once(call, context, lambda inner: _publish(inner, reference, properties))
        with partly_made(arn):
            if "RuntimePolicy" in properties:
                request = {"FunctionName": arn, **properties["RuntimePolicy"]}
                await call.ask("lambda", "PutRuntimeManagementConfig", request)
            await provision(call, arn, {}, properties)
        return _version(arn)

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
    properties = frozenset(
        {"Description", "FunctionName", "FunctionVersion", "Name", PROPERTY, "RoutingConfig"}
    )
    required = frozenset({"FunctionName", "FunctionVersion", "Name"})
    create_only = frozenset({"FunctionName", "Name"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the alias."""
        request = _alias_request(properties)
        arn = await ask_once(call, context, "lambda", "CreateAlias", request, lambda made: made["AliasArn"])
        with partly_made(arn):
            await provision(call, arn, {}, properties)
        return _alias(arn)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Lets the alias lead somewhere else."""
        request = {"Description": "", "RoutingConfig": {"AdditionalVersionWeights": {}}}
        await call.ask("lambda", "UpdateAlias", {**request, **_alias_request(after)})
        await provision(call, physical_id, before, after)
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
    request = {key: properties[key] for key in _PUBLISHED if key in properties}
    return str(call.ask_within("lambda", "PublishVersion", request)["FunctionArn"])


def _version(arn: str) -> Provisioned:
    return Provisioned(arn, {"FunctionArn": arn, "Version": arn.rpartition(":")[2]})


def _alias(arn: str) -> Provisioned:
    return Provisioned(arn, {"AliasArn": arn})


def _alias_request(properties: Properties) -> dict[str, Any]:
    request = {**properties, "FunctionVersion": str(properties["FunctionVersion"])}
    request.pop(PROPERTY, None)
    if "RoutingConfig" in properties:
        weights = properties["RoutingConfig"].get("AdditionalVersionWeights", ())
        request["RoutingConfig"] = {
            "AdditionalVersionWeights": {
                str(each["FunctionVersion"]): float(each["FunctionWeight"]) for each in weights
            }
        }
    return request
