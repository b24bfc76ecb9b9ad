"""TestInvokeMethod: takes a method's steps without a deployment, and tells them line by line.

Nobody is authorized and nothing is counted: whoever may ask this owns the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.http import BytesBody, HttpRequest, HttpResponse, RequestEntityTooLarge
from cloudlet.services.apigateway.model import Serving, Stage

from .compiled import compile_stage
from .content import content_of
from .errors import GatewayError, too_large
from .execution_log import ExecutionLog, Level
from .gateway import extended_request_id, refused, taken
from .invocation import Invocation, headers_of, querystring_of
from .narration import tell_integration, tell_request, tell_response
from .requests import map_request
from .responses import map_response
from .steps import check_request, integrate, read_body
from .tracing import trace_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.access import Principal
    from cloudlet.core.call import Call
    from cloudlet.core.http import Headers
    from cloudlet.services.apigateway.model import Resource, Snapshot

    from .compiled import CompiledStage
    from .steps import Step

STAGE_NAME: Final = "test-invoke-stage"
_STEPS: Final[tuple[Step, ...]] = (
    read_body,
    tell_request,
    check_request,
    map_request,
    integrate,
    tell_integration,
    map_response,
    tell_response,
)


async def try_method(
    call: Call, snapshot: Snapshot, resource: Resource, http_method: str, request: Mapping[str, Any]
) -> dict[str, Any]:
    """What TestInvokeMethod answers: `request` as boto3 gives it, `snapshot` the API as it stands now.

    Raises ValueError for a method without an integration.
    """
    started = call.time()
    invocation = _invocation(call, snapshot, resource, http_method, request)
    try:
        response = await taken(invocation, _STEPS)
        response.body = await content_of(response)
    except GatewayError as error:
        response = _refused(invocation, error)
    except RequestEntityTooLarge:
        response = _refused(invocation, too_large())
    return {**_shown(invocation, response), "latency": round((call.time() - started) * 1000)}


def _invocation(
    call: Call, snapshot: Snapshot, resource: Resource, http_method: str, request: Mapping[str, Any]
) -> Invocation:
    stage = compile_stage(serving_for(call, STAGE_NAME, request), snapshot, Level.DATA)
    invocation = invocation_of(call, stage, http_method, resource.path, request)
    invocation.matched = next(
        method for method in stage.routes.all_methods() if method.key == (resource.id, http_method)
    )
    invocation.path_parameters = _parameters(resource.path, invocation.path)
    return invocation


def serving_for(call: Call, name: str, request: Mapping[str, Any]) -> Serving:
    """A stage that nobody has made."""
    now, variables = call.time(), {**request.get("stageVariables", {})}
    return Serving(call.account, call.region, Stage(name, "", now, now, variables=variables or None))


def invocation_of(
    call: Call, stage: CompiledStage, http_method: str, default_path: str, request: Mapping[str, Any]
) -> Invocation:
    """A request that nobody has sent, with a log."""
    path, _, query = (request.get("pathWithQueryString") or default_path).partition("?")
    body = request.get("body") or ""
    sent = HttpRequest(http_method, path, query, _headers(request), BytesBody(body.encode()))
    return Invocation(
        call=call,
        request=sent,
        stage=stage,
        path=path,
        context_path=path,
        event_path=path,
        domain_name="testPrefix.testDomainName",
        extended_request_id=extended_request_id(call),
        received_at=call.now(),
        trace_id=trace_id_of(None, call),
        headers=headers_of(sent),
        querystring=querystring_of(query),
        caller=_caller(call.principal, call),
        log=ExecutionLog(call.clock, Level.DATA),
    )


def _headers(request: Mapping[str, Any]) -> Headers:
    several = request.get("multiValueHeaders") or {}
    headers = [(name, value) for name, values in several.items() for value in values]
    known = {name.lower() for name in several}
    single = request.get("headers") or {}
    return headers + [(name, value) for name, value in single.items() if name.lower() not in known]


def _parameters(template: str, path: str) -> dict[str, str]:
    """The parameters of a path that has the resource's form; of any other path there are none."""
    wanted, sent = template.strip("/").split("/"), path.strip("/").split("/")
    values: dict[str, str] = {}
    for place, part in enumerate(wanted):
        if part.startswith("{") and part.endswith("+}") and len(sent) > place:
            return {**values, part[1:-2]: "/".join(sent[place:])}
        if place >= len(sent):
            return {}
        if part.startswith("{") and part.endswith("}"):
            values[part[1:-1]] = sent[place]
        elif part != sent[place]:
            return {}
    return values if len(wanted) == len(sent) else {}


def _caller(principal: Principal, call: Call) -> dict[str, str]:
    return {
        "apiKey": "test-invoke-api-key",
        "apiKeyId": "test-invoke-api-key-id",
        "accountId": call.account,
        "accessKey": principal.access_key_id or "",
        "caller": principal.unique_id,
        "user": principal.unique_id,
        "userArn": principal.arn,
        "userAgent": call.user_agent,
        "sourceIp": "test-invoke-source-ip",
    }


def _refused(invocation: Invocation, error: GatewayError) -> HttpResponse:
    response = refused(invocation, error)
    # Seen at AWS: a trial shows no content type of the gateway's own words.
    response.headers = [each for each in response.headers if each[0] != "Content-Type"]
    return response


def _shown(invocation: Invocation, response: HttpResponse) -> dict[str, Any]:
    several: dict[str, list[str]] = {}
    for name, value in response.headers:
        several.setdefault(name, []).append(value)
    body = response.body if isinstance(response.body, bytes) else b""
    return {
        "status": response.status,
        "body": body.decode("utf-8", "replace"),
        "headers": {name: values[-1] for name, values in several.items()},
        "multiValueHeaders": several,
        "log": invocation.log.shown(invocation.request_id) if invocation.log is not None else "",
    }
