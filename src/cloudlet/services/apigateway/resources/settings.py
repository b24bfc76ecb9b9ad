"""AWS::ApiGateway::Model, ::RequestValidator, ::GatewayResponse and ::Account.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cloudlet.core.resource import Provisioned, made_once
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.resources.properties import flag, members, removed, replacing

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class ModelType:
    """AWS::ApiGateway::Model"""

    type_name = "AWS::ApiGateway::Model"
    properties = frozenset({"ContentType", "Description", "Name", "RestApiId", "Schema"})
    required = frozenset({"RestApiId"})
    create_only = frozenset({"ContentType", "Name", "RestApiId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the model; one without a name gets letters and digits, as models' names are."""
        name = properties.get("Name") or "".join(filter(str.isalnum, context.generated_name(60)))
        request = {
            **members(properties, ("RestApiId", "Description")),
            "name": name,
            "contentType": properties.get("ContentType", "application/json"),
            "schema": _schema(properties),
        }

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateModel", request)["name"])

        return Provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes schema and description."""
        patches = [
            replacing("/description", after.get("Description")),
            replacing("/schema", _schema(after)),
        ]
        request = {"restApiId": after["RestApiId"], "modelName": physical_id, "patchOperations": patches}
        await call.ask("apigateway", "UpdateModel", request)
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the model."""
        request = {"restApiId": properties["RestApiId"], "modelName": physical_id}
        await removed(call, "DeleteModel", request)


class RequestValidatorType:
    """AWS::ApiGateway::RequestValidator"""

    type_name = "AWS::ApiGateway::RequestValidator"
    properties = frozenset({"Name", "RestApiId", "ValidateRequestBody", "ValidateRequestParameters"})
    required = frozenset({"RestApiId"})
    create_only = frozenset({"Name", "RestApiId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the validator."""
        request = {
            "restApiId": properties["RestApiId"],
            "name": properties.get("Name") or context.generated_name(128),
            "validateRequestBody": flag(properties.get("ValidateRequestBody", False)),
            "validateRequestParameters": flag(properties.get("ValidateRequestParameters", False)),
        }

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateRequestValidator", request)["id"])

        made = await made_once(call, context, make)
        return Provisioned(made, {"RequestValidatorId": made})

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes what is validated."""
        patches = [
            replacing("/validateRequestBody", flag(after.get("ValidateRequestBody", False))),
            replacing("/validateRequestParameters", flag(after.get("ValidateRequestParameters", False))),
        ]
        named = {"restApiId": after["RestApiId"], "requestValidatorId": physical_id}
        await call.ask("apigateway", "UpdateRequestValidator", {**named, "patchOperations": patches})
        return Provisioned(physical_id, {"RequestValidatorId": physical_id})

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the validator."""
        request = {"restApiId": properties["RestApiId"], "requestValidatorId": physical_id}
        await removed(call, "DeleteRequestValidator", request)


class GatewayResponseType:
    """AWS::ApiGateway::GatewayResponse"""

    type_name = "AWS::ApiGateway::GatewayResponse"
    properties = frozenset(
        {"ResponseParameters", "ResponseTemplates", "ResponseType", "RestApiId", "StatusCode"}
    )
    required = frozenset({"ResponseType", "RestApiId"})
    create_only = frozenset({"ResponseType", "RestApiId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Puts the response; putting it again is the same."""
        await call.ask("apigateway", "PutGatewayResponse", self._request(properties))
        return self._provisioned(context.generated_name(64))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Puts the response anew."""
        await call.ask("apigateway", "PutGatewayResponse", self._request(after))
        return self._provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Goes back to what the gateway says of itself."""
        await removed(call, "DeleteGatewayResponse", members(properties, ("RestApiId", "ResponseType")))

    def _request(self, properties: Properties) -> dict[str, Any]:
        request = members(properties, self.properties)
        if "statusCode" in request:
            request["statusCode"] = str(request["statusCode"])
        return request

    def _provisioned(self, physical_id: str) -> Provisioned:
        return Provisioned(physical_id, {"Id": physical_id})


class AccountType:
    """AWS::ApiGateway::Account"""

    type_name = "AWS::ApiGateway::Account"
    properties = frozenset({"CloudWatchRoleArn"})
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Sets the role that logs are written with."""
        return await self._set(call, context.generated_name(64), properties)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Sets another role."""
        return await self._set(call, physical_id, after)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the role away, unless somebody set another one since."""
        role = properties.get("CloudWatchRoleArn")
        row = await call.transact(state.account, read_only=True)
        if role is not None and row.cloudwatch_role_arn == role:
            await self._set(call, physical_id, {})

    async def _set(self, call: Call, physical_id: str, properties: Properties) -> Provisioned:
        patch = replacing("/cloudwatchRoleArn", properties.get("CloudWatchRoleArn"))
        await call.ask("apigateway", "UpdateAccount", {"patchOperations": [patch]})
        return Provisioned(physical_id, {"Id": physical_id})


def _schema(properties: Properties) -> str:
    schema = properties.get("Schema", {})
    return schema if isinstance(schema, str) else json.dumps(schema)
