"""What a patch does to a stage: its own members, access logs, the canary and its promotion, method settings.

Knows no row but the stage; whether deployments and certificates are there is the caller's to ask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import asdict, replace

from cloudlet.services.apigateway.errors import BadRequestException
from cloudlet.services.apigateway.model import AccessLogSettings, CanarySettings, MethodSetting, Stage
from cloudlet.services.apigateway.patches import Patch

_NAME: Final = re.compile(r"[a-zA-Z0-9_\-]{1,128}")
_VARIABLE: Final = re.compile(r"[A-Za-z0-9_]+")
_VARIABLE_VALUE: Final = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]*")
CACHE_SIZES: Final = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
_STRATEGIES: Final = (
    "FAIL_WITH_403",
    "SUCCEED_WITH_RESPONSE_HEADER",
    "SUCCEED_WITHOUT_RESPONSE_HEADER",
)
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
_PROMOTIONS: Final = {
    "/deploymentId": "/canarySettings/deploymentId",
    "/variables": "/canarySettings/stageVariableOverrides",
}


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


def with_cache(row: Stage, enabled: bool, size: str | None) -> Stage:
    """The stage with a cache cluster or without; a cluster is available at once."""
    if not enabled:
        return replace(
            row, cache_cluster_enabled=False, cache_cluster_status="NOT_AVAILABLE", cache_cluster_size=size
        )
    return replace(
        row,
        cache_cluster_enabled=True,
        cache_cluster_status="AVAILABLE",
        cache_cluster_size=size or row.cache_cluster_size or CACHE_SIZES[0],
    )


def patched_stage(row: Stage, patch: Patch) -> Stage:
    """The stage after one step. Raises BadRequestException."""
    head, *rest = patch.parts
    if patch.op == "copy":
        return _promoted(row, patch)
    if head == "accessLogSettings":
        return _with_access_logs(row, patch, rest)
    if head == "canarySettings":
        return _with_canary(row, patch, rest)
    if head == "variables" and len(rest) == 1:
        return replace(row, variables=patched_variables(row.variables, rest[0], patch))
    if not rest and head in _MEMBERS:
        return _MEMBERS[head](row, patch)
    return replace(row, method_settings=_settings(row.method_settings, patch))


def patched_variables(variables: Mapping[str, str] | None, name: str, patch: Patch) -> dict[str, str] | None:
    """Stage variables after one of them was changed or removed."""
    kept = {key: value for key, value in (variables or {}).items() if key != name}
    if patch.op == "remove":
        return kept or None
    check_variables({name: patch.text})
    return {**kept, name: patch.text}


def _described_as(row: Stage, patch: Patch) -> Stage:
    return replace(row, description=patch.value or None)


def _deployed(row: Stage, patch: Patch) -> Stage:
    return replace(row, deployment_id=patch.text)


def _cached(row: Stage, patch: Patch) -> Stage:
    return with_cache(row, patch.flag, row.cache_cluster_size)


def _sized(row: Stage, patch: Patch) -> Stage:
    if patch.text not in CACHE_SIZES:
        raise BadRequestException(f"Invalid cache cluster size. Valid values are: {list(CACHE_SIZES)}")
    return with_cache(row, row.cache_cluster_enabled, patch.text)


def _certified(row: Stage, patch: Patch) -> Stage:
    return replace(row, client_certificate_id=None if patch.op == "remove" else patch.value or None)


def _traced(row: Stage, patch: Patch) -> Stage:
    return replace(row, tracing_enabled=patch.flag)


def _documented(row: Stage, patch: Patch) -> Stage:
    return replace(row, documentation_version=None if patch.op == "remove" else patch.value or None)


_MEMBERS: Final[Mapping[str, Callable[[Stage, Patch], Stage]]] = {
    "deploymentId": _deployed,
    "description": _described_as,
    "cacheClusterEnabled": _cached,
    "cacheClusterSize": _sized,
    "clientCertificateId": _certified,
    "documentationVersion": _documented,
    "tracingEnabled": _traced,
}


def _with_access_logs(row: Stage, patch: Patch, rest: list[str]) -> Stage:
    if patch.op == "remove":
        if not rest:
            return replace(row, access_log_settings=None)
        return replace(row, method_settings=_settings(row.method_settings, patch))
    if rest not in (["destinationArn"], ["format"]):
        raise BadRequestException(
            "Invalid accessLogSettings path. Must be one of : "
            "[/accessLogSettings/destinationArn, /accessLogSettings/format]"
        )
    if not patch.value:
        raise BadRequestException("Access Log value must not be empty")
    settings = row.access_log_settings or AccessLogSettings()
    if rest == ["format"]:
        return replace(row, access_log_settings=replace(settings, format=patch.value))
    return replace(row, access_log_settings=replace(settings, destination_arn=patch.value))


def _with_canary(row: Stage, patch: Patch, rest: list[str]) -> Stage:
    if patch.op == "remove" and not rest:
        return replace(row, canary_settings=None)
    is_variable = len(rest) == 2 and rest[0] == "stageVariableOverrides"
    if patch.op == "remove" and not (is_variable and row.canary_settings):
        return replace(row, method_settings=_settings(row.method_settings, patch))
    if patch.op == "add":
        raise BadRequestException(f"Invalid add operation with path: {patch.path}")
    canary = row.canary_settings or CanarySettings(row.deployment_id)
    if is_variable:
        overrides = patched_variables(canary.stage_variable_overrides, rest[1], patch)
        return replace(row, canary_settings=replace(canary, stage_variable_overrides=overrides))
    if rest == ["deploymentId"]:
        return replace(row, canary_settings=replace(canary, deployment_id=patch.text))
    if rest == ["percentTraffic"]:
        return replace(row, canary_settings=replace(canary, percent_traffic=_percent(patch.decimal)))
    if rest == ["useStageCache"]:
        return replace(row, canary_settings=replace(canary, use_stage_cache=patch.flag))
    raise _unknown(patch)


def _percent(value: float) -> float:
    if not 0 <= value <= 100:
        raise BadRequestException("Percent traffic must be between 0.0 and 100.0")
    return value


def _promoted(row: Stage, patch: Patch) -> Stage:
    if _PROMOTIONS.get(patch.path) != patch.source:
        raise BadRequestException(
            f"Invalid copy operation with path: {patch.path} and from {patch.source}. "
            f"Valid copy:path are [{', '.join(_PROMOTIONS)}] and "
            f"valid copy:from are [{', '.join(_PROMOTIONS.values())}]"
        )
    canary = row.canary_settings
    if canary is None:
        raise BadRequestException("Promotion not available. Canary does not exist.")
    if patch.path == "/deploymentId":
        return replace(row, deployment_id=canary.deployment_id)
    variables = {**(row.variables or {}), **(canary.stage_variable_overrides or {})}
    return replace(row, variables=variables or None)


def _unknown(patch: Patch) -> BadRequestException:
    return BadRequestException(f"Invalid method setting path: {patch.path}. Must be one of: [{_PATHS}]")


def _settings(present: Mapping[str, MethodSetting], patch: Patch) -> dict[str, MethodSetting]:
    # The keys stay escaped, as AWS shows them: ~1resource/GET.
    settings, parts = {**present}, patch.path.split("/")[1:]
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
        raise _unknown(patch)
    inherited = settings.get("*/*") or MethodSetting()
    field, read = _SETTINGS[name]
    value = _DEFAULTS[field] if patch.op == "remove" else read(patch)
    settings[key] = replace(settings.get(key, inherited), **{field: value})
    return settings


def _flag(patch: Patch) -> bool:
    return patch.flag


def _integer(patch: Patch) -> int:
    return patch.integer


def _decimal(patch: Patch) -> float:
    return patch.decimal


def _seconds(patch: Patch) -> int:
    if not 0 <= patch.integer <= 3600:
        raise BadRequestException("Cache TTL must be between 0 and 3600 seconds, inclusive")
    return patch.integer


def _strategy(patch: Patch) -> str:
    if patch.text not in _STRATEGIES:
        raise BadRequestException(
            f"Invalid unauthorized cache control header strategy, must be one of: {', '.join(_STRATEGIES)}"
        )
    return patch.text


def _level(patch: Patch) -> str:
    if patch.text not in ("OFF", "ERROR", "INFO"):
        raise BadRequestException("Invalid logging level, must be one of: OFF, ERROR, INFO")
    return patch.text


_SETTINGS: Final[Mapping[str, tuple[str, Callable[[Patch], Any]]]] = {
    "metrics/enabled": ("metrics_enabled", _flag),
    "logging/dataTrace": ("data_trace_enabled", _flag),
    "logging/loglevel": ("logging_level", _level),
    "throttling/burstLimit": ("throttling_burst_limit", _integer),
    "throttling/rateLimit": ("throttling_rate_limit", _decimal),
    "caching/enabled": ("caching_enabled", _flag),
    "caching/ttlInSeconds": ("cache_ttl_in_seconds", _seconds),
    "caching/dataEncrypted": ("cache_data_encrypted", _flag),
    "caching/requireAuthorizationForCacheControl": ("require_authorization_for_cache_control", _flag),
    "caching/unauthorizedCacheControlHeaderStrategy": (
        "unauthorized_cache_control_header_strategy",
        _strategy,
    ),
}
_DEFAULTS: Final[Mapping[str, Any]] = asdict(MethodSetting())
