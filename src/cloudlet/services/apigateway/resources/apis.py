"""AWS::ApiGateway::RestApi and AWS::ApiGateway::Resource.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-restapi.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.resource import Provisioned, made_once
from cloudlet.services.apigateway.errors import BadRequestException
from cloudlet.services.apigateway.resources.documents import find_document, import_settings
from cloudlet.services.apigateway.resources.properties import (
    changed,
    escaped,
    flag,
    members,
    removed,
    replacing,
    retag,
    tags,
)

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


_DOCUMENT: Final = frozenset({"Body", "BodyS3Location", "FailOnWarnings", "Mode", "Parameters"})
_SETTINGS: Final = ("CloneFrom", "Description", "EndpointAccessMode", "Name", "SecurityPolicy")


class RestApiType:
    """AWS::ApiGateway::RestApi"""

    type_name = "AWS::ApiGateway::RestApi"
    properties = frozenset(
        {
            *_DOCUMENT,
            *_SETTINGS,
            "ApiKeySourceType",
            "BinaryMediaTypes",
            "DisableExecuteApiEndpoint",
            "EndpointConfiguration",
            "MinimumCompressionSize",
            "Policy",
            "Tags",
        }
    )
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset({"CloneFrom"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the API, and puts its document into it; what the template says itself counts more."""
        document = await find_document(call, properties)
        request = _request(context, properties)
        if document is None and "Name" not in properties and "CloneFrom" not in properties:
            raise BadRequestException("A name is required for an API without an OpenAPI document")

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateRestApi", request)["id"])

        api_id = await made_once(call, context, make)
        if document is not None:
            await _put(call, api_id, document, "overwrite", properties)
        return await _api(call, api_id)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the API in place."""
        document = await find_document(call, after)

        if document is not None:
            await _put(call, physical_id, document, str(after.get("Mode", "overwrite")), after)
        patches = [
            *changed(before, after, _PATHS),
            *_changed_settings(before, after),
            *_changed_media_types(before, after),
        ]
        if patches:
            await call.ask(
                "apigateway", "UpdateRestApi", {"restApiId": physical_id, "patchOperations": patches}
            )
        await retag(call, f"/restapis/{physical_id}", tags(before), tags(after))
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


_PATHS: Final = {
    "Description": "/description",
    "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
    "EndpointAccessMode": "/endpointAccessMode",
    "MinimumCompressionSize": "/minimumCompressionSize",
    "SecurityPolicy": "/securityPolicy",
}


def _request(context: ResourceContext, properties: Properties) -> dict[str, Any]:
    request = members(properties, (*_SETTINGS, "BinaryMediaTypes"))
    # CreateRestApi wants a name, which the document then replaces.
    request.setdefault("name", context.generated_name(64))
    request["tags"] = {**context.tags, **tags(properties)}
    if "ApiKeySourceType" in properties:
        request["apiKeySource"] = properties["ApiKeySourceType"]
    if "DisableExecuteApiEndpoint" in properties:
        request["disableExecuteApiEndpoint"] = flag(properties["DisableExecuteApiEndpoint"])
    if "MinimumCompressionSize" in properties:
        request["minimumCompressionSize"] = int(properties["MinimumCompressionSize"])
    if "Policy" in properties:
        request["policy"] = _text(properties["Policy"])
    if "EndpointConfiguration" in properties:
        endpoint = properties["EndpointConfiguration"]
        request["endpointConfiguration"] = members(endpoint, endpoint)
    return request


async def _put(call: Call, api_id: str, document: bytes, mode: str, properties: Properties) -> None:
    request = {"restApiId": api_id, "body": document, "mode": mode, **import_settings(properties)}
    await call.ask("apigateway", "PutRestApi", request)
    patches = changed({}, properties, {name: path for name, path in _PATHS.items() if name in properties})
    if "Name" in properties:
        patches.append(replacing("/name", properties["Name"]))
    if "ApiKeySourceType" in properties:
        patches.append(replacing("/apiKeySource", properties["ApiKeySourceType"]))
    if "Policy" in properties:
        patches.append(replacing("/policy", _text(properties["Policy"])))
    patches += _changed_media_types({}, properties)
    if patches:
        await call.ask("apigateway", "UpdateRestApi", {"restApiId": api_id, "patchOperations": patches})


def _text(policy: Any) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


def _changed_settings(before: Properties, after: Properties) -> list[dict[str, str]]:
    patches = []
    if "Name" in after and before.get("Name") != after["Name"]:
        patches.append(replacing("/name", after["Name"]))
    if before.get("Policy") != after.get("Policy"):
        patches.append(replacing("/policy", _text(after["Policy"]) if "Policy" in after else ""))
    if before.get("ApiKeySourceType", "HEADER") != after.get("ApiKeySourceType", "HEADER"):
        patches.append(replacing("/apiKeySource", after.get("ApiKeySourceType", "HEADER")))
    old, new = (each.get("EndpointConfiguration", {}) for each in (before, after))
    had, wanted = (each.get("Types", ["EDGE"])[0] for each in (old, new))
    if had != wanted:
        patches.append(replacing(f"/endpointConfiguration/types/{had}", wanted))
    if old.get("IpAddressType") != new.get("IpAddressType") and "IpAddressType" in new:
        patches.append(replacing("/endpointConfiguration/ipAddressType", new["IpAddressType"]))
    ids = [each.get("VpcEndpointIds", []) for each in (old, new)]
    path = "/endpointConfiguration/vpcEndpointIds"
    patches += [{"op": "remove", "path": path, "value": each} for each in ids[0] if each not in ids[1]]
    patches += [{"op": "add", "path": path, "value": each} for each in ids[1] if each not in ids[0]]
    return patches


def _changed_media_types(before: Properties, after: Properties) -> list[dict[str, str]]:
    old, new = (each.get("BinaryMediaTypes", []) for each in (before, after))
    gone = [{"op": "remove", "path": f"/binaryMediaTypes/{escaped(each)}"} for each in old if each not in new]
    added = [{"op": "add", "path": f"/binaryMediaTypes/{escaped(each)}"} for each in new if each not in old]
    return gone + added
