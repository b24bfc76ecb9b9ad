"""AWS::Lambda::Url: the URL of a template's function or alias.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-url.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.resource import Provisioned, ask_once
from cloudlet.services.lambda_.errors import ResourceNotFoundException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class UrlType:
    """AWS::Lambda::Url"""

    type_name = "AWS::Lambda::Url"
    properties = frozenset({"AuthType", "Cors", "InvokeMode", "Qualifier", "TargetFunctionArn"})
    required = frozenset({"AuthType", "TargetFunctionArn"})
    create_only = frozenset({"Qualifier", "TargetFunctionArn"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Gives the function a URL."""
        request = {**_named(properties), **_settings(properties)}
        arn = await ask_once(
            call, context, "lambda", "CreateFunctionUrlConfig", request, lambda made: made["FunctionArn"]
        )
        return await _provisioned(call, arn)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes who may call it and how."""
        settings = {"InvokeMode": "BUFFERED", "Cors": {}, **_settings(after)}
        await call.ask("lambda", "UpdateFunctionUrlConfig", {**_named(after), **settings})
        return await _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the URL away; one that is gone already, perhaps with its function, is no error."""
        try:
            await call.ask("lambda", "DeleteFunctionUrlConfig", {"FunctionName": physical_id})
        except ResourceNotFoundException:
            return


def _named(properties: Properties) -> dict[str, Any]:
    named = {"FunctionName": properties["TargetFunctionArn"]}
    return named | {"Qualifier": properties["Qualifier"]} if "Qualifier" in properties else named


def _settings(properties: Properties) -> dict[str, Any]:
    return {key: properties[key] for key in ("AuthType", "Cors", "InvokeMode") if key in properties}


async def _provisioned(call: Call, arn: str) -> Provisioned:
    url = await call.ask("lambda", "GetFunctionUrlConfig", {"FunctionName": arn})
    return Provisioned(arn, {"FunctionArn": arn, "FunctionUrl": url["FunctionUrl"]})
