"""The properties of stages, and of deployments' stages, as patches from one state to the next.

Asks nobody anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.apigateway.resources.properties import escaped, flag, replacing

if TYPE_CHECKING:
    from cloudlet.core.resource import Properties

_METHOD_SETTINGS: Final = {
    "CacheDataEncrypted": "caching/dataEncrypted",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}
_TEXTS: Final = {
    "CacheClusterSize": "/cacheClusterSize",
    "ClientCertificateId": "/clientCertificateId",
    "Description": "/description",
    "DocumentationVersion": "/documentationVersion",
}
_FLAGS: Final = {"CacheClusterEnabled": "/cacheClusterEnabled", "TracingEnabled": "/tracingEnabled"}
STAGE: Final = frozenset(
    {
        *_TEXTS,
        *_FLAGS,
        "AccessLogSetting",
        "CanarySetting",
        "MethodSettings",
        "Tags",
        "Variables",
    }
)
"""What AWS::ApiGateway::Stage says of a stage beside its name and its deployment."""
DESCRIBED: Final = STAGE | _METHOD_SETTINGS.keys()
"""What a deployment's StageDescription may say."""


def variables(properties: Properties) -> dict[str, str]:
    """The stage's variables."""
    return {name: str(value) for name, value in properties.get("Variables", {}).items()}


def patches_between(before: Properties, after: Properties) -> list[dict[str, str]]:
    """The patches that make a stage with the properties `before` one with those `after`."""
    return [
        *_texts(before, after),
        *_variables(before, after),
        *_access_logs(before, after),
        *_canary(before, after),
        *_settings(before, after),
    ]


def _texts(before: Properties, after: Properties) -> list[dict[str, str]]:
    patches = []
    for name, path in _FLAGS.items():
        if flag(before.get(name, False)) != flag(after.get(name, False)):
            patches.append(replacing(path, flag(after.get(name, False))))
    for name, path in _TEXTS.items():
        if before.get(name) != after.get(name) and not (name == "CacheClusterSize" and name not in after):
            patches.append(replacing(path, after.get(name)))
    return patches


def _variables(before: Properties, after: Properties) -> list[dict[str, str]]:
    old, new = variables(before), variables(after)
    gone = [{"op": "remove", "path": f"/variables/{name}"} for name in old.keys() - new.keys()]
    return gone + [replacing(f"/variables/{name}", new[name]) for name in new if old.get(name) != new[name]]


def _access_logs(before: Properties, after: Properties) -> list[dict[str, str]]:
    old, new = before.get("AccessLogSetting", {}), after.get("AccessLogSetting", {})
    if old == new:
        return []
    if not new:
        return [{"op": "remove", "path": "/accessLogSettings"}]
    # A log group's ARN ends with :* in Fn::GetAtt, and without it here.
    arn = str(new.get("DestinationArn", "")).removesuffix(":*")
    found = {"destinationArn": arn, "format": new.get("Format")}
    return [replacing(f"/accessLogSettings/{name}", value) for name, value in found.items() if value]


def _canary(before: Properties, after: Properties) -> list[dict[str, str]]:
    old, new = before.get("CanarySetting", {}), after.get("CanarySetting", {})
    if old == new:
        return []
    patches = [{"op": "remove", "path": "/canarySettings"}] if old else []
    if not new:
        return patches
    root = "/canarySettings"
    for name, path in (("DeploymentId", "deploymentId"), ("PercentTraffic", "percentTraffic")):
        if name in new:
            patches.append(replacing(f"{root}/{path}", new[name]))
    if "UseStageCache" in new:
        patches.append(replacing(f"{root}/useStageCache", flag(new["UseStageCache"])))
    overrides = new.get("StageVariableOverrides", {})
    return patches + [
        replacing(f"{root}/stageVariableOverrides/{name}", value) for name, value in overrides.items()
    ]


def _settings(before: Properties, after: Properties) -> list[dict[str, str]]:
    old, new = _method_settings(before), _method_settings(after)
    if old == new:
        return []
    gone = [{"op": "remove", "path": f"/{key}"} for key in old]
    return gone + [
        replacing(f"/{key}/{path}", value) for key, values in new.items() for path, value in values.items()
    ]


def _method_settings(properties: Properties) -> dict[str, dict[str, Any]]:
    """The settings by method, those of all methods first, because others begin with them."""
    found: dict[str, dict[str, Any]] = {}
    everywhere = _values(properties)
    if everywhere:
        found["*/*"] = everywhere
    for each in properties.get("MethodSettings", ()):
        values = _values(each)
        if values:
            found.setdefault(_key(each), {}).update(values)
    return dict(sorted(found.items(), key=lambda item: item[0] != "*/*"))


def _values(properties: Properties) -> dict[str, Any]:
    return {path: properties[name] for name, path in _METHOD_SETTINGS.items() if name in properties}


def _key(setting: Properties) -> str:
    path = str(setting.get("ResourcePath", "/*"))
    return f"{'*' if path == '/*' else escaped(path)}/{setting.get('HttpMethod', '*')}"
