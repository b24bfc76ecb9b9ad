"""AWS with any other service, by action or by path: the template makes that service's own HTTP request.

Knows no service: the request is answered by the same code that answers it over the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from cloudlet.core.http import BytesBody, HttpRequest

from ..callers import caller_of
from ..content import content_of
from ..deadline import within
from ..errors import configuration_error
from ..invocation import Answer, Sent
from ..querystrings import encoded

if TYPE_CHECKING:
    from cloudlet.core.http import Headers

    from ..invocation import IntegrationRequest, Invocation

_FORM: Final = "application/x-www-form-urlencoded"


async def integrate(invocation: Invocation) -> None:
    """Asks the service with the credentials of the integration."""
    integration = invocation.method.integration
    service = integration.service
    if service is None:
        raise configuration_error("Invalid ARN specified in the request")
    call = await caller_of(invocation)
    http_method = invocation.request.method if integration.http_method == "ANY" else integration.http_method
    # The bucket before S3's name is the first part of the path, as S3 has it in its other form.
    path = f"{service.subdomain}/{service.path}" if service.subdomain else service.path
    request = _request(http_method, path, invocation.integration_request)
    host = ".".join(
        each for each in (service.subdomain, service.service, call.region, "amazonaws.com") if each
    )
    invocation.sent = Sent(f"https://{host}{request.target}", request.headers)
    asked = call.cloud.wire.request(call, service.service, service.action, request)
    response = await within(integration.timeout_seconds, asked)
    body = await content_of(response)
    invocation.answer = Answer(response.status, response.headers, body, selected_by=str(response.status))


def _request(http_method: str, path: str, wanted: IntegrationRequest) -> HttpRequest:
    for name, value in wanted.path.items():
        path = path.replace(f"{{{name}}}", quote(value, safe="/~"))
    headers: Headers = list(wanted.headers)
    if wanted.header("content-type") is None:
        headers.append(("Content-Type", "application/json" if _is_json(wanted.body) else _FORM))
    if wanted.header("accept") is None:
        headers.append(("Accept", "application/json"))
    path, _, query = path.partition("?")
    query = "&".join(each for each in (query, encoded(wanted.querystring)) if each)
    return HttpRequest(http_method, f"/{path.lstrip('/')}", query, headers, BytesBody(wanted.body))


def _is_json(body: bytes) -> bool:
    return not body or body.lstrip()[:1] in (b"{", b"[")
