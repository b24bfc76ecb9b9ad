"""AWS::ApiGateway::RestApi and AWS::ApiGateway::Resource.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-restapi.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.resource import Provisioned, made_once
from cloudlet.services.apigateway.resources.properties import (
    escaped,
    flag,
    members,
    removed,
    replacing,
    tags,
)

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class RestApiType:
    """AWS::ApiGateway::RestApi"""

    type_name = "AWS::ApiGateway::RestApi"
    properties = frozenset(
        {
            "ApiKeySourceType",
            "BinaryMediaTypes",
            "Description",
            "DisableExecuteApiEndpoint",
            "EndpointConfiguration",
            "MinimumCompressionSize",
            "Name",
            "Tags",
        }
    )
    required = frozenset({"Name"})
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the API."""
        request = members(properties, ("Name", "Description", "BinaryMediaTypes"))
        request["tags"] = {**context.tags, **tags(properties)}
        if "ApiKeySourceType" in properties:
            request["apiKeySource"] = properties["ApiKeySourceType"]
        if "DisableExecuteApiEndpoint" in properties:
            request["disableExecuteApiEndpoint"] = flag(properties["DisableExecuteApiEndpoint"])
        if "MinimumCompressionSize" in properties:
            request["minimumCompressionSize"] = int(properties["MinimumCompressionSize"])
        if "EndpointConfiguration" in properties:
            endpoint = properties["EndpointConfiguration"]
            request["endpointConfiguration"] = members(endpoint, endpoint)

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateRestApi", request)["id"])

        return await _api(call, await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the API in place."""
        patches = [*_changed_settings(before, after), *_changed_media_types(before, after)]
        if patches:
            request = {"restApiId": physical_id, "patchOperations": patches}
            await call.ask("apigateway", "UpdateRestApi", request)
        await _retag(call, physical_id, tags(before), tags(after))
        return await _api(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the API."""
        await removed(call, "DeleteRestApi", {"restApiId": physical_id})


class ResourceType:
    """AWS::ApiGateway::Resource"""

    type_name = "AWS::ApiGateway::Resource"
    properties = frozenset({"ParentId", "PathPart", "RestApiId"})
    required = frozenset({"ParentId", "PathPart", "RestApiId"})
    create_only = frozenset({"ParentId", "PathPart", "RestApiId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the resource."""
        request = members(properties, self.properties)
        request["pathPart"] = str(request["pathPart"])

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateResource", request)["id"])

        resource_id = await made_once(call, context, make)
        return Provisioned(resource_id, {"ResourceId": resource_id})

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Nothing of a resource changes in place."""
        return Provisioned(physical_id, {"ResourceId": physical_id})

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the resource."""
        request = {"restApiId": properties["RestApiId"], "resourceId": physical_id}
        await removed(call, "DeleteResource", request)


async def _api(call: Call, api_id: str) -> Provisioned:
    shown = await call.ask("apigateway", "GetRestApi", {"restApiId": api_id})
    return Provisioned(api_id, {"RestApiId": api_id, "RootResourceId": shown["rootResourceId"]})


_PATHS = {
    "Name": "/name",
    "Description": "/description",
    "MinimumCompressionSize": "/minimumCompressionSize",
    "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
}


def _changed_settings(before: Properties, after: Properties) -> list[dict[str, str]]:
    changed = [
        replacing(path, after.get(name))
        for name, path in _PATHS.items()
        if before.get(name) != after.get(name)
    ]
    if before.get("ApiKeySourceType", "HEADER") != after.get("ApiKeySourceType", "HEADER"):
        changed.append(replacing("/apiKeySource", after.get("ApiKeySourceType", "HEADER")))
    old, new = (each.get("EndpointConfiguration", {}) for each in (before, after))
    if old.get("Types", ["EDGE"]) != new.get("Types", ["EDGE"]):
        had, wanted = old.get("Types", ["EDGE"])[0], new.get("Types", ["EDGE"])[0]
        changed.append(replacing(f"/endpointConfiguration/types/{had}", wanted))
    if old.get("IpAddressType", "ipv4") != new.get("IpAddressType", "ipv4"):
        changed.append(replacing("/endpointConfiguration/ipAddressType", new.get("IpAddressType", "ipv4")))
    return changed


def _changed_media_types(before: Properties, after: Properties) -> list[dict[str, str]]:
    old, new = (each.get("BinaryMediaTypes", []) for each in (before, after))
    gone = [{"op": "remove", "path": f"/binaryMediaTypes/{escaped(each)}"} for each in old if each not in new]
    added = [{"op": "add", "path": f"/binaryMediaTypes/{escaped(each)}"} for each in new if each not in old]
    return gone + added


async def _retag(call: Call, api_id: str, before: dict[str, str], after: dict[str, Any]) -> None:
    arn = f"arn:aws:apigateway:{call.region}::/restapis/{api_id}"
    if gone := sorted(before.keys() - after.keys()):
        await call.ask("apigateway", "UntagResource", {"resourceArn": arn, "tagKeys": gone})
    if before != after and after:
        await call.ask("apigateway", "TagResource", {"resourceArn": arn, "tags": after})
