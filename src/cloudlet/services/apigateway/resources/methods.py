"""AWS::ApiGateway::Method: a method, its integration and what both may answer, as one resource.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-method.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.resource import Provisioned, made_once
from cloudlet.services.apigateway.resources.properties import flag, flags, members, removed

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_INTEGRATION: Final = frozenset(
    {
        "CacheKeyParameters",
        "CacheNamespace",
        "ConnectionId",
        "ConnectionType",
        "ContentHandling",
        "Credentials",
        "IntegrationHttpMethod",
        "PassthroughBehavior",
        "RequestParameters",
        "RequestTemplates",
        "ResponseTransferMode",
        "TimeoutInMillis",
        "Type",
        "Uri",
    }
)
_INTEGRATION_RESPONSE: Final = frozenset(
    {"ContentHandling", "ResponseParameters", "ResponseTemplates", "SelectionPattern", "StatusCode"}
)
_METHOD: Final = (
    "AuthorizationScopes",
    "AuthorizationType",
    "AuthorizerId",
    "OperationName",
    "RequestModels",
    "RequestValidatorId",
)


class MethodType:
    """AWS::ApiGateway::Method"""

    type_name = "AWS::ApiGateway::Method"
    properties = frozenset(
        {
            *_METHOD,
            "ApiKeyRequired",
            "HttpMethod",
            "Integration",
            "MethodResponses",
            "RequestParameters",
            "ResourceId",
            "RestApiId",
        }
    )
    required = frozenset({"HttpMethod", "ResourceId", "RestApiId"})
    create_only = frozenset({"HttpMethod", "ResourceId", "RestApiId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the method and all that belongs to it."""

        def make(inner: Call) -> str:
            _put(inner, properties)
            return "|".join(str(properties[name]) for name in ("RestApiId", "ResourceId", "HttpMethod"))

        return Provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Puts the method anew, in one transaction; what is deployed does not notice."""

        def work(inner: Call) -> None:
            inner.ask_within("apigateway", "DeleteMethod", _named(before))
            _put(inner, after)

        await call.transact(work)
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the method."""
        await removed(call, "DeleteMethod", _named(properties))


def _named(properties: Properties) -> dict[str, Any]:
    return members(properties, ("RestApiId", "ResourceId", "HttpMethod"))


def _put(call: Call, properties: Properties) -> None:
    named = _named(properties)
    method = {"authorizationType": "NONE", **named, **members(properties, _METHOD)}
    if "ApiKeyRequired" in properties:
        method["apiKeyRequired"] = flag(properties["ApiKeyRequired"])
    if "RequestParameters" in properties:
        method["requestParameters"] = flags(properties["RequestParameters"])
    call.ask_within("apigateway", "PutMethod", method)
    for response in properties.get("MethodResponses", ()):
        request = {
            **named,
            "statusCode": str(response["StatusCode"]),
            **members(response, ("ResponseModels",)),
        }
        if "ResponseParameters" in response:
            request["responseParameters"] = flags(response["ResponseParameters"])
        call.ask_within("apigateway", "PutMethodResponse", request)
    if "Integration" in properties:
        _put_integration(call, named, properties["Integration"])


def _put_integration(call: Call, named: dict[str, Any], integration: Properties) -> None:
    _check_known(integration, _INTEGRATION | {"IntegrationResponses"}, "Integration")
    request = {**named, **members(integration, _INTEGRATION)}
    if "timeoutInMillis" in request:
        request["timeoutInMillis"] = int(request["timeoutInMillis"])
    if "requestParameters" in request:
        request["requestParameters"] = {
            name: str(value) for name, value in request["requestParameters"].items()
        }
    call.ask_within("apigateway", "PutIntegration", request)
    for response in integration.get("IntegrationResponses", ()):
        _check_known(response, _INTEGRATION_RESPONSE, "IntegrationResponses")
        request = {
            **named,
            **members(response, _INTEGRATION_RESPONSE),
            "statusCode": str(response["StatusCode"]),
        }
        call.ask_within("apigateway", "PutIntegrationResponse", request)


def _check_known(given: Properties, known: frozenset[str], where: str) -> None:
    unknown = sorted(given.keys() - known)
    if unknown:
        raise NotImplementedHere(f"cloudlet does not implement {where}.{unknown[0]} of methods (yet).")
