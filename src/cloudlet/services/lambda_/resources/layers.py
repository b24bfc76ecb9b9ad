"""AWS::Lambda::LayerVersion and AWS::Lambda::LayerVersionPermission.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-layerversion.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.resource import Provisioned, ask_once, noted
from cloudlet.services.lambda_ import state
from cloudlet.services.lambda_.errors import ResourceNotFoundException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_NAME_LIMIT: Final = 64
_ID_LIMIT: Final = 100


class LayerVersionType:
    """AWS::Lambda::LayerVersion"""

    type_name = "AWS::Lambda::LayerVersion"
    properties = frozenset(
        {
            "CompatibleArchitectures",
            "CompatibleRuntimes",
            "Content",
            "Description",
            "LayerName",
            "LicenseInfo",
        }
    )
    required = frozenset({"Content"})
    create_only = properties

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Publishes a version. Run again, it finds the one that followed when it began."""
        name = properties.get("LayerName") or context.generated_name(_NAME_LIMIT)
        number = await noted(call, context, "version", lambda inner: _next_version(inner, name))
        if context.rerun and await call.transact(
            lambda inner: _is_there(inner, name, number), read_only=True
        ):
            return _layer_version(call.arn(f"layer:{name}:{number}"))
        made = await call.ask("lambda", "PublishLayerVersion", {**properties, "LayerName": name})
        return _layer_version(made["LayerVersionArn"])

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Nothing of a layer version can change in place."""
        return _layer_version(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the version."""
        await call.ask("lambda", "DeleteLayerVersion", _version_of(physical_id))


class LayerVersionPermissionType:
    """AWS::Lambda::LayerVersionPermission"""

    type_name = "AWS::Lambda::LayerVersionPermission"
    properties = frozenset({"Action", "LayerVersionArn", "OrganizationId", "Principal"})
    required = frozenset({"Action", "LayerVersionArn", "Principal"})
    create_only = properties

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Adds the statement."""
        statement_id = context.generated_name(_ID_LIMIT)
        arn = properties["LayerVersionArn"]
        request = {
            **{key: str(value) for key, value in properties.items() if key != "LayerVersionArn"},
            **_version_of(arn),
            "StatementId": statement_id,
        }
        made = await ask_once(
            call,
            context,
            "lambda",
            "AddLayerVersionPermission",
            request,
            lambda _: f"{arn}#{statement_id}",
        )
        return _layer_permission(made)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Nothing of a permission can change in place."""
        return _layer_permission(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the statement; one that is gone already is no error."""
        arn, _, statement_id = physical_id.rpartition("#")
        request = {**_version_of(arn), "StatementId": statement_id}
        try:
            await call.ask("lambda", "RemoveLayerVersionPermission", request)
        except ResourceNotFoundException:
            return


def _next_version(call: Call, name: str) -> str:
    layer = state.find_layer(call, call.account, call.region, name)
    return str(1 if layer is None else layer.last_version + 1)


def _is_there(call: Call, name: str, number: str) -> bool:
    return state.find_layer_version(call, call.account, call.region, name, int(number)) is not None


def _layer_version(arn: str) -> Provisioned:
    return Provisioned(arn, {"LayerVersionArn": arn})


def _layer_permission(physical_id: str) -> Provisioned:
    return Provisioned(physical_id, {"Id": physical_id})


def _version_of(arn: str) -> dict[str, Any]:
    layer, _, number = arn.rpartition(":")
    return {"LayerName": layer, "VersionNumber": int(number)}
