"""What the execution log says of a request's steps. Functions here are steps, taken only where one logs.

Changes nothing but the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .execution_log import ExecutionLog, Level, java_map, masked

if TYPE_CHECKING:
    from cloudlet.core.http import HttpResponse

    from .errors import GatewayError
    from .invocation import Invocation, MultiValues


async def start_log(invocation: Invocation) -> None:
    """Begins the log of a request."""
    level = invocation.method.log_level
    if level is not None:
        invocation.log = log = ExecutionLog(invocation.call.clock, level)
        log.add(Level.INFO, f"Extended Request Id: {invocation.extended_request_id}")


async def tell_usage(invocation: Invocation) -> None:
    """Says by which usage plan the request was let in, if by any."""
    log = invocation.log
    if log is None:
        return
    stage, method, admission = invocation.stage, invocation.method, invocation.admission
    key = masked(invocation.caller["apiKey"]) if admission is not None else ""
    place = f"{stage.api_id}/{stage.name}"
    log.add(
        Level.INFO,
        f"Verifying Usage Plan for request: {invocation.request_id}. API Key: {key} API Stage: {place}",
    )
    if admission is None:
        log.add(
            Level.INFO,
            f"API Key {key} authorized because method '{method.http_method} {method.resource_path}' does not "
            "require API Key. Request will not contribute to throttle or quota limits",
        )
    log.add(Level.INFO, f"Usage Plan check succeeded for API Key {key} and API Stage {place}")


async def tell_request(invocation: Invocation) -> None:
    """Says what was asked."""
    log = invocation.log
    if log is None:
        return
    log.add(Level.INFO, f"Starting execution for request: {invocation.request_id}")
    log.add(Level.INFO, f"HTTP Method: {invocation.request.method}, Resource Path: {invocation.path}")
    if log.wants(Level.DATA):
        path = java_map(invocation.path_parameters_decoded().items())
        log.add(Level.DATA, f"Method request path: {path}")
        log.add(Level.DATA, f"Method request query string: {_last_values(invocation.querystring)}")
        log.add(Level.DATA, f"Method request headers: {_last_values(invocation.headers)}")
        log.add(Level.DATA, f"Method request body before transformations: {_text(invocation.body)}")


async def tell_integration(invocation: Invocation) -> None:
    """Says what the integration was asked and what it answered. MOCK asks nobody."""
    log = invocation.log
    if log is None or invocation.sent is None:
        return
    _tell_integration_request(invocation, log)
    answer = invocation.answered
    milliseconds = round(invocation.integration_seconds * 1000)
    log.add(Level.INFO, f"Received response. Status: {answer.status}, Integration latency: {milliseconds} ms")
    if log.wants(Level.DATA):
        log.add(Level.DATA, f"Endpoint response headers: {java_map(answer.headers)}")
        log.add(Level.DATA, f"Endpoint response body before transformations: {_text(answer.body)}")


async def tell_response(invocation: Invocation) -> None:
    """Says what the client is answered."""
    log, response = invocation.log, invocation.response
    if log is None or response is None:
        return
    if log.wants(Level.DATA):
        log.add(Level.DATA, f"Method response body after transformations: {_body(response)}")
        log.add(Level.DATA, f"Method response headers: {java_map(response.headers)}")
    log.add(Level.INFO, "Successfully completed execution")
    log.add(Level.INFO, f"Method completed with status: {response.status}")


def tell_failure(invocation: Invocation, error: GatewayError, response: HttpResponse) -> None:
    """Says why a request ended in the gateway."""
    log = invocation.log
    if log is None:
        return
    if invocation.sent is not None and invocation.answer is None:
        _tell_integration_request(invocation, log)
    log.add(Level.ERROR, error.logged)
    if error.response_type == "ACCESS_DENIED" and log.wants(Level.DATA):
        log.add(Level.DATA, f"Gateway response body: {_body(response)}")
    log.add(Level.ERROR, f"Method completed with status: {response.status}")


def _tell_integration_request(invocation: Invocation, log: ExecutionLog) -> None:
    sent = invocation.sent
    if sent is None:
        return
    if log.wants(Level.DATA):
        body = _text(invocation.integration_request.body)
        log.add(Level.DATA, f"Endpoint request URI: {sent.url}")
        log.add(Level.DATA, f"Endpoint request headers: {java_map(sent.headers)}")
        log.add(Level.DATA, f"Endpoint request body after transformations: {body}")
    log.add(Level.INFO, f"Sending request to {sent.url}")


def _last_values(values: MultiValues) -> str:
    return java_map((name, each[-1]) for name, each in values.items())


def _body(response: HttpResponse) -> str:
    return _text(response.body) if isinstance(response.body, bytes) else ""


def _text(body: bytes) -> str:
    # A line shows no more than this much anyway, and four bytes make at most four characters.
    return body[:4096].decode("utf-8", "replace")
