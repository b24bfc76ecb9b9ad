"""The access log: a line for each request, in the format that the stage's owner has written.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
Delivers nothing; `log_delivery.py` does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .log_delivery import LogGroup
from .mapping import context_value

if TYPE_CHECKING:
    from cloudlet.core.http import HttpResponse
    from cloudlet.services.apigateway.model import Stage

    from .invocation import Invocation

_VARIABLE: Final = re.compile(r"\$context\.([A-Za-z0-9_.\-]*[A-Za-z0-9_])")
_LOG_GROUP: Final = re.compile(
    r"arn:[^:]+:logs:(?P<region>[^:]*):(?P<account>\d*):log-group:(?P<name>[^:]+)(?::\*)?"
)
_ABSENT: Final = "-"


class AccessLog:
    """Where a stage's lines go, and how they look."""

    __slots__ = ("_format", "group")

    def __init__(self, group: LogGroup, text: str) -> None:
        self.group = group
        self._format = text

    @classmethod
    def of(cls, stage: Stage) -> AccessLog | None:
        """The access log of a stage; None where it has none that CloudWatch Logs could hold."""
        settings = stage.access_log_settings
        if settings is None or not settings.format:
            return None
        found = _LOG_GROUP.fullmatch(settings.destination_arn or "")
        if found is None:
            return None
        group = LogGroup(found["account"], found["region"], found["name"], is_own=False)
        return cls(group, settings.format)

    def line(self, invocation: Invocation, response: HttpResponse) -> str:
        """The line of one request."""
        known = _context(invocation, response)
        return _VARIABLE.sub(lambda variable: context_value(known, variable[1]) or _ABSENT, self._format)


def _context(invocation: Invocation, response: HttpResponse) -> dict[str, Any]:
    call = invocation.call
    known = {
        **invocation.context(),
        "status": str(response.status),
        "responseLatency": _milliseconds(call.time() - invocation.received_at.timestamp()),
        "responseLength": str(len(response.body)) if isinstance(response.body, bytes) else None,
        "xrayTraceId": invocation.trace_id.removeprefix("Root=").partition(";")[0],
    }
    known["authorizer"] = {**(known.get("authorizer") or {}), **_authorizer(invocation)}
    if invocation.is_integrated:
        known.update(_integration(invocation))
    return known


def _integration(invocation: Invocation) -> dict[str, Any]:
    latency = _milliseconds(invocation.integration_seconds)
    answer, error = invocation.answer, invocation.error
    status = str(answer.status) if answer is not None else None
    said = error.logged if error is not None else None
    service_status = invocation.service_status
    return {
        "integrationLatency": latency,
        "integrationStatus": status,
        "integrationErrorMessage": said,
        "integration": {
            "latency": latency,
            "status": status,
            "integrationStatus": str(service_status) if service_status is not None else status,
            "error": said,
            "requestId": answer.endpoint_request_id if answer is not None else None,
        },
    }


def _authorizer(invocation: Invocation) -> dict[str, Any]:
    if not invocation.authorizer_seconds:
        return {}
    latency = _milliseconds(invocation.authorizer_seconds)
    refused = invocation.error is not None and invocation.authorizer is None
    return {
        "latency": latency,
        "integrationLatency": latency,
        "status": "500"
        if refused and invocation.error is not None and invocation.error.message is None
        else "200",
        "error": invocation.error.logged if refused and invocation.error is not None else None,
    }


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
