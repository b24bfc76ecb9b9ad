"""Operations on stages: the names under which deployments are served."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.model import MethodSetting, Stage
from cloudlet.services.apigateway.operations.rest_apis import refused
from cloudlet.services.apigateway.patches import Patch, patches_in
from cloudlet.services.apigateway.permissions import API, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_STAGE: Final = f"{API}/stages/{{stageName}}"
_NAME: Final = re.compile(r"[a-zA-Z0-9_\-]{1,128}")
_VARIABLE: Final = re.compile(r"[A-Za-z0-9_]+")
_VARIABLE_VALUE: Final = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]*")
_NOT_DONE: Final = {
    "cacheClusterEnabled": "stage caches",
    "canarySettings": "canary releases",
    "tracingEnabled": "X-Ray tracing",
    "clientCertificateId": "client certificates",
    "accessLogSettings": "access logs",
    "cacheClusterSize": "stage caches",
}
# As AWS prints them, its slips included.
_SETTING_PATHS: Final = (
    "metrics/enabled, /{0}/logging/dataTrace, /{0}/logging/loglevel, /{0}/throttling/burstLimit{1}"
    "/{0}/throttling/rateLimit{1}/{0}/caching/ttlInSeconds, /{0}/caching/enabled, "
    "/{0}/caching/dataEncrypted, "
    "/{0}/caching/requireAuthorizationForCacheControl, /{0}/caching/unauthorizedCacheControlHeaderStrategy"
)
_PATHS: Final = (
    "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, "
    "/accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, "
    f"/{{resourcePath}}/{{httpMethod}}/{_SETTING_PATHS.format('{resourcePath}/{httpMethod}', '')}, "
    f"/*/*/{_SETTING_PATHS.format('*/*', ' ')}, /variables/{{variable_name}}, /tracingEnabled"
)


def check_stage_name(name: str) -> None:
    """Raises BadRequestException for what is no stage's name."""
    if not _NAME.fullmatch(name):
        raise BadRequestException("Stage name only allows a-zA-Z0-9-_")


def check_variables(variables: Mapping[str, str]) -> None:
    """Raises BadRequestException for what stage variables cannot be called or hold."""
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name):
            raise BadRequestException(
                f"Stage variable name must only contain alphanumeric characters and underscores: {name}"
            )
        if not _VARIABLE_VALUE.fullmatch(value):
            raise BadRequestException(
                f"Stage variable value should match regex [A-Za-z0-9-._~:/?#&=,]+: {value}"
            )


@rest_operation("CreateStage", f"{API}/stages")
def create_stage(call: Call, request: api.CreateStageRequestTypeDef) -> dict[str, Any]:
    """Serves a deployment under a name."""
    for member in _NOT_DONE:
        if request.get(member):
            raise refused(_NOT_DONE[member])
    row = state.api(call, request["restApiId"])
    name = request["stageName"]
    check_stage_name(name)
    if state.find_stage(call, row.id, name) is not None:
        raise ConflictException("Stage already exists")
    _check_deployment(call, row.id, request["deploymentId"])
    check_variables(request.get("variables", {}))
    stage = Stage(
        name,
        request["deploymentId"],
        call.time(),
        call.time(),
        description=request.get("description"),
        documentation_version=request.get("documentationVersion"),
        variables={**request.get("variables", {})} or None,
        tags={**request.get("tags", {})} or None,
    )
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
    """Removes a stage; its deployment stays."""
    row = state.stage(call, request["restApiId"], request["stageName"])
    state.delete_stage(call, request["restApiId"], row.stage_name)


@rest_operation("UpdateStage", _STAGE)
def update_stage(call: Call, request: api.UpdateStageRequestTypeDef) -> dict[str, Any]:
    """Changes a stage, perhaps to show another deployment."""
    row = state.stage(call, request["restApiId"], request["stageName"])
    for patch in patches_in(request):
        row = _patched(call, request["restApiId"], row, patch)
    row = replace(row, last_updated_date=call.time())
    state.save_stage(call, request["restApiId"], row)
    return described(row)


def _check_deployment(call: Call, api_id: str, deployment_id: str) -> None:
    if state.find_deployment(call, api_id, deployment_id) is None:
        raise BadRequestException("Deployment id does not exist")


def _patched(call: Call, api_id: str, row: Stage, patch: Patch) -> Stage:
    head, *rest = patch.parts
    if head in _NOT_DONE and not (patch.op == "replace" and patch.text.lower() in ("", "false")):
        raise refused(_NOT_DONE[head])
    if head in _NOT_DONE:
        return row
    if head == "variables" and len(rest) == 1:
        return replace(row, variables=_variables(row.variables or {}, rest[0], patch))
    if head == "description" and not rest:
        return replace(row, description=patch.value or None)
    if head == "deploymentId" and not rest:
        _check_deployment(call, api_id, patch.text)
        return replace(row, deployment_id=patch.text)
    return replace(row, method_settings=_settings(row.method_settings, patch, [head, *rest]))


def _variables(variables: Mapping[str, str], name: str, patch: Patch) -> dict[str, str] | None:
    kept = {key: value for key, value in variables.items() if key != name}
    if patch.op == "remove":
        return kept or None
    check_variables({name: patch.text})
    return {**kept, name: patch.text}


def _settings(
    present: Mapping[str, MethodSetting], patch: Patch, parts: list[str]
) -> dict[str, MethodSetting]:
    settings = {**present}
    if patch.op == "remove" and len(parts) == 2:
        key = "/".join(parts).lstrip("/")
        if key not in settings:
            raise BadRequestException(
                f"Cannot remove method setting {key} because there is no method setting for this method "
            )
        del settings[key]
        return settings
    key, name = "/".join(parts[:-2]).lstrip("/"), "/".join(parts[-2:])
    if len(parts) < 4 or name not in _SETTINGS:
        raise BadRequestException(f"Invalid method setting path: {patch.path}. Must be one of: [{_PATHS}]")
    inherited = settings.get("*/*") or MethodSetting()
    field, read = _SETTINGS[name]
    value = _DEFAULTS[field] if patch.op == "remove" else read(patch)
    if field in _WITHOUT_EFFECT and value not in (_DEFAULTS[field], "OFF"):
        raise refused(_WITHOUT_EFFECT[field])
    settings[key] = replace(settings.get(key, inherited), **{field: value})
    return settings


def _flag(patch: Patch) -> bool:
    return patch.flag


def _text(patch: Patch) -> str | None:
    return patch.value


def _level(patch: Patch) -> str | None:
    if patch.text not in ("OFF", "ERROR", "INFO"):
        raise BadRequestException("Invalid logging level, must be one of: OFF, ERROR, INFO")
    return patch.text


def _integer(patch: Patch) -> int:
    try:
        return int(patch.text)
    except ValueError:
        raise BadRequestException(f"Invalid integer value specified: {patch.text}") from None


def _decimal(patch: Patch) -> float:
    try:
        return float(patch.text)
    except ValueError:
        raise BadRequestException(f"Invalid decimal value specified: {patch.text}") from None


_SETTINGS: Final[Mapping[str, tuple[str, Callable[[Patch], Any]]]] = {
    "metrics/enabled": ("metrics_enabled", _flag),
    "logging/dataTrace": ("data_trace_enabled", _flag),
    "logging/loglevel": ("logging_level", _level),
    "throttling/burstLimit": ("throttling_burst_limit", _integer),
    "throttling/rateLimit": ("throttling_rate_limit", _decimal),
    "caching/enabled": ("caching_enabled", _flag),
    "caching/ttlInSeconds": ("cache_ttl_in_seconds", _integer),
    "caching/dataEncrypted": ("cache_data_encrypted", _flag),
    "caching/requireAuthorizationForCacheControl": ("require_authorization_for_cache_control", _flag),
    "caching/unauthorizedCacheControlHeaderStrategy": ("unauthorized_cache_control_header_strategy", _text),
}
_DEFAULTS: Final[Mapping[str, Any]] = {each.name: each.default for each in fields(MethodSetting)}
# Settings of the cache have no effect at AWS either, as long as the stage has no cache cluster.
_WITHOUT_EFFECT: Final = {
    "data_trace_enabled": "execution logs",
    "logging_level": "execution logs",
    "metrics_enabled": "CloudWatch metrics",
    "throttling_burst_limit": "throttling",
    "throttling_rate_limit": "throttling",
}
