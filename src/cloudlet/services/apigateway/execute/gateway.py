"""Serving a request of execute-api from its door to its answer.

What happens in between stands in `steps.py`.
"""

from __future__ import annotations

import base64
import logging
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.core.http import HttpRequest, HttpResponse, RequestEntityTooLarge

from .domains import address_below, find_domain, host_of, lets_in
from .door import find_address
from .errors import GatewayError, too_large
from .invocation import Invocation
from .metrics import count
from .narration import tell_failure
from .payload import deflated
from .stage_logs import write_logs
from .stages import CompiledStages
from .steps import find_method, steps_of
from .tracing import trace_id_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call, Cloud

    from .address import Address
    from .compiled import CompiledStage
    from .steps import Step

_LOG: Final = logging.getLogger("cloudlet.apigateway")
_FORBIDDEN: Final = b'{"message":"Forbidden"}'


async def handle(cloud: Cloud, request: HttpRequest) -> HttpResponse | None:
    """Answers a request of execute-api; None for a host that is nobody's domain name."""
    address = find_address(request)
    if address is None:
        domain = await find_domain(cloud, request)
        if domain is None:
            return None
        address = address_below(domain, request.path, host_of(request))
        if address is None or not lets_in(domain, request):
            return _forbidden(cloud)
    stage = await cloud.component(CompiledStages).find(address.api_id, address.stage_name)
    if stage is None or (stage.disabled and not address.is_own_domain):
        return _forbidden(cloud)
    invocation = _invocation(cloud, request, stage, address)
    response = _finished(invocation, await answer(invocation))
    write_logs(invocation, response)
    count(invocation, response)
    return response


async def answer(invocation: Invocation) -> HttpResponse:
    """Takes the steps, and answers with what they made or with the gateway response they ended in."""
    try:
        find_method(invocation)
        return await taken(invocation, steps_of(invocation.stage, invocation.method))
    except GatewayError as error:
        return refused(invocation, error)
    except RequestEntityTooLarge:
        return refused(invocation, too_large())


async def taken(invocation: Invocation, steps: Sequence[Step]) -> HttpResponse:
    """The answer that the steps make. Raises GatewayError or RequestEntityTooLarge."""
    for step in steps:
        await step(invocation)
        if invocation.is_served_from_cache:
            break
    if invocation.response is None:
        raise RuntimeError("The last step always answers.")
    return invocation.response


def refused(invocation: Invocation, error: GatewayError) -> HttpResponse:
    """The gateway response that an error is."""
    if error.__cause__ is not None:
        # The client learns no more than AWS would say; whoever runs the cloud may want the reason.
        _LOG.info("request %s: %s, for %s", invocation.request_id, error.message, error.__cause__)
    invocation.error = error
    response = invocation.stage.gateway_responses.answer(invocation, error)
    tell_failure(invocation, error, response)
    return response


def _invocation(cloud: Cloud, request: HttpRequest, stage: CompiledStage, address: Address) -> Invocation:
    call = cloud.call("apigateway", Principal.anonymous(), stage.account, stage.region)
    call.source_ip = request.client[0]
    call.user_agent = request.header("user-agent") or ""
    call.secure = request.scheme == "https"
    call.trace_id = trace_id = trace_id_of(request.header("x-amzn-trace-id"), call, stage.sampler)
    return Invocation(
        call=call,
        request=request,
        stage=stage,
        path=address.path,
        context_path=address.context_path,
        event_path=address.event_path or address.path,
        domain_name=address.domain_name or f"{stage.api_id}.execute-api.{stage.region}.amazonaws.com",
        base_path=address.base_path,
        vpc_endpoint_id=address.vpc_endpoint_id,
        extended_request_id=extended_request_id(call),
        received_at=call.now(),
        trace_id=trace_id,
    )


def extended_request_id(call: Call) -> str:
    """What x-amz-apigw-id says."""
    return base64.b64encode(bytes.fromhex(call.request_id.replace("-", "")[:22]), b"-_").decode()


def _finished(invocation: Invocation, response: HttpResponse) -> HttpResponse:
    headers = response.headers
    smallest = invocation.stage.minimum_compression_size
    if smallest is not None and isinstance(response.body, bytes) and len(response.body) >= smallest:
        _compress(invocation, response)
    headers.append(("x-amzn-RequestId", invocation.request_id))
    headers.append(("x-amz-apigw-id", invocation.extended_request_id))
    return response


def _compress(invocation: Invocation, response: HttpResponse) -> None:
    accepted = invocation.request.header("accept-encoding") or ""
    if isinstance(response.body, bytes) and response.header("content-encoding") is None:
        smaller = deflated(response.body, accepted)
        if smaller is not None:
            response.body, encoding = smaller
            response.headers.append(("Content-Encoding", encoding))


def _forbidden(cloud: Cloud) -> HttpResponse:
    # No gateway response applies where no stage is found.
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-ErrorType", "ForbiddenException"),
        ("x-amzn-RequestId", cloud.ids.uuid()),
    ]
    return HttpResponse(403, headers, _FORBIDDEN)
