"""What happens to a request, step by step, as AWS names the steps. Read this file first.

The stage has been found already. A step adds what it found to the invocation or raises a GatewayError, which
ends in a gateway response. No step knows one integration from another but `integrate`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import unquote

from msgspec import Struct

from .api_keys import needs_key, require_api_key
from .authorization import authorize, is_guarded
from .errors import bad_parameters, internal_server_error, missing_authentication_token
from .integrations import INTEGRATIONS
from .invocation import Invocation, headers_of, querystring_of
from .narration import start_log, tell_integration, tell_request, tell_response, tell_usage
from .payload import LARGEST_PAYLOAD_BYTES, inflated
from .quotas import count_request
from .requests import map_request
from .responses import map_response
from .stage_cache import is_cached, read_cache, write_cache
from .throttling import throttle

if TYPE_CHECKING:
    from .compiled import CompiledMethod, CompiledStage

Step: TypeAlias = Callable[[Invocation], Awaitable[None]]


def find_method(invocation: Invocation) -> None:
    """Routes by path and method together; what is not there looks like a request without a signature."""
    found = invocation.stage.routes.find(invocation.request.method, invocation.path)
    invocation.headers = headers_of(invocation.request)
    invocation.querystring = querystring_of(invocation.request.query)
    if found is None:
        raise missing_authentication_token()
    invocation.matched, invocation.path_parameters = found


async def read_body(invocation: Invocation) -> None:
    """Reads what was sent, up to 10 MB, and undoes its compression where the API compresses."""
    body = await invocation.request.body.read(LARGEST_PAYLOAD_BYTES)
    encoding = invocation.request.header("content-encoding")
    if body and encoding and invocation.stage.minimum_compression_size is not None:
        body = inflated(body, encoding.strip().lower())
    invocation.body = body


async def check_request(invocation: Invocation) -> None:
    """What the method's request validator asks for."""
    method = invocation.method
    missing = [name for place, name in method.required_parameters if not _sent(invocation, place, name)]
    if missing:
        raise bad_parameters(missing)
    if method.body_validator is not None:
        method.body_validator.check(invocation.body, invocation.content_type)


async def integrate(invocation: Invocation) -> None:
    """Asks the integration."""
    if invocation.method.integration.maps_forbidden:
        raise internal_server_error()
    started = invocation.call.time()
    try:
        await INTEGRATIONS[invocation.method.integration.type](invocation)
    finally:
        invocation.integration_seconds = invocation.call.time() - started


class Optional(Struct, frozen=True):
    """A step that only some methods take: a method that does not use it does not pay for it."""

    step: Step
    wanted: Callable[[CompiledStage, CompiledMethod], bool]


def _logs(stage: CompiledStage, method: CompiledMethod) -> bool:
    return method.log_level is not None


STEPS: Final[tuple[Step | Optional, ...]] = (
    Optional(start_log, _logs),
    Optional(authorize, is_guarded),
    Optional(require_api_key, needs_key),  # after authorization: an authorizer may give the key
    throttle,
    Optional(count_request, needs_key),  # after throttling: what is not let in is not counted
    Optional(tell_usage, _logs),
    read_body,
    Optional(tell_request, _logs),
    check_request,
    Optional(read_cache, is_cached),
    map_request,
    integrate,
    Optional(tell_integration, _logs),
    map_response,
    Optional(tell_response, _logs),
    Optional(write_cache, is_cached),
)
"""What follows when the method has been found; a path that is not there is refused alike for everybody."""


def steps_of(stage: CompiledStage, method: CompiledMethod) -> tuple[Step, ...]:
    """The steps that requests for one method take; found out once."""
    found = stage.steps.get(method.key)
    if found is None:
        wanted = (each for each in STEPS if not isinstance(each, Optional) or each.wanted(stage, method))
        found = tuple(each.step if isinstance(each, Optional) else each for each in wanted)
        stage.steps[method.key] = found
    return found


def _sent(invocation: Invocation, place: str, name: str) -> bool:
    if place == "path":
        return bool(unquote(invocation.path_parameters.get(name, "")))
    parameters = invocation.headers if place == "header" else invocation.querystring
    values = parameters.get(name)
    return bool(values and values[-1])
