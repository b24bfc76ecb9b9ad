"""From the method's request to the integration's: parameters, templates, overrides.

Sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .compiled import CompiledIntegration
from .invocation import IntegrationRequest, Invocation
from .payload import request_payload
from .rendering import render


async def map_request(invocation: Invocation) -> None:
    """Makes the integration's request. AWS_PROXY gets everything as it is, in its event.

    What is mapped to a header of AWS_PROXY is one of the call of the function, such as X-Amz-Tenant-Id.
    """
    integration, request = invocation.method.integration, invocation.integration_request
    _map_parameters(invocation, integration, request)
    if integration.type == "AWS_PROXY":
        return
    body = request_payload(
        invocation.body,
        invocation.content_type,
        invocation.stage.binary_media_types,
        integration.content_handling,
    )
    if integration.type == "HTTP_PROXY":
        request.body = body
        return
    template = integration.templates.for_request(invocation.content_type, integration.passthrough)
    if template is None:
        request.body = body
        return
    request.body = await render(integration.templates, template, invocation, body)
    _override(request, invocation.context()["requestOverride"])


def _map_parameters(
    invocation: Invocation, integration: CompiledIntegration, request: IntegrationRequest
) -> None:
    for name, source in integration.headers:
        value = source(invocation)
        if value is not None:
            lines = [value] if isinstance(value, str) else value
            request.headers += [(name, line) for line in lines]
    for name, source in integration.querystring:
        value = source(invocation)
        if value is not None:
            request.querystring[name] = [value] if isinstance(value, str) else value
    for name, source in integration.path:
        value = source(invocation)
        if value is not None:
            request.path[name] = value if isinstance(value, str) else ",".join(value)


def _override(request: IntegrationRequest, overrides: Mapping[str, Any]) -> None:
    for name, value in overrides.get("header", {}).items():
        request.headers = [each for each in request.headers if each[0].lower() != name.lower()]
        request.headers += [(name, line) for line in _texts(value)]
    for name, value in overrides.get("querystring", {}).items():
        request.querystring[name] = _texts(value)
    for name, value in overrides.get("path", {}).items():
        request.path[name] = ",".join(_texts(value))


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
