"""The front door of function URLs: which function a URL means, who may call it, and what it answers.

Running is invoke/'s.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from cloudlet.core.access import Principal
from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.core.http import HttpResponse, RequestEntityTooLarge
from cloudlet.services.lambda_ import payloads, permissions
from cloudlet.services.lambda_.errors import ResourceNotFoundException, TooManyRequestsException
from cloudlet.services.lambda_.function_urls import answers, cors, events, streams
from cloudlet.services.lambda_.function_urls.addresses import address_of
from cloudlet.services.lambda_.invoke import router, tracing
from cloudlet.services.lambda_.invoke.invocation import Invocation
from cloudlet.services.lambda_.invoke.pool import Pool
from cloudlet.services.lambda_.invoke.streaming import ResponseStream
from cloudlet.services.lambda_.settings import state as settings

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.http import HttpRequest
    from cloudlet.services.lambda_.function_urls.addresses import Address
    from cloudlet.services.lambda_.references import FunctionReference
    from cloudlet.services.lambda_.settings.model import FunctionUrl

_LOG: Final = logging.getLogger("cloudlet.lambda")
_FORBIDDEN: Final = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


class _Refused(Exception):
    """Raised with the answer to a request that does not reach its function."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response.status)
        self.response = response


async def handle(cloud: Cloud, request: HttpRequest) -> HttpResponse:
    """Answers a request that came to a function's URL; 403 for a URL that is nobody's."""
    address = address_of(request)
    call = cloud.call("lambda", Principal.anonymous(), "", "")
    reference, url = await call.transact(lambda inner: _find(inner, address.url_id), read_only=True)
    if reference is None or url is None:
        return _finished(call, _error(403, None, "AccessDeniedException"))
    call = _call(cloud, request, reference)
    if url.cors and cors.is_preflight(request):
        return _finished(call, HttpResponse(200, cors.headers_of(url.cors, request, preflight=True)))
    try:
        response = await _answer(call, request, reference, url, address)
    except _Refused as refused:
        response = refused.response
    if url.cors:
        response.headers = cors.without_own(response.headers)
        response.headers += cors.headers_of(url.cors, request, preflight=False)
    return _finished(call, response)


async def _answer(
    call: Call, request: HttpRequest, reference: FunctionReference, url: FunctionUrl, address: Address
) -> HttpResponse:
    body = await _admit(call, request, reference, url)
    event = events.event_of(
        call,
        request,
        body,
        url_id=url.id,
        path=address.path,
        domain_name=address.domain_name or f"{url.id}.lambda-url.{reference.region}.on.aws",
    )
    payload = msgspec.json.encode(event)
    if len(payload) > payloads.SYNCHRONOUS_LIMIT_BYTES:
        raise _Refused(_error(413, "Request Entity Too Large", "RequestEntityTooLargeException"))
    try:
        return await _run(call, reference, payload, streamed=url.invoke_mode == "RESPONSE_STREAM")
    except ResourceNotFoundException as error:
        # The URL of an alias outlives it.
        raise _Refused(_error(403, _FORBIDDEN, "AccessDeniedException")) from error
    except TooManyRequestsException as error:
        raise _Refused(_error(429, error.message, error.code)) from error
    except ServiceError as error:
        _LOG.warning("the URL of %s was answered with an error: %s", reference.arn, error.message)
        raise _Refused(_unusable()) from error


async def _run(call: Call, reference: FunctionReference, payload: bytes, *, streamed: bool) -> HttpResponse:
    target = await router.find_target(call, reference)
    stream = ResponseStream() if streamed else None
    invocation = Invocation(
        request_id=call.request_id,
        function_arn=reference.arn,
        payload=payload,
        trace_id=call.trace_id or "",
        client_context=None,
        stream=stream,
    )
    router.check_loops(call, target, invocation.trace_id)
    running = call.cloud.component(Pool).begin(call, target, invocation)
    try:
        if stream is not None and await stream.begun_before(running):
            return await streams.response_of(stream)
        outcome = await asyncio.shield(running)
        return _unusable() if outcome.failed else answers.response_of(outcome.payload)
    except answers.Unusable:
        _LOG.info("the answer of %s to a request is no response", reference.arn)
        return _unusable()


async def _admit(call: Call, request: HttpRequest, reference: FunctionReference, url: FunctionUrl) -> bytes:
    """The request's body, once whoever sends it may. Raises _Refused."""
    limit = payloads.SYNCHRONOUS_LIMIT_BYTES
    try:
        if url.auth_type == "AWS_IAM":
            call.principal, body = await call.cloud.signatures.signer(call, request, "lambda", limit)
        else:
            body = await request.body.read(limit)
        await call.transact(lambda inner: _judge(inner, reference, url), read_only=True)
    except RequestEntityTooLarge as error:
        refusal = _error(413, "Request Entity Too Large", "RequestEntityTooLargeException")
        raise _Refused(refusal) from error
    except AccessDenied as error:
        raise _Refused(_error(403, _FORBIDDEN, "AccessDeniedException")) from error
    except ServiceError as error:
        unsigned = "MissingAuthenticationToken" in error.code
        message, code = (_FORBIDDEN, "AccessDeniedException") if unsigned else (error.message, error.code)
        raise _Refused(_error(403, message, code)) from error
    return body


def _judge(call: Call, reference: FunctionReference, url: FunctionUrl) -> None:
    """Raises AccessDenied for who lacks one of the two permissions.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    wanted = {
        "lambda:InvokeFunctionUrl": {"lambda:FunctionUrlAuthType": (url.auth_type,)},
        "lambda:InvokeFunction": {"lambda:InvokedViaFunctionUrl": ("true",)},
    }
    asked = [
        permissions.function_permission(call, action, reference, partial(dict, keys))
        for action, keys in wanted.items()
    ]
    call.cloud.api.check_within(call, asked)


def _find(call: Call, url_id: str) -> tuple[FunctionReference | None, FunctionUrl | None]:
    reference = settings.find_url_target(call, url_id)
    return reference, None if reference is None else settings.find_url(call, reference)


def _call(cloud: Cloud, request: HttpRequest, reference: FunctionReference) -> Call:
    call = cloud.call("lambda", Principal.anonymous(), reference.account, reference.region)
    call.source_ip = request.client[0]
    call.user_agent = request.header("user-agent") or ""
    call.secure = request.scheme == "https"
    call.trace_id = request.header("x-amzn-trace-id")
    call.trace_id = tracing.header(call, reference.unqualified_arn)
    return call


def _error(status: int, message: str | None, code: str) -> HttpResponse:
    body = msgspec.json.encode({"Message": message})
    return HttpResponse(status, [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)], body)


def _unusable() -> HttpResponse:
    return HttpResponse(502, [("Content-Type", "application/json")], b"Internal Server Error")


def _finished(call: Call, response: HttpResponse) -> HttpResponse:
    response.headers.append(("x-amzn-RequestId", call.request_id))
    if call.trace_id:
        response.headers.append(("X-Amzn-Trace-Id", call.trace_id.partition(";Lineage")[0]))
    return response
