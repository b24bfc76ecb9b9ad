"""What happens to a request, step by step, as AWS names the steps. Read this file first.

The stage has been found already. A step adds what it found to the invocation or raises a GatewayError, which
ends in a gateway response. No step knows one integration from another but `integrate`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias
from urllib.parse import unquote

from .authorization import authorize
from .errors import bad_parameters, internal_server_error, missing_authentication_token
from .integrations import INTEGRATIONS
from .invocation import Invocation, headers_of, querystring_of
from .payload import LARGEST_PAYLOAD_BYTES, inflated
from .requests import map_request
from .responses import map_response

Step: TypeAlias = Callable[[Invocation], Awaitable[None]]


async def find_method(invocation: Invocation) -> None:
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
    await INTEGRATIONS[invocation.method.integration.type](invocation)


STEPS: Final[tuple[Step, ...]] = (
    find_method,  # before authorization: a path that is not there is refused alike for everybody
    authorize,
    read_body,
    check_request,
    map_request,
    integrate,
    map_response,
)


def _sent(invocation: Invocation, place: str, name: str) -> bool:
    if place == "path":
        return bool(unquote(invocation.path_parameters.get(name, "")))
    parameters = invocation.headers if place == "header" else invocation.querystring
    values = parameters.get(name)
    return bool(values and values[-1])
