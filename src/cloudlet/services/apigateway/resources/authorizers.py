"""AWS::ApiGateway::Authorizer.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-authorizer.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.resource import Provisioned, made_once
from cloudlet.services.apigateway.resources.properties import changed, members, removed

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_PATHS: Final = {
    "AuthType": "/authType",
    "AuthorizerCredentials": "/authorizerCredentials",
    "AuthorizerResultTtlInSeconds": "/authorizerResultTtlInSeconds",
    "AuthorizerUri": "/authorizerUri",
    "IdentitySource": "/identitySource",
    "IdentityValidationExpression": "/identityValidationExpression",
    "Name": "/name",
    "Type": "/type",
}


class AuthorizerType:
    """AWS::ApiGateway::Authorizer"""

    type_name = "AWS::ApiGateway::Authorizer"
    properties = frozenset({*_PATHS, "ProviderARNs", "RestApiId"})
    required = frozenset({"Name", "RestApiId", "Type"})
    create_only = frozenset({"RestApiId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the authorizer."""
        request: dict[str, Any] = members(properties, self.properties)
        if "authorizerResultTtlInSeconds" in request:
            request["authorizerResultTtlInSeconds"] = int(request["authorizerResultTtlInSeconds"])

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateAuthorizer", request)["id"])

        return self._provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the authorizer in place."""
        patches = changed(before, after, _PATHS)
        if "AuthorizerResultTtlInSeconds" in before and "AuthorizerResultTtlInSeconds" not in after:
            patches = [each for each in patches if each["path"] != "/authorizerResultTtlInSeconds"]
            patches.append({"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": "300"})
        old, new = before.get("ProviderARNs", []), after.get("ProviderARNs", [])
        path = "/providerARNs"
        patches += [{"op": "add", "path": path, "value": each} for each in new if each not in old]
        patches += [{"op": "remove", "path": path, "value": each} for each in old if each not in new]
        if patches:
            named = {"restApiId": after["RestApiId"], "authorizerId": physical_id}
            await call.ask("apigateway", "UpdateAuthorizer", {**named, "patchOperations": patches})
        return self._provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the authorizer."""
        request = {"restApiId": properties["RestApiId"], "authorizerId": physical_id}
        await removed(call, "DeleteAuthorizer", request)

    def _provisioned(self, authorizer_id: str) -> Provisioned:
        return Provisioned(authorizer_id, {"AuthorizerId": authorizer_id})
