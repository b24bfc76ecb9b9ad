"""Invoke: synchronously, asynchronously, with a streamed answer, or only to see whether one may.

Running is invoke/'s; retrying what was accepted is workers.py's.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.http import RequestEntityTooLarge
from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import events, payloads, permissions, references, tenancy
from cloudlet.services.lambda_.errors import InvalidParameterValueException, InvalidRequestContentException
from cloudlet.services.lambda_.invoke import router, tracing
from cloudlet.services.lambda_.invoke.invocation import Invocation
from cloudlet.services.lambda_.invoke.pool import Pool
from cloudlet.services.lambda_.invoke.streaming import ResponseStream

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Mapping

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.core.http import Body
    from cloudlet.services.lambda_.invoke.invocation import Outcome
    from cloudlet.services.lambda_.references import FunctionReference

    Request = Mapping[str, Any]

_LIMITS_BYTES: Final = {
    "RequestResponse": payloads.SYNCHRONOUS_LIMIT_BYTES,
    "Event": payloads.ASYNCHRONOUS_LIMIT_BYTES,
    "DryRun": payloads.SYNCHRONOUS_LIMIT_BYTES,
}
_EVENT_STREAM: Final = "application/vnd.amazon.eventstream"


@operation("Invoke", permissions=permissions.on_function("lambda:InvokeFunction"))
async def invoke(call: Call, request: api.InvocationRequestTypeDef) -> dict[str, Any]:
    """Runs a function, or accepts an event for it."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    _refuse_durable(request)
    kind = request.get("InvocationType", "RequestResponse")
    payload = payloads.checked(_payload(request), _LIMITS_BYTES[kind])
    if kind == "RequestResponse":
        return await _run(call, reference, payload, request)
    if kind == "Event":
        return await _accept(call, reference, payload, request)
    await _try_out(call, reference, request)
    return {"StatusCode": 204, "Payload": b""}


@operation("InvokeAsync", permissions=permissions.on_function("lambda:InvokeAsync"))
async def invoke_async(call: Call, request: Request) -> dict[str, Any]:
    """Accepts an event: the older name of Invoke with the type Event."""
    reference = references.parse(call, request["FunctionName"])
    payload = payloads.checked(await _arguments(request["InvokeArgs"]), payloads.ASYNCHRONOUS_LIMIT_BYTES)
    await _accept(call, reference, payload, {})
    return {"Status": 202}


@operation("InvokeWithResponseStream", permissions=permissions.on_function("lambda:InvokeFunction"))
async def invoke_with_response_stream(
    call: Call, request: api.InvokeWithResponseStreamRequestTypeDef
) -> dict[str, Any]:
    """Runs a function and passes on what it answers as it comes."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    payload = payloads.checked(_payload(request), payloads.SYNCHRONOUS_LIMIT_BYTES)
    if request.get("InvocationType") == "DryRun":
        await _try_out(call, reference, request)
        return {"StatusCode": 204, "EventStream": _no_events()}
    target = await router.find_target(call, reference)
    tenancy.check(target.version.configuration, request.get("TenantId"))
    stream = ResponseStream()
    invocation = _invocation(call, reference, payload, request, stream)
    router.check_loops(call, target, invocation.trace_id)
    running = call.cloud.component(Pool).begin(call, target, invocation)
    if not await stream.begun_before(running):
        running.result()
    return {
        "StatusCode": 200,
        "ExecutedVersion": target.version.version,
        # Neighbours, such as function URLs, are told what the runtime said; clients get it within the events.
        "ResponseStreamContentType": _EVENT_STREAM if call.http is not None else stream.content_type,
        "EventStream": _events(stream, running),
    }


async def _no_events() -> AsyncIterator[dict[str, dict[str, Any]]]:
    """The answer of a dry run: nothing ran, so nothing is told."""
    nothing: tuple[dict[str, dict[str, Any]], ...] = ()
    for event in nothing:
        yield event


async def _events(
    stream: ResponseStream, running: asyncio.Task[Outcome]
) -> AsyncIterator[dict[str, dict[str, Any]]]:
    try:
        async for piece in stream.pieces():
            yield {"PayloadChunk": {"Payload": piece}}
        outcome = await running
        if not stream.begun:
            yield {"PayloadChunk": {"Payload": outcome.payload}}
        error = {"ErrorCode": "Unhandled", "ErrorDetails": outcome.payload.decode("utf-8", "replace")}
        log = {} if outcome.log is None else {"LogResult": outcome.log.decode()}
        yield {"InvokeComplete": {**(error if outcome.failed else {}), **log}}
    finally:
        stream.abandon()


def _invocation(
    call: Call,
    reference: FunctionReference,
    payload: bytes,
    request: Request,
    stream: ResponseStream | None = None,
) -> Invocation:
    return Invocation(
        request_id=call.request_id if call.http is not None else call.ids.uuid(),
        function_arn=reference.arn,
        payload=payload,
        trace_id=tracing.header(call, reference.unqualified_arn),
        client_context=_client_context(request),
        tail=request.get("LogType") == "Tail",
        tenant_id=request.get("TenantId"),
        stream=stream,
    )


async def _run(call: Call, reference: FunctionReference, payload: bytes, request: Request) -> dict[str, Any]:
    target = await router.find_target(call, reference)
    tenancy.check(target.version.configuration, request.get("TenantId"))
    invocation = _invocation(call, reference, payload, request)
    router.check_loops(call, target, invocation.trace_id)
    outcome = await call.cloud.component(Pool).invoke(call, target, invocation)
    return {
        "StatusCode": 200,
        "FunctionError": "Unhandled" if outcome.failed else None,
        "LogResult": None if outcome.log is None else outcome.log.decode(),
        "Payload": outcome.payload,
        "ExecutedVersion": target.version.version,
    }


async def _try_out(call: Call, reference: FunctionReference, request: Request) -> None:
    """Raises what would keep the function from running."""
    target = await call.transact(lambda inner: router.target_within(inner, reference), read_only=True)
    tenancy.check(target.version.configuration, request.get("TenantId"))


def _refuse_durable(request: Request) -> None:
    """No function here is durable, so that none has executions that could have names."""
    if "DurableExecutionName" in request:
        raise InvalidParameterValueException(
            "DurableExecutionName is only supported for functions with a durable configuration."
        )


async def _accept(
    call: Call, reference: FunctionReference, payload: bytes, request: Request
) -> dict[str, Any]:
    _client_context(request)  # checked only: AWS hands it on in synchronous invocations
    trace_id = tracing.header(call, reference.unqualified_arn)
    event = events.accepted(
        call,
        reference,
        payload,
        trace_id=trace_id,
        tenant_id=request.get("TenantId"),
    )
    await call.transact(lambda inner: events.enqueue(inner, reference, event))
    return {"StatusCode": 202, "Payload": b""}


async def _arguments(given: Body | bytes | str) -> bytes:
    if isinstance(given, bytes | str):
        return given.encode() if isinstance(given, str) else given
    try:
        return await given.read(payloads.ASYNCHRONOUS_LIMIT_BYTES)
    except RequestEntityTooLarge as error:
        raise payloads.too_large(payloads.ASYNCHRONOUS_LIMIT_BYTES) from error


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
