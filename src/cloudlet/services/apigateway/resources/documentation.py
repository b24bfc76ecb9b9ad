"""AWS::ApiGateway::DocumentationPart and ::DocumentationVersion.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cloudlet.core.resource import Provisioned, made_once
from cloudlet.services.apigateway.resources.properties import changed, members, removed, replacing

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class DocumentationPartType:
    """AWS::ApiGateway::DocumentationPart"""

    type_name = "AWS::ApiGateway::DocumentationPart"
    properties = frozenset({"Location", "Properties", "RestApiId"})
    required = frozenset({"Location", "Properties", "RestApiId"})
    create_only = frozenset({"Location", "RestApiId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the part."""
        location = properties["Location"]
        request = {
            **members(properties, ("RestApiId",)),
            "location": members(location, location),
            "properties": _text(properties),
        }

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateDocumentationPart", request)["id"])

        return self._provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Says something else."""
        named = {"restApiId": after["RestApiId"], "documentationPartId": physical_id}
        patches = [replacing("/properties", _text(after))]
        await call.ask("apigateway", "UpdateDocumentationPart", {**named, "patchOperations": patches})
        return self._provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the part."""
        request = {"restApiId": properties["RestApiId"], "documentationPartId": physical_id}
        await removed(call, "DeleteDocumentationPart", request)

    def _provisioned(self, part_id: str) -> Provisioned:
        return Provisioned(part_id, {"DocumentationPartId": part_id})


class DocumentationVersionType:
    """AWS::ApiGateway::DocumentationVersion"""

    type_name = "AWS::ApiGateway::DocumentationVersion"
    properties = frozenset({"Description", "DocumentationVersion", "RestApiId"})
    required = frozenset({"DocumentationVersion", "RestApiId"})
    create_only = frozenset({"DocumentationVersion", "RestApiId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Keeps the API's parts as they are now."""
        request = members(properties, self.properties)

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateDocumentationVersion", request)["version"])

        return Provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the description."""
        patches = changed(before, after, {"Description": "/description"})
        if patches:
            named = {"restApiId": after["RestApiId"], "documentationVersion": physical_id}
            await call.ask("apigateway", "UpdateDocumentationVersion", {**named, "patchOperations": patches})
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the version."""
        request = {"restApiId": properties["RestApiId"], "documentationVersion": physical_id}
        await removed(call, "DeleteDocumentationVersion", request)


def _text(properties: Properties) -> str:
    value: Any = properties["Properties"]
    return value if isinstance(value, str) else json.dumps(value)
