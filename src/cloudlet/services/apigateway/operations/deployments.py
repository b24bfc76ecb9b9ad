"""Operations on deployments: what an API was when it was deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.errors import BadRequestException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.model import Deployment, RestApi, Snapshot, Stage
from cloudlet.services.apigateway.operations.stages import canary
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import check_listed, patches_in
from cloudlet.services.apigateway.permissions import API, rest_operation
from cloudlet.services.apigateway.stage_patches import check_stage_name, check_variables, with_cache

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_DEPLOYMENT = f"{API}/deployments/{{deploymentId}}"


@rest_operation("CreateDeployment", f"{API}/deployments")
def create_deployment(call: Call, request: api.CreateDeploymentRequestTypeDef) -> dict[str, Any]:
    """Freezes an API as it stands, and shows it under a stage's name where one is given."""
    row = state.api(call, request["restApiId"])
    if "canarySettings" in request:
        _check_canary(call, row, request)
    snapshot = state.snapshot_of(call, row)
    _check_complete(snapshot)
    deployment = Deployment(call.ids.lower(6), call.time(), request.get("description"))
    state.save_deployment(call, row.id, deployment, snapshot)
    if request.get("stageName"):
        _show_under(call, row, deployment, request)
    return described(deployment)


@rest_operation("GetDeployment", _DEPLOYMENT)
def get_deployment(call: Call, request: api.GetDeploymentRequestTypeDef) -> dict[str, Any]:
    """Shows a deployment."""
    row = state.deployment(call, request["restApiId"], request["deploymentId"])
    snapshot = state.find_snapshot(call, request["restApiId"], row.id)
    if "apisummary" not in request.get("embed", ()) or snapshot is None:
        return described(row)
    return {**described(row), "apiSummary": _summary(snapshot)}


@rest_operation("GetDeployments", f"{API}/deployments")
def get_deployments(call: Call, request: api.GetDeploymentsRequestTypeDef) -> dict[str, Any]:
    """Lists an API's deployments."""
    rows = state.list_deployments(call, state.api(call, request["restApiId"]).id)
    return page_of([described(row) for row in rows], request)


@rest_operation("DeleteDeployment", _DEPLOYMENT)
def delete_deployment(call: Call, request: api.DeleteDeploymentRequestTypeDef) -> None:
    """Removes a deployment that no stage shows."""
    api_id = request["restApiId"]
    row = state.deployment(call, api_id, request["deploymentId"])
    if any(_shows(stage, row) for stage in state.list_stages(call, api_id)):
        raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
    state.delete_deployment(call, api_id, row.id)


@rest_operation("UpdateDeployment", _DEPLOYMENT)
def update_deployment(call: Call, request: api.UpdateDeploymentRequestTypeDef) -> dict[str, Any]:
    """Changes a deployment's description."""
    row = state.deployment(call, request["restApiId"], request["deploymentId"])
    for patch in patches_in(request):
        check_listed(patch, ("/description",))
        row = replace(row, description=patch.value or None)
    state.save_deployment(call, request["restApiId"], row)
    return described(row)


def _summary(snapshot: Snapshot) -> dict[str, Any]:
    return {
        resource.path: {
            verb: {"authorizationType": method.authorization_type, "apiKeyRequired": method.api_key_required}
            for verb, method in resource.methods.items()
        }
        for resource in snapshot.resources
        if resource.methods
    }


def _shows(stage: Stage, deployment: Deployment) -> bool:
    canary_settings = stage.canary_settings
    return deployment.id in (
        stage.deployment_id,
        canary_settings.deployment_id if canary_settings else stage.deployment_id,
    )


def _show_under(
    call: Call, row: RestApi, deployment: Deployment, request: api.CreateDeploymentRequestTypeDef
) -> None:
    name = request["stageName"]
    check_stage_name(name)
    now = call.time()
    stage = state.find_stage(call, row.id, name) or Stage(name, deployment.id, now, now)
    settings = canary(request.get("canarySettings"), deployment.id)
    if settings is None:
        stage = replace(stage, deployment_id=deployment.id, last_updated_date=now)
    else:
        stage = replace(stage, canary_settings=settings, last_updated_date=now)
    if request.get("stageDescription"):
        stage = replace(stage, description=request["stageDescription"])
    if request.get("variables"):
        check_variables(request["variables"])
        stage = replace(stage, variables={**(stage.variables or {}), **request["variables"]})
    if "tracingEnabled" in request:
        stage = replace(stage, tracing_enabled=request["tracingEnabled"])
    if "cacheClusterEnabled" in request:
        stage = with_cache(stage, request["cacheClusterEnabled"], request.get("cacheClusterSize"))
    state.save_stage(call, row.id, stage)


def _check_canary(call: Call, row: RestApi, request: api.CreateDeploymentRequestTypeDef) -> None:
    name = request.get("stageName")
    if not name:
        raise BadRequestException(
            "Invalid deployment content specified.Non null and non empty stageName must be provided for "
            f"canary deployment. Provided value is {'null' if name is None else name}"
        )
    if state.find_stage(call, row.id, name) is None:
        raise BadRequestException(
            f"Invalid deployment content specified.Stage {name} must already be created before making a "
            "canary release deployment"
        )


def _check_complete(snapshot: Snapshot) -> None:
    methods = [method for resource in snapshot.resources for method in resource.methods.values()]
    if not methods:
        raise BadRequestException("The REST API doesn't contain any methods")
    if any(method.method_integration is None for method in methods):
        raise BadRequestException("No integration defined for method")
