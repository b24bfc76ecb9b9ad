"""A stage's deployment, made ready: routes, mappings and templates are compiled once, then only read.

Immutable, whatever becomes of the API: nothing here looks into the store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field

from cloudlet.core.access import PolicyDocument
from cloudlet.core.http import Tls
from cloudlet.services.apigateway.integration_uris import ServiceUri
from cloudlet.services.apigateway.model import (
    Integration,
    IntegrationResponse,
    Method,
    MethodSetting,
    RequestValidator,
    Resource,
    Serving,
    Snapshot,
)

from .access_log import AccessLog
from .authorizers.authorizer import CompiledAuthorizer
from .authorizers.authorizer import compiled as compile_authorizer
from .execution_log import Level
from .gateway_responses import GatewayResponses
from .headers import may_be_mapped
from .java_regex import Pattern, PatternError
from .java_regex import pattern as java_pattern
from .mapping import Source, request_source, response_source
from .metrics import StageSeries
from .payload import BinaryMediaTypes
from .routing import Routes
from .templates import Templates
from .tracing import Sampler
from .validation import BodyValidator

_STAGE_VARIABLE: Final = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


class CompiledResponse(Struct, frozen=True):
    """An integration response."""

    status: int
    pattern: Pattern | None
    """None selects by default, and so does a pattern that breaks the grammar never."""
    is_default: bool
    headers: tuple[tuple[str, Source], ...]
    templates: Templates
    content_handling: str | None


class CompiledIntegration(Struct, frozen=True):
    """An integration."""

    type: str
    http_method: str
    uri: str
    """With the stage's variables in place."""
    service: ServiceUri | None
    credentials: str | None
    timeout_seconds: float
    passthrough: str
    content_handling: str | None
    maps_forbidden: bool
    """Whether it gives the request a header that AWS does not let it give: every request fails then."""
    headers: tuple[tuple[str, Source], ...]
    querystring: tuple[tuple[str, Source], ...]
    path: tuple[tuple[str, Source], ...]
    templates: Templates
    responses: tuple[CompiledResponse, ...]
    default_response: CompiledResponse | None
    cache_namespace: str
    cache_key: tuple[Source, ...]
    streams: bool
    """Whether the client gets the answer as it comes."""
    vpc_link: str | None
    """The link that leads to its backend."""
    tls: Tls | None
    """How it meets a backend over TLS, where that is not as usual."""


class CompiledMethod(Struct, frozen=True):
    """A method with what it does."""

    http_method: str
    resource_id: str
    resource_path: str
    authorization_type: str
    required_parameters: tuple[tuple[str, str], ...]
    """Place and name, where a validator asks for them."""
    body_validator: BodyValidator | None
    integration: CompiledIntegration
    authorizer: CompiledAuthorizer | None
    authorization_scopes: tuple[str, ...]
    api_key_required: bool
    settings: MethodSetting
    has_own_settings: bool
    """Whether the settings are the method's, rather than those of all methods."""
    log_level: Level | None
    """None where nobody reads the execution log."""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the other methods of its stage."""
        return self.resource_id, self.http_method


class CompiledStage(Struct, frozen=True):
    """A stage."""

    account: str
    region: str
    api_id: str
    api_name: str
    name: str
    deployment_id: str
    variables: Mapping[str, str]
    disabled: bool
    """Whether only domain names lead to it."""
    policy: PolicyDocument | None
    """Whom the API's owner lets in, or keeps out."""
    api_key_source: str
    has_cache: bool
    cache_epoch: str
    authorizers_epoch: str
    access_log: AccessLog | None
    sampler: Sampler | None
    """Where the stage traces actively."""
    canary_known: bool
    """Whether a part of the requests may be served by another deployment."""
    is_canary: bool
    canary_uses_cache: bool
    binary_media_types: BinaryMediaTypes
    minimum_compression_size: int | None
    routes: Routes[CompiledMethod]
    gateway_responses: GatewayResponses
    steps: dict[tuple[str, str], tuple[Any, ...]] = field(default_factory=dict)
    """What `steps.py` has found out about each method, by its key."""
    series: dict[tuple[str, str] | None, tuple[StageSeries, ...]] = field(default_factory=dict)
    """What `metrics.py` counts for each method with metrics of its own, by its key, and for all others."""


def compile_stage(
    serving: Serving, snapshot: Snapshot, log_level: Level | None = None, *, is_canary: bool = False
) -> CompiledStage:
    """A stage's deployment, ready to serve; with a log level, every method logs at it."""
    stage, api = serving.stage, snapshot.api
    variables = stage.variables or {}
    routes: Routes[CompiledMethod] = Routes()
    compiling = _Compiling(snapshot, serving, log_level)
    canary = stage.canary_settings
    for resource in snapshot.resources:
        methods = {
            name: compiling.method(resource, method)
            for name, method in resource.methods.items()
            if method.method_integration is not None
        }
        routes.add(resource.path, methods)
    return CompiledStage(
        account=serving.account,
        region=serving.region,
        api_id=api.id,
        api_name=api.name,
        name=stage.stage_name,
        deployment_id=stage.deployment_id,
        variables=variables,
        disabled=api.disable_execute_api_endpoint,
        policy=PolicyDocument(f"policy of {api.id}", api.policy) if api.policy else None,
        api_key_source=api.api_key_source,
        has_cache=stage.cache_cluster_enabled,
        cache_epoch=serving.cache_epoch,
        authorizers_epoch=serving.authorizers_epoch,
        access_log=AccessLog.of(stage),
        sampler=Sampler() if stage.tracing_enabled else None,
        canary_known=canary is not None,
        is_canary=is_canary,
        canary_uses_cache=canary is not None and canary.use_stage_cache,
        binary_media_types=BinaryMediaTypes(api.binary_media_types or ()),
        minimum_compression_size=api.minimum_compression_size,
        routes=routes,
        gateway_responses=GatewayResponses(snapshot.gateway_responses),
    )


def with_stage_variables(text: str, variables: Mapping[str, str]) -> str:
    """A URI or ARN with its ${stageVariables.x} in place; one that is not set is nothing."""
    return _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), text)


class _Compiling:
    """What the methods of one deployment share."""

    def __init__(self, snapshot: Snapshot, serving: Serving, log_level: Level | None) -> None:
        stage = serving.stage
        self._certificate = serving.certificate, serving.private_key
        self._settings = {
            key.replace("~1", "/").lstrip("/"): each for key, each in stage.method_settings.items()
        }
        self._log_level = log_level
        self._validators = {each.id: each for each in snapshot.validators}
        self._models = {each.name: each.schema for each in snapshot.models}
        self._variables = stage.variables or {}
        self._authorizers = {
            each.id: compile_authorizer(each, lambda text: with_stage_variables(text, self._variables))
            for each in snapshot.authorizers
        }

    def method(self, resource: Resource, method: Method) -> CompiledMethod:
        """A method that has an integration."""
        if method.method_integration is None:
            raise ValueError(f"{method.http_method} {resource.path} has no integration")
        own = self._settings.get(f"{resource.path}/{method.http_method}".lstrip("/"))
        settings = own or self._settings.get("*/*") or MethodSetting()
        validator = self._validators.get(method.request_validator_id or "")
        return CompiledMethod(
            method.http_method,
            resource.id,
            resource.path,
            method.authorization_type,
            _required(method) if validator and validator.validate_request_parameters else (),
            self._body_validator(method, validator),
            self._integration(method.method_integration),
            self._authorizers.get(method.authorizer_id or ""),
            tuple(method.authorization_scopes or ()),
            method.api_key_required,
            settings,
            own is not None,
            _level_of(settings) if self._log_level is None else self._log_level,
        )

    def _body_validator(self, method: Method, validator: RequestValidator | None) -> BodyValidator | None:
        if validator is None or not validator.validate_request_body or not method.request_models:
            return None
        return BodyValidator(method.request_models, self._models)

    def _integration(self, row: Integration) -> CompiledIntegration:
        mappings = [_mapping(*each) for each in (row.request_parameters or {}).items()]
        responses = [_response(each) for each in (row.integration_responses or {}).values()]
        uri = with_stage_variables(row.uri or "", self._variables)
        credentials = with_stage_variables(row.credentials or "", self._variables)
        return CompiledIntegration(
            type=row.type,
            http_method=row.http_method or "",
            uri=uri,
            service=ServiceUri.find(uri) if row.type in ("AWS", "AWS_PROXY") else None,
            credentials=credentials or None,
            timeout_seconds=row.timeout_in_millis / 1000,
            passthrough=row.passthrough_behavior,
            content_handling=row.content_handling,
            maps_forbidden=any(
                place == "header" and not may_be_mapped(row.type, name) for place, name, _ in mappings
            ),
            headers=_at("header", mappings),
            querystring=_at("querystring", mappings),
            path=_at("path", mappings),
            templates=Templates(row.request_templates or {}),
            responses=tuple(each for each in responses if not each.is_default),
            default_response=next((each for each in responses if each.is_default), None),
            cache_namespace=row.cache_namespace,
            cache_key=tuple(
                _cache_source(each, row.request_parameters or {}) for each in row.cache_key_parameters
            ),
            streams=row.streams,
            vpc_link=with_stage_variables(row.connection_id or "", self._variables)
            if row.connection_type == "VPC_LINK"
            else None,
            tls=self._tls(row),
        )

    def _tls(self, row: Integration) -> Tls | None:
        verify = row.tls_config is None or not row.tls_config.insecure_skip_verification
        certificate, private_key = self._certificate
        return None if verify and not certificate else Tls(verify, certificate, private_key)


def _level_of(settings: MethodSetting) -> Level | None:
    if settings.logging_level == "INFO":
        return Level.DATA if settings.data_trace_enabled else Level.INFO
    return Level.ERROR if settings.logging_level == "ERROR" else None


def _cache_source(parameter: str, mapped: Mapping[str, str]) -> Source:
    """Where a part of the cache key comes from: the request, or what is mapped to the integration's."""
    return request_source(mapped.get(parameter, parameter))


def _mapping(target: str, expression: str) -> tuple[str, str, Source]:
    place, _, name = target.removeprefix("integration.request.").partition(".")
    return place, name, request_source(expression)


def _at(place: str, mappings: Sequence[tuple[str, str, Source]]) -> tuple[tuple[str, Source], ...]:
    return tuple((name, source) for where, name, source in mappings if where == place)


def _required(method: Method) -> tuple[tuple[str, str], ...]:
    wanted = (name for name, required in (method.request_parameters or {}).items() if required)
    places = (name.removeprefix("method.request.").split(".", 1) for name in wanted)
    order = ("header", "path", "querystring")
    return tuple(sorted(((place, name) for place, name in places), key=lambda each: order.index(each[0])))


def _response(row: IntegrationResponse) -> CompiledResponse:
    headers = [
        (target.removeprefix("method.response.header."), response_source(source))
        for target, source in (row.response_parameters or {}).items()
    ]
    return CompiledResponse(
        int(row.status_code),
        _pattern(row.selection_pattern),
        not row.selection_pattern,
        tuple(headers),
        Templates(row.response_templates or {}),
        row.content_handling,
    )


def _pattern(text: str | None) -> Pattern | None:
    if not text:
        return None
    try:
        return java_pattern(text)
    except PatternError:
        return None
