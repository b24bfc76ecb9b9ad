"""The front door of execute-api: which API, stage and path a URL means.

    {api}.execute-api.{anything}/{stage}/{path}       the form AWS gives out, also {api}-{vpce}.execute-api...
    /restapis/{api}/{stage}/_user_request_/{path}     for machines without our DNS, as older tools write it
    /_aws/execute-api/{api}/{stage}/{path}

Runs nothing; `gateway.py` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cloudlet.core.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud

_USER_REQUEST: Final = "_user_request_"
_EXECUTE_API: Final = "/_aws/execute-api/"
_EXECUTE_API_LABEL: Final = ".execute-api."
_REST_APIS: Final = "/restapis/"


async def handle(cloud: Cloud, request: HttpRequest) -> HttpResponse:
    """Answers a request for execute-api."""
    from cloudlet.services.apigateway.execute import gateway  # noqa: PLC0415  start time: it takes 30 ms to load

    return await gateway.handle(cloud, request)


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL of execute-api means."""

    api_id: str
    stage_name: str
    path: str
    """The path below the stage, beginning with one slash."""
    context_path: str
    """The path with the stage, as $context.path shows it."""
    by_host: bool


def claims(request: HttpRequest) -> bool:
    """Whether a request is for execute-api, and not for the control plane that shares its paths."""
    path = request.path
    if path.startswith(_EXECUTE_API):
        return True
    if path.startswith(_REST_APIS):
        parts = path.split("/", 5)
        return len(parts) > 4 and parts[4] == _USER_REQUEST
    return _host_api(request) is not None


def address_of(request: HttpRequest) -> Address:
    """The address of a request that is for execute-api."""
    path = request.path
    if path.startswith(_EXECUTE_API):
        api_id, _, rest = path[len(_EXECUTE_API) :].partition("/")
        stage_name, _, below = rest.partition("/")
        return _address(api_id, stage_name, below, by_host=False)
    if path.startswith(_REST_APIS):
        parts = path.split("/", 5)
        return _address(parts[2], parts[3], parts[5] if len(parts) > 5 else "", by_host=False)
    stage_name, _, below = path.lstrip("/").partition("/")
    return _address(_host_api(request) or "", stage_name, below, by_host=True)


def _address(api_id: str, stage_name: str, below: str, *, by_host: bool) -> Address:
    # $context.path keeps the slashes that were sent; for routing and events the first ones are one.
    return Address(api_id.lower(), stage_name, f"/{below.lstrip('/')}", f"/{stage_name}/{below}", by_host)


def _host_api(request: HttpRequest) -> str | None:
    host = request.header("host") or ""
    if _EXECUTE_API_LABEL not in host.lower():
        return None
    first, _, rest = host.partition(".")
    if not rest.lower().startswith("execute-api."):
        return None
    if first.lower().startswith("vpce-"):
        return request.header("x-apigw-api-id")
    return first.partition("-vpce-")[0]
