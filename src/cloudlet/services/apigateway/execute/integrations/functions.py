"""Invoking a Lambda function for an API: as the role it was given, or as API Gateway itself.

Makes no event and reads no answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cloudlet.core.errors import AccessDenied, ServiceError

from ..callers import caller_of
from ..deadline import within
from ..errors import internal_server_error
from ..invocation import Sent

if TYPE_CHECKING:
    from cloudlet.core.http import Headers

    from ..invocation import Invocation


class FunctionAnswer(Struct, frozen=True):
    """What came of an invocation."""

    payload: bytes
    failed: bool
    version: str | None

    def headers(self, invocation: Invocation) -> Headers:
        """The headers of Lambda's own answer, as far as they say something."""
        version = [("X-Amz-Executed-Version", self.version)] if self.version else []
        return [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(self.payload))),
            *version,
            ("X-Amzn-Trace-Id", invocation.trace_id),
        ]


async def invoke(invocation: Invocation, function: str, payload: bytes, kind: str) -> FunctionAnswer:
    """What a function answered. Raises GatewayError."""
    if invocation.log is not None:
        service = invocation.method.integration.service
        invocation.sent = sent_to(invocation, function, service.region if service else "")
    call = await caller_of(invocation)
    request = {**request_of(invocation, function, payload), "InvocationType": kind}
    try:
        asked = call.ask("lambda", "Invoke", request)
        answer = await within(invocation.method.integration.timeout_seconds, asked)
    except AccessDenied as error:
        # The function's policy, or the role's, does not let the API in: AWS says no more than this.
        raise internal_server_error(reason="Invalid permissions on Lambda function") from error
    except ServiceError as error:
        raise internal_server_error(500 if error.status < 500 else 502, error.message) from error
    return FunctionAnswer(
        await content(answer.get("Payload")),
        answer.get("FunctionError") is not None,
        answer.get("ExecutedVersion"),
    )


def request_of(invocation: Invocation, function: str, payload: bytes) -> dict[str, Any]:
    """What Lambda is asked; for the tenant that the integration maps, if it does.

    https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html
    """
    tenant = invocation.integration_request.header("x-amz-tenant-id")
    return {"FunctionName": function, "Payload": payload, **({"TenantId": tenant} if tenant else {})}


def sent_to(invocation: Invocation, function: str, region: str) -> Sent:
    """What Lambda is sent, as logs show it."""
    stage = invocation.stage
    headers = [
        ("x-amzn-lambda-integration-tag", invocation.request_id),
        ("X-Amz-Date", invocation.call.now().strftime("%Y%m%dT%H%M%SZ")),
        ("x-amzn-apigateway-api-id", stage.api_id),
        ("Accept", "application/json"),
        ("User-Agent", f"AmazonAPIGateway_{stage.api_id}"),
    ]
    url = f"https://lambda.{region or stage.region}.amazonaws.com/2015-03-31/functions/{function}/invocations"
    return Sent(url, headers)


async def content(payload: Any) -> bytes:
    """The bytes of a payload, which may come as a stream."""
    if payload is None:
        return b""
    if isinstance(payload, bytes):
        return payload
    read: bytes = await payload.read(64 * 1024 * 1024)
    return read
