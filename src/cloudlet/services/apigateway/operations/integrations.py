"""Operations on integrations and on what their answers become."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import network_state, resource_state
from cloudlet.services.apigateway.errors import BadRequestException, NotFoundException, refused
from cloudlet.services.apigateway.integration_uris import check_uri
from cloudlet.services.apigateway.mapping_expressions import check_request_mappings, check_response_mappings
from cloudlet.services.apigateway.members import described, given
from cloudlet.services.apigateway.model import (
    DEFAULT_TIMEOUT_MILLIS,
    METHODS,
    MOST_STREAMING_MILLIS,
    Integration,
    IntegrationResponse,
    Method,
    TlsConfig,
)
from cloudlet.services.apigateway.patches import Patch, check_replaces, patches_in, unknown_path
from cloudlet.services.apigateway.permissions import METHOD, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_INTEGRATION: Final = f"{METHOD}/integration"
_RESPONSE: Final = f"{_INTEGRATION}/responses/{{statusCode}}"
_TRANSFER_MODES: Final = ("BUFFERED", "STREAM")
_STREAMING_URI: Final = "/response-streaming-invocations"
_PASSTHROUGH: Final = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
_CONTENT_TYPE: Final = re.compile(r"\$default|[^\s/]+/[^\s]+")


@rest_operation("PutIntegration", _INTEGRATION, role="credentials")
def put_integration(call: Call, request: api.PutIntegrationRequestTypeDef) -> dict[str, Any]:
    """Says what a method does."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    method = resource_state.method(resource, request["httpMethod"])
    kind = request["type"]
    known: dict[str, Any] = {
        "http_method": request.get("integrationHttpMethod"),
        "cache_namespace": request.get("cacheNamespace") or resource.id,
        "cache_key_parameters": [*request.get("cacheKeyParameters", ())],
    }
    if kind in ("HTTP", "HTTP_PROXY"):
        known["connection_type"] = request.get("connectionType", "INTERNET")
    if "tlsConfig" in request:
        known["tls_config"] = given(TlsConfig, request["tlsConfig"])
    row = given(Integration, request, **known)
    if request.get("integrationTarget"):
        raise refused("integration targets")
    check_integration(call, method, row)
    changed = replace(method, method_integration=row)
    resource_state.save_resource(
        call, request["restApiId"], resource.with_method(method.http_method, changed)
    )
    return described(row)


@rest_operation("GetIntegration", _INTEGRATION)
def get_integration(call: Call, request: api.GetIntegrationRequestTypeDef) -> dict[str, Any]:
    """Shows what a method does."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    return described(resource_state.integration(resource, request["httpMethod"]))


@rest_operation("DeleteIntegration", _INTEGRATION)
def delete_integration(call: Call, request: api.DeleteIntegrationRequestTypeDef) -> None:
    """Leaves a method without anything to do."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    resource_state.integration(resource, request["httpMethod"])
    changed = replace(resource_state.method(resource, request["httpMethod"]), method_integration=None)
    resource_state.save_resource(
        call, request["restApiId"], resource.with_method(changed.http_method, changed)
    )


@rest_operation("UpdateIntegration", _INTEGRATION, role="credentials")
def update_integration(call: Call, request: api.UpdateIntegrationRequestTypeDef) -> dict[str, Any]:
    """Changes what a method does."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    row = resource_state.integration(resource, request["httpMethod"])
    for patch in patches_in(request):
        row = _patched(row, patch)
    method = resource_state.method(resource, request["httpMethod"])
    check_integration(call, method, row)
    changed = replace(method, method_integration=row)
    resource_state.save_resource(
        call, request["restApiId"], resource.with_method(changed.http_method, changed)
    )
    return described(row)


@rest_operation("PutIntegrationResponse", _RESPONSE)
def put_integration_response(call: Call, request: api.PutIntegrationResponseRequestTypeDef) -> dict[str, Any]:
    """Says what some of an integration's answers become."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    method = resource_state.method(resource, request["httpMethod"])
    integration = resource_state.integration(resource, request["httpMethod"])
    row = given(IntegrationResponse, request)
    _check_templates(row.response_templates)
    check_response_mappings(method, row)
    if row.response_templates:
        row = replace(row, response_templates={k: v or None for k, v in row.response_templates.items()})
    changed = replace(method, method_integration=integration.with_response(row.status_code, row))
    resource_state.save_resource(
        call, request["restApiId"], resource.with_method(method.http_method, changed)
    )
    return described(row)


@rest_operation("GetIntegrationResponse", _RESPONSE)
def get_integration_response(call: Call, request: api.GetIntegrationResponseRequestTypeDef) -> dict[str, Any]:
    """Shows what some of an integration's answers become."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    return described(
        _response(resource_state.integration(resource, request["httpMethod"]), request["statusCode"])
    )


@rest_operation("DeleteIntegrationResponse", _RESPONSE)
def delete_integration_response(call: Call, request: api.DeleteIntegrationResponseRequestTypeDef) -> None:
    """Removes what some of an integration's answers become."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    method = resource.methods.get(request["httpMethod"])
    integration = method.method_integration if method else None
    if method is None or integration is None:
        raise NotFoundException("Invalid Integration identifier specified")
    row = _response(integration, request["statusCode"])
    changed = replace(method, method_integration=integration.with_response(row.status_code, None))
    resource_state.save_resource(
        call, request["restApiId"], resource.with_method(method.http_method, changed)
    )


@rest_operation("UpdateIntegrationResponse", _RESPONSE)
def update_integration_response(
    call: Call, request: api.UpdateIntegrationResponseRequestTypeDef
) -> dict[str, Any]:
    """Changes what some of an integration's answers become."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    method = resource_state.method(resource, request["httpMethod"])
    integration = resource_state.integration(resource, request["httpMethod"])
    row = _response(integration, request["statusCode"])
    for patch in patches_in(request):
        row = _patched_response(row, patch)
    check_response_mappings(method, row)
    changed = replace(method, method_integration=integration.with_response(row.status_code, row))
    resource_state.save_resource(
        call, request["restApiId"], resource.with_method(method.http_method, changed)
    )
    return described(row)


def _response(integration: Integration, status_code: str) -> IntegrationResponse:
    found = (integration.integration_responses or {}).get(status_code)
    if found is None:
        raise NotFoundException("Invalid Response status code specified")
    return found


def _check_transfer(row: Integration) -> None:
    """Raises BadRequestException for an answer that cannot be streamed."""
    if row.response_transfer_mode not in (None, *_TRANSFER_MODES):
        raise BadRequestException(
            f"Invalid ResponseTransferMode specified. Valid options are {', '.join(_TRANSFER_MODES)}"
        )
    if not row.streams:
        return
    if row.type not in ("HTTP_PROXY", "AWS_PROXY"):
        raise BadRequestException(
            "Response streaming is only supported for HTTP_PROXY and AWS_PROXY integrations"
        )
    if row.type == "AWS_PROXY" and not (row.uri or "").endswith(_STREAMING_URI):
        raise BadRequestException("Response streaming needs the URI of a response streaming invocation")


def check_integration(call: Call, method: Method, row: Integration) -> None:
    """Raises BadRequestException for what AWS would not store."""
    if row.connection_type == "VPC_LINK":
        _check_link(call, row.connection_id or "")
    if row.type != "MOCK":
        if not row.http_method:
            raise BadRequestException("Enumeration value for HttpMethod must be non-empty")
        if row.http_method not in METHODS:
            raise BadRequestException(f"Invalid HttpMethod specified. Valid options are {','.join(METHODS)}")
        check_uri(row.type, row.uri or "")
    if row.passthrough_behavior not in _PASSTHROUGH:
        raise BadRequestException(
            f"Invalid PassthroughBehavior specified. Valid options are {', '.join(_PASSTHROUGH)}"
        )
    _check_transfer(row)
    most = MOST_STREAMING_MILLIS if row.streams else DEFAULT_TIMEOUT_MILLIS
    if not 50 <= row.timeout_in_millis <= most:
        raise BadRequestException(f"Timeout should be between 50 ms and {most} ms")
    check_request_mappings(method, row)
    _check_templates(row.request_templates)


def _check_link(call: Call, link_id: str) -> None:
    if not link_id:
        raise BadRequestException("Connection id cannot be null or empty for connection type VPC_LINK")
    if not link_id.startswith("${stageVariables."):
        network_state.vpc_link(call, link_id)


def _check_templates(templates: Mapping[str, Any] | None) -> None:
    for content_type in templates or ():
        if not _CONTENT_TYPE.fullmatch(content_type):
            raise BadRequestException(
                f"Validation Result: warnings : [], errors : [Invalid content type specified: {content_type}]"
            )


def _patched(row: Integration, patch: Patch) -> Integration:
    head, *rest = patch.parts
    if head == "integrationTarget":
        raise refused("integration targets")
    if head in ("requestParameters", "requestTemplates"):
        name = "/".join(rest)
        if not name:
            raise unknown_path(patch)
        field = "request_parameters" if head == "requestParameters" else "request_templates"
        present = row.request_parameters if head == "requestParameters" else row.request_templates
        return replace(row, **{field: _texts(present, name, patch)})
    if head == "cacheKeyParameters" and len(rest) == 1:
        kept = [each for each in row.cache_key_parameters if each != rest[0]]
        return replace(row, cache_key_parameters=kept if patch.op == "remove" else [*kept, rest[0]])
    if [head, *rest] == ["tlsConfig", "insecureSkipVerification"]:
        check_replaces(patch)
        return replace(row, tls_config=TlsConfig(patch.flag))
    if rest or head not in _MEMBERS:
        raise unknown_path(patch)
    check_replaces(patch)
    if head == "timeoutInMillis":
        return replace(row, timeout_in_millis=patch.integer)
    return replace(row, **{_MEMBERS[head]: patch.value or None})


_MEMBERS: Final = {
    "httpMethod": "http_method",
    "uri": "uri",
    "connectionId": "connection_id",
    "connectionType": "connection_type",
    "credentials": "credentials",
    "passthroughBehavior": "passthrough_behavior",
    "contentHandling": "content_handling",
    "timeoutInMillis": "timeout_in_millis",
    "cacheNamespace": "cache_namespace",
    "responseTransferMode": "response_transfer_mode",
    "type": "type",
}


def _patched_response(row: IntegrationResponse, patch: Patch) -> IntegrationResponse:
    head, *rest = patch.parts
    if head == "responseParameters" and len(rest) == 1:
        return replace(row, response_parameters=_texts(row.response_parameters, rest[0], patch))
    if head == "responseTemplates" and len(rest) == 1:
        changed = _texts(row.response_templates, rest[0], patch)
        return replace(row, response_templates={**changed} if changed else None)
    if rest or head not in ("selectionPattern", "contentHandling"):
        raise unknown_path(patch)
    if patch.op == "remove":
        value = None
    else:
        check_replaces(patch)
        value = patch.value
    if head == "selectionPattern":
        return replace(row, selection_pattern=value)
    return replace(row, content_handling=value or None)


def _texts(present: Mapping[str, Any] | None, name: str, patch: Patch) -> dict[str, Any] | None:
    kept = {key: value for key, value in (present or {}).items() if key != name}
    if patch.op == "remove" and name not in (present or {}):
        raise NotFoundException("Invalid parameter name specified")
    return (kept if patch.op == "remove" else {**kept, name: patch.text}) or None
