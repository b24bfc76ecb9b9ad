"""AWS::ApiGateway::Deployment and AWS::ApiGateway::Stage.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-deployment.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.resource import Provisioned, made_once
from cloudlet.services.apigateway import state
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

_SETTINGS: Final = {
    "CacheDataEncrypted": "caching/dataEncrypted",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}
_SWITCHES: Final = ("CacheClusterEnabled", "TracingEnabled")


class DeploymentType:
    """AWS::ApiGateway::Deployment"""

    type_name = "AWS::ApiGateway::Deployment"
    properties = frozenset({"Description", "RestApiId", "StageDescription", "StageName"})
    required = frozenset({"RestApiId"})
    create_only = frozenset({"RestApiId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Deploys the API as it is now."""

        def make(inner: Call) -> str:
            request = members(properties, ("RestApiId", "Description"))
            deployment_id = str(inner.ask_within("apigateway", "CreateDeployment", request)["id"])
            if "StageName" in properties:
                _show(inner, properties, deployment_id)
            return deployment_id

        return _deployment(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the description and the stage; what was deployed stays as it was."""

        def work(inner: Call) -> None:
            if before.get("Description") != after.get("Description"):
                patch = replacing("/description", after.get("Description"))
                request = {"restApiId": after["RestApiId"], "deploymentId": physical_id}
                inner.ask_within("apigateway", "UpdateDeployment", {**request, "patchOperations": [patch]})
            moved = before.get("StageName") != after.get("StageName")
            if moved and "StageName" in before:
                _hide(inner, before, physical_id)
            if "StageName" in after and (moved or _stage(before) != _stage(after)):
                _show(inner, after, physical_id)

        await call.transact(work)
        return _deployment(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the deployment, and the stage of its own that still shows it."""
        if "StageName" in properties:
            await call.transact(lambda inner: _hide(inner, properties, physical_id))
        request = {"restApiId": properties["RestApiId"], "deploymentId": physical_id}
        await removed(call, "DeleteDeployment", request)


class StageType:
    """AWS::ApiGateway::Stage"""

    type_name = "AWS::ApiGateway::Stage"
    properties = frozenset(
        {
            *_SWITCHES,
            "DeploymentId",
            "Description",
            "DocumentationVersion",
            "MethodSettings",
            "RestApiId",
            "StageName",
            "Tags",
            "Variables",
        }
    )
    required = frozenset({"RestApiId", "StageName"})
    create_only = frozenset({"DocumentationVersion", "RestApiId", "StageName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the stage."""
        _refuse_switches(properties)
        known = ("RestApiId", "StageName", "DeploymentId", "Description", "DocumentationVersion")
        request = {
            **members(properties, known),
            "variables": _variables(properties),
            "tags": {**context.tags, **tags(properties)},
        }

        def make(inner: Call) -> str:
            name = str(inner.ask_within("apigateway", "CreateStage", request)["stageName"])
            _patch(inner, properties, _settings(properties))
            return name

        return Provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the stage in place, in one step."""
        _refuse_switches(after)
        patches = [
            replacing(path, after.get(name))
            for name, path in (("DeploymentId", "/deploymentId"), ("Description", "/description"))
            if before.get(name) != after.get(name)
        ]
        old, new = _variables(before), _variables(after)
        patches += [{"op": "remove", "path": f"/variables/{name}"} for name in old.keys() - new.keys()]
        patches += [replacing(f"/variables/{name}", new[name]) for name in new if old.get(name) != new[name]]
        gone = {_setting_key(each) for each in before.get("MethodSettings", ())}
        patches += [{"op": "remove", "path": f"/{key}"} for key in sorted(gone)]
        patches += _settings(after)
        await call.transact(lambda inner: _patch(inner, after, patches))
        await _retag(call, after, tags(before), tags(after))
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the stage."""
        request = {"restApiId": properties["RestApiId"], "stageName": physical_id}
        await removed(call, "DeleteStage", request)


def _deployment(deployment_id: str) -> Provisioned:
    return Provisioned(deployment_id, {"DeploymentId": deployment_id})


def _stage(properties: Properties) -> Mapping[str, Any]:
    stage: Mapping[str, Any] = properties.get("StageDescription", {})
    return stage


def _show(call: Call, properties: Properties, deployment_id: str) -> None:
    """Has the stage that a deployment names show it; makes the stage where it is not there."""
    stage = _stage(properties)
    _refuse_switches(stage)
    unknown = sorted(stage.keys() - {"Description", "Variables", "Tags", "MethodSettings", *_SWITCHES})
    if unknown:
        raise NotImplementedHere(f"cloudlet does not implement StageDescription.{unknown[0]} (yet).")
    api_id, name = properties["RestApiId"], properties["StageName"]
    named = {"RestApiId": api_id, "StageName": name}
    if state.find_stage(call, api_id, name) is None:
        request = {"restApiId": api_id, "stageName": name, "deploymentId": deployment_id, "tags": tags(stage)}
        call.ask_within("apigateway", "CreateStage", request)
    patches = [replacing("/deploymentId", deployment_id)]
    if "Description" in stage:
        patches.append(replacing("/description", stage["Description"]))
    patches += [replacing(f"/variables/{key}", value) for key, value in _variables(stage).items()]
    _patch(call, named, patches + _settings(stage))


def _hide(call: Call, properties: Properties, deployment_id: str) -> None:
    """Removes the stage that a deployment names, unless it shows another one by now."""
    stage = state.find_stage(call, properties["RestApiId"], properties["StageName"])
    if stage is not None and stage.deployment_id == deployment_id:
        request = {"restApiId": properties["RestApiId"], "stageName": stage.stage_name}
        call.ask_within("apigateway", "DeleteStage", request)


def _patch(call: Call, properties: Properties, patches: list[dict[str, str]]) -> None:
    if patches:
        request = {**members(properties, ("RestApiId", "StageName")), "patchOperations": patches}
        call.ask_within("apigateway", "UpdateStage", request)


def _variables(properties: Properties) -> dict[str, str]:
    return {name: str(value) for name, value in properties.get("Variables", {}).items()}


def _setting_key(setting: Properties) -> str:
    path = str(setting.get("ResourcePath", "/*"))
    return f"{'*' if path == '/*' else escaped(path)}/{setting.get('HttpMethod', '*')}"


def _settings(properties: Properties) -> list[dict[str, str]]:
    return [
        replacing(f"/{_setting_key(setting)}/{path}", setting[name])
        for setting in properties.get("MethodSettings", ())
        for name, path in _SETTINGS.items()
        if name in setting
    ]


def _refuse_switches(properties: Properties) -> None:
    for name in _SWITCHES:
        if flag(properties.get(name, False)):
            raise NotImplementedHere(f"cloudlet does not implement {name} of stages (yet).")


async def _retag(call: Call, properties: Properties, before: dict[str, str], after: dict[str, str]) -> None:
    stage = f"{properties['RestApiId']}/stages/{properties['StageName']}"
    arn = f"arn:aws:apigateway:{call.region}::/restapis/{stage}"
    if gone := sorted(before.keys() - after.keys()):
        await call.ask("apigateway", "UntagResource", {"resourceArn": arn, "tagKeys": gone})
    if before != after and after:
        await call.ask("apigateway", "TagResource", {"resourceArn": arn, "tags": after})
