"""AWS::ApiGateway::Deployment and AWS::ApiGateway::Stage.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-deployment.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.resource import Provisioned, made_once
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.resources.properties import (
    flag,
    members,
    removed,
    replacing,
    retag,
    small,
    tags,
)
from cloudlet.services.apigateway.resources.stage_settings import DESCRIBED, STAGE, patches_between, variables

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class DeploymentType:
    """AWS::ApiGateway::Deployment"""

    type_name = "AWS::ApiGateway::Deployment"
    properties = frozenset(
        {"DeploymentCanarySettings", "Description", "RestApiId", "StageDescription", "StageName"}
    )
    required = frozenset({"RestApiId"})
    create_only = frozenset({"DeploymentCanarySettings", "RestApiId"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Deploys the API as it is now."""

        def make(inner: Call) -> str:
            request = members(properties, ("RestApiId", "Description"))
            if "DeploymentCanarySettings" in properties:
                request["stageName"] = properties["StageName"]
                request["canarySettings"] = _canary(properties["DeploymentCanarySettings"])
            deployment_id = str(inner.ask_within("apigateway", "CreateDeployment", request)["id"])
            if "StageName" in properties and "DeploymentCanarySettings" not in properties:
                _show(inner, properties, deployment_id, {})
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
                _show(inner, after, physical_id, {} if moved else _stage(before))

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
    properties = frozenset({*STAGE, "DeploymentId", "RestApiId", "StageName"})
    required = frozenset({"RestApiId", "StageName"})
    create_only = frozenset({"RestApiId", "StageName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the stage."""
        request = {
            **members(properties, ("RestApiId", "StageName", "DeploymentId", "DocumentationVersion")),
            "variables": variables(properties),
            "tags": {**context.tags, **tags(properties)},
        }

        def make(inner: Call) -> str:
            name = str(inner.ask_within("apigateway", "CreateStage", request)["stageName"])
            before = members_as_given(properties, ("Variables", "DocumentationVersion"))
            _patch(inner, properties, patches_between(before, properties))
            return name

        return Provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the stage in place, in one step."""
        patches = patches_between(before, after)
        if before.get("DeploymentId") != after.get("DeploymentId"):
            patches.insert(0, replacing("/deploymentId", after.get("DeploymentId")))
        await call.transact(lambda inner: _patch(inner, after, patches))
        stage = f"/restapis/{after['RestApiId']}/stages/{physical_id}"
        await retag(call, stage, tags(before), tags(after))
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the stage."""
        request = {"restApiId": properties["RestApiId"], "stageName": physical_id}
        await removed(call, "DeleteStage", request)


def members_as_given(properties: Properties, names: tuple[str, ...]) -> dict[str, Any]:
    """Some properties as the template has them, those that are there."""
    return {name: properties[name] for name in names if name in properties}


def _deployment(deployment_id: str) -> Provisioned:
    return Provisioned(deployment_id, {"DeploymentId": deployment_id})


def _stage(properties: Properties) -> Mapping[str, Any]:
    stage: Mapping[str, Any] = properties.get("StageDescription", {})
    return stage


def _canary(given: Properties) -> dict[str, Any]:
    settings: dict[str, Any] = {small(name): value for name, value in given.items()}
    if "percentTraffic" in settings:
        settings["percentTraffic"] = float(settings["percentTraffic"])
    if "useStageCache" in settings:
        settings["useStageCache"] = flag(settings["useStageCache"])
    return settings


def _show(call: Call, properties: Properties, deployment_id: str, before: Properties) -> None:
    """Has the stage that a deployment names show it; makes the stage where it is not there."""
    stage = _stage(properties)
    unknown = sorted(stage.keys() - DESCRIBED)
    if unknown:
        raise NotImplementedHere(f"cloudlet does not implement StageDescription.{unknown[0]} (yet).")
    api_id, name = properties["RestApiId"], properties["StageName"]
    named = {"RestApiId": api_id, "StageName": name}
    if state.find_stage(call, api_id, name) is None:
        request = {"restApiId": api_id, "stageName": name, "deploymentId": deployment_id, "tags": tags(stage)}
        call.ask_within("apigateway", "CreateStage", request)
    patches = [replacing("/deploymentId", deployment_id), *patches_between(before, stage)]
    _patch(call, named, patches)


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
