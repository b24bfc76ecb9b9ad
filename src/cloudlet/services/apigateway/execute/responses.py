"""From the integration's answer to the method's: which response it selects, parameters, templates, overrides.

Asks nobody anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudlet.core.http import Headers, HttpResponse, ResponseBody

from .compiled import CompiledIntegration, CompiledResponse
from .errors import configuration_error, internal_server_error
from .headers import can_be_sent, name_on_exit
from .integrations.lambda_proxy import response_of
from .invocation import Answer, Invocation
from .java_regex import PatternError
from .payload import response_payload
from .rendering import render
from .templates import JSON
from .tracing import answered_trace_id

_PROXIES: Final = ("AWS_PROXY", "HTTP_PROXY")
_TRACED: Final = ("AWS", "AWS_PROXY", "HTTP")


async def map_response(invocation: Invocation) -> None:
    """Makes the answer."""
    integration, answer = invocation.method.integration, invocation.answered
    body: ResponseBody
    if integration.type == "AWS_PROXY" and invocation.stream is None:
        answer = invocation.answer = response_of(invocation)
    if integration.type in _PROXIES:
        status, headers = answer.status, _left(integration.type, answer.headers)
        body = answer.body
        if invocation.stream is not None:
            body = invocation.stream
        elif integration.type == "HTTP_PROXY":
            body = _payload(invocation, answer, None)
    else:
        status, headers, body = await _mapped(invocation, integration, answer)
    if status < 200 or not all(can_be_sent(name, value) for name, value in headers):
        raise internal_server_error(502 if integration.type == "AWS_PROXY" else 500)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.insert(0, ("Content-Type", JSON))
    if integration.type in _TRACED:
        headers.append(("X-Amzn-Trace-Id", answered_trace_id(invocation.trace_id, invocation.call)))
    invocation.response = HttpResponse(status, headers, body)


async def _mapped(
    invocation: Invocation, integration: CompiledIntegration, answer: Answer
) -> tuple[int, Headers, bytes]:
    response = _selected(integration, answer)
    headers: Headers = []
    for name, source in response.headers:
        value = source(invocation)
        if value is not None:
            headers += [(name, line) for line in ([value] if isinstance(value, str) else value)]
    body = _payload(invocation, answer, response.content_handling)
    _tell_endpoint(invocation, answer)
    status = response.status
    template = response.templates.for_response(invocation.request.header("accept") or "")
    if template is not None:
        body = await render(response.templates, template, invocation, body)
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", template))
    elif integration.type == "MOCK":
        # What the request template said is for the gateway; the client gets only what a template makes.
        body = b""
    if invocation.context_made is not None:
        status, headers = _overridden(status, headers, invocation.context_made["responseOverride"])
    return status, _left(integration.type, headers), body


def _tell_endpoint(invocation: Invocation, answer: Answer) -> None:
    request_id = answer.endpoint_request_id
    if request_id is not None:
        invocation.context()["awsEndpointRequestId"] = request_id


def _payload(invocation: Invocation, answer: Answer, handling: str | None) -> bytes:
    accept = invocation.request.header("accept") or ""
    content_type = next((value for name, value in answer.headers if name.lower() == "content-type"), JSON)
    binary = invocation.stage.binary_media_types
    return response_payload(answer.body, content_type, accept, binary, handling)


def _selected(integration: CompiledIntegration, answer: Answer) -> CompiledResponse:
    if answer.selected_by is not None:
        for response in integration.responses:
            if response.pattern is not None and _matches(response, answer.selected_by):
                return response
    if integration.default_response is None:
        raise configuration_error(
            "No match for output mapping and no default output mapping configured. "
            f"Endpoint Response Status Code: {answer.status}"
        )
    return integration.default_response


def _matches(response: CompiledResponse, text: str) -> bool:
    try:
        return response.pattern is not None and response.pattern.matches(text)
    except PatternError as error:
        raise internal_server_error() from error


def _overridden(status: int, headers: Headers, overrides: Mapping[str, Any]) -> tuple[int, Headers]:
    wanted = overrides.get("status")
    if isinstance(wanted, int | str) and str(wanted).isdecimal() and 100 <= int(wanted) <= 599:
        status = int(wanted)
    for name, value in overrides.get("header", {}).items():
        headers = [each for each in headers if each[0].lower() != name.lower()]
        lines = value if isinstance(value, list) else [value]
        headers += [(name, str(line)) for line in lines]
    return status, headers


def _left(integration_type: str, headers: Headers) -> Headers:
    renamed = ((name_on_exit(integration_type, name), value) for name, value in headers)
    return [(name, value) for name, value in renamed if name is not None]
