"""Operations on stages: the names under which deployments are served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import network_state, state, usage_state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException, refused
from cloudlet.services.apigateway.members import described, given
from cloudlet.services.apigateway.model import CanarySettings, Stage
from cloudlet.services.apigateway.patches import patches_in
from cloudlet.services.apigateway.permissions import API, rest_operation
from cloudlet.services.apigateway.stage_patches import (
    check_stage_name,
    check_variables,
    patched_stage,
    with_cache,
)

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_STAGE: Final = f"{API}/stages/{{stageName}}"


@rest_operation("CreateStage", f"{API}/stages")
def create_stage(call: Call, request: api.CreateStageRequestTypeDef) -> dict[str, Any]:
    """Serves a deployment under a name."""
    row = state.api(call, request["restApiId"])
    name = request["stageName"]
    check_stage_name(name)
    if state.find_stage(call, row.id, name) is not None:
        raise ConflictException("Stage already exists")
    stage = Stage(
        name,
        request["deploymentId"],
        call.time(),
        call.time(),
        description=request.get("description"),
        documentation_version=request.get("documentationVersion"),
        variables={**request.get("variables", {})} or None,
        tracing_enabled=request.get("tracingEnabled", False),
        tags={**request.get("tags", {})} or None,
        canary_settings=canary(request.get("canarySettings"), request["deploymentId"]),
    )
    size = request.get("cacheClusterSize")
    stage = with_cache(stage, request.get("cacheClusterEnabled", False), size)
    _check(call, row.id, stage)
    state.save_stage(call, row.id, stage)
    return described(stage)


@rest_operation("GetStage", _STAGE)
def get_stage(call: Call, request: api.GetStageRequestTypeDef) -> dict[str, Any]:
    """Shows a stage."""
    return described(state.stage(call, request["restApiId"], request["stageName"]))


@rest_operation("GetStages", f"{API}/stages")
def get_stages(call: Call, request: api.GetStagesRequestTypeDef) -> dict[str, Any]:
    """Lists an API's stages, or those that show one deployment."""
    rows = state.list_stages(call, state.api(call, request["restApiId"]).id)
    wanted = request.get("deploymentId")
    return {"item": [described(row) for row in rows if wanted is None or row.deployment_id == wanted]}


@rest_operation("DeleteStage", _STAGE)
def delete_stage(call: Call, request: api.DeleteStageRequestTypeDef) -> None:
    """Removes a stage, also from usage plans; its deployment stays."""
    row = state.stage(call, request["restApiId"], request["stageName"])
    usage_state.forget_stage(call, request["restApiId"], row.stage_name)
    state.delete_stage(call, request["restApiId"], row.stage_name)


@rest_operation("UpdateStage", _STAGE)
def update_stage(call: Call, request: api.UpdateStageRequestTypeDef) -> dict[str, Any]:
    """Changes a stage, perhaps to show another deployment."""
    row = state.stage(call, request["restApiId"], request["stageName"])
    for patch in patches_in(request):
        row = patched_stage(row, patch)
        _check(call, request["restApiId"], row)
    row = replace(row, last_updated_date=call.time())
    state.save_stage(call, request["restApiId"], row)
    return described(row)


@rest_operation("FlushStageCache", f"{_STAGE}/cache/data")
def flush_stage_cache(call: Call, request: api.FlushStageCacheRequestTypeDef) -> None:
    """Empties a stage's cache."""
    row = state.stage(call, request["restApiId"], request["stageName"])
    state.flush_cache(call, request["restApiId"], row.stage_name)


@rest_operation("FlushStageAuthorizersCache", f"{_STAGE}/cache/authorizers")
def flush_stage_authorizers_cache(call: Call, request: api.FlushStageAuthorizersCacheRequestTypeDef) -> None:
    """Forgets what a stage's authorizers answered."""
    row = state.stage(call, request["restApiId"], request["stageName"])
    state.flush_authorizers(call, request["restApiId"], row.stage_name)


def canary(settings: Mapping[str, Any] | None, deployment_id: str) -> CanarySettings | None:
    """The canary that a request asks for, with a deployment where it names none."""
    if settings is None:
        return None
    check_variables(settings.get("stageVariableOverrides", {}))
    known = {"deployment_id": settings.get("deploymentId", deployment_id)}
    return given(CanarySettings, settings, **known)


def _check(call: Call, api_id: str, row: Stage) -> None:
    shown = {
        row.deployment_id,
        row.canary_settings.deployment_id if row.canary_settings else row.deployment_id,
    }
    if any(state.find_deployment(call, api_id, each) is None for each in shown):
        raise BadRequestException("Deployment id does not exist")
    check_variables(row.variables or {})
    certificate = row.client_certificate_id
    if certificate is not None and network_state.find_certificate(call, certificate) is None:
        raise BadRequestException("Invalid Client Certificate identifier specified")
    if row.access_log_settings and ":firehose:" in (row.access_log_settings.destination_arn or ""):
        raise refused("Firehose as a destination of access logs")
    if _writes_logs(row) and state.account(call).cloudwatch_role_arn is None:
        raise BadRequestException(
            "CloudWatch Logs role ARN must be set in account settings to enable logging"
        )


def _writes_logs(row: Stage) -> bool:
    levels = (each.logging_level for each in row.method_settings.values())
    logs = row.access_log_settings
    if logs is not None and logs.destination_arn is not None and ":logs:" in logs.destination_arn:
        return True
    return any(level not in (None, "OFF") for level in levels)
