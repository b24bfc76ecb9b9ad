"""Invoking a Lambda function for an API: as the role it was given, or as API Gateway itself.

Makes no event and reads no answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.errors import AccessDenied, ServiceError

from ..callers import caller_of
from ..deadline import within
from ..errors import internal_server_error

if TYPE_CHECKING:
    from ..invocation import Invocation


async def invoke(invocation: Invocation, function: str, payload: bytes, kind: str) -> tuple[bytes, bool]:
    """What a function answered, and whether it failed. Raises GatewayError."""
    call = await caller_of(invocation)
    request = {"FunctionName": function, "InvocationType": kind, "Payload": payload}
    try:
        asked = call.ask("lambda", "Invoke", request)
        answer = await within(invocation.method.integration.timeout_seconds, asked)
    except AccessDenied as error:
        # The function's policy, or the role's, does not let the API in: AWS says no more than this.
        raise internal_server_error() from error
    except ServiceError as error:
        raise internal_server_error(500 if error.status < 500 else 502) from error
    return await _content(answer.get("Payload")), answer.get("FunctionError") is not None


async def _content(payload: Any) -> bytes:
    if payload is None:
        return b""
    if isinstance(payload, bytes):
        return payload
    content: bytes = await payload.read(64 * 1024 * 1024)
    return content
