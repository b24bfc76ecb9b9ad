"""AWS::Lambda::CodeSigningConfig: who may have signed the code of functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-codesigningconfig.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.resource import Provisioned, ask_once, retag
from cloudlet.core.tags import tag_map
from cloudlet.services.lambda_.errors import ResourceNotFoundException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class CodeSigningConfigType:
    """AWS::Lambda::CodeSigningConfig"""

    type_name = "AWS::Lambda::CodeSigningConfig"
    properties = frozenset({"AllowedPublishers", "CodeSigningPolicies", "Description", "Tags"})
    required = frozenset({"AllowedPublishers"})
    create_only = frozenset[str]()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the configuration."""
        tags = {**tag_map(properties.get("Tags")), **context.tags}
        request = {**_settings(properties), "Tags": tags}
        arn = await ask_once(
            call,
            context,
            "lambda",
            "CreateCodeSigningConfig",
            request,
            lambda made: made["CodeSigningConfig"]["CodeSigningConfigArn"],
        )
        return _provisioned(arn)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the configuration and its tags."""
        settings = {
            "Description": "",
            "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"},
            **_settings(after),
        }
        await call.ask("lambda", "UpdateCodeSigningConfig", {"CodeSigningConfigArn": physical_id, **settings})
        old, new = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
        await retag(call, "lambda", {"Resource": physical_id}, old, new)
        return _provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the configuration; one that is gone already is no error."""
        try:
            await call.ask("lambda", "DeleteCodeSigningConfig", {"CodeSigningConfigArn": physical_id})
        except ResourceNotFoundException:
            return


def _settings(properties: Properties) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key != "Tags"}


def _provisioned(arn: str) -> Provisioned:
    return Provisioned(arn, {"CodeSigningConfigArn": arn, "CodeSigningConfigId": arn.rpartition(":")[2]})
