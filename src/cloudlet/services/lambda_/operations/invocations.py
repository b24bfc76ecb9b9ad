"""Invoke: synchronously, asynchronously, or only to see whether one may.

Running is invoke/'s; retrying what was accepted is workers.py's.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import events, payloads, permissions, references
from cloudlet.services.lambda_.errors import InvalidRequestContentException
from cloudlet.services.lambda_.invoke import router
from cloudlet.services.lambda_.invoke.concurrency import Concurrency
from cloudlet.services.lambda_.invoke.invocation import Invocation
from cloudlet.services.lambda_.invoke.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.references import FunctionReference

    Request = Mapping[str, Any]

_LIMITS_BYTES: Final = {
    "RequestResponse": payloads.SYNCHRONOUS_LIMIT_BYTES,
    "Event": payloads.ASYNCHRONOUS_LIMIT_BYTES,
    "DryRun": payloads.SYNCHRONOUS_LIMIT_BYTES,
}


@operation("Invoke", permissions=permissions.on_function("lambda:InvokeFunction"))
async def invoke(call: Call, request: api.InvocationRequestTypeDef) -> dict[str, Any]:
    """Runs a function, or accepts an event for it."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    kind = request.get("InvocationType", "RequestResponse")
    payload = payloads.checked(_payload(request), _LIMITS_BYTES[kind])
    if kind == "RequestResponse":
        return await _run(call, reference, payload, request)
    if kind == "Event":
        return await _accept(call, reference, payload, request)
    await call.transact(lambda inner: router.target_within(inner, reference), read_only=True)
    return {"StatusCode": 204, "Payload": b""}


async def _run(call: Call, reference: FunctionReference, payload: bytes, request: Request) -> dict[str, Any]:
    target = await router.find_target(call, reference)
    invocation = Invocation(
        request_id=call.request_id if call.http is not None else call.ids.uuid(),
        function_arn=reference.arn,
        payload=payload,
        trace_id=_trace_id(call),
        client_context=_client_context(request),
        tail=request.get("LogType") == "Tail",
    )
    cloud = call.cloud
    with cloud.component(Concurrency).slot(target):
        outcome = await cloud.component(Pool).invoke(call, target, invocation)
    return {
        "StatusCode": 200,
        "FunctionError": "Unhandled" if outcome.failed else None,
        "LogResult": None if outcome.log is None else outcome.log.decode(),
        "Payload": outcome.payload,
        "ExecutedVersion": target.version.version,
    }


async def _accept(
    call: Call, reference: FunctionReference, payload: bytes, request: Request
) -> dict[str, Any]:
    event = events.accepted(call, reference, payload, _client_context(request), _trace_id(call))
    await call.transact(lambda inner: events.enqueue(inner, reference, event))
    return {"StatusCode": 202, "Payload": b""}


def _payload(request: Request) -> bytes:
    payload = request.get("Payload", b"")
    return payload.encode() if isinstance(payload, str) else payload


def _client_context(request: Request) -> str | None:
    """The client's context as the runtime gets it: JSON in one line."""
    given = request.get("ClientContext")
    if not given:
        return None
    try:
        return json.dumps(json.loads(base64.b64decode(given, validate=True)), separators=(",", ":"))
    except (ValueError, RecursionError) as error:
        raise InvalidRequestContentException(
            "Client context must be a valid Base64-encoded JSON object."
        ) from error


def _trace_id(call: Call) -> str:
    """The caller's X-Ray header, or a new one; with a parent and, unless it says so, not sampled."""
    trace_id = call.trace_id or ""
    if "Root=" not in trace_id:
        trace_id = f"Root=1-{int(call.time()):08x}-{call.ids.uuid().replace('-', '')[:24]}"
    if "Parent=" not in trace_id:
        trace_id += f";Parent={call.request_id.replace('-', '')[:16]}"
    if "Sampled=" not in trace_id:
        trace_id += ";Sampled=0"
    return trace_id
