"""AWS with a function: the rendered template is the event, and templates make the response of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ..errors import internal_server_error
from ..invocation import Answer
from .functions import invoke

if TYPE_CHECKING:
    from ..invocation import Invocation


async def integrate(invocation: Invocation, function: str) -> None:
    """Invokes the function; what it raises is what selection patterns are held against."""
    if invocation.method.integration.http_method != "POST":
        raise internal_server_error()
    request = invocation.integration_request
    kind = request.header("x-amz-invocation-type") or "RequestResponse"
    answer = await invoke(invocation, function, request.body, kind)
    message = _error_message(answer.payload) if answer.failed else None
    status = 202 if kind == "Event" else 200
    invocation.service_status = status
    invocation.answer = Answer(status, answer.headers(invocation), answer.payload, selected_by=message)


def _error_message(payload: bytes) -> str:
    try:
        document: Any = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return ""
    message = document.get("errorMessage") if isinstance(document, dict) else None
    return message if isinstance(message, str) else ""
