"""The front door of execute-api: which API, stage and path a URL means.

    {api}.execute-api.{anything}/{stage}/{path}       the form AWS gives out, also {api}-{vpce}.execute-api...
    {vpce}.execute-api.{anything}/{stage}/{path}      with the header x-apigw-api-id
    /restapis/{api}/{stage}/_user_request_/{path}     for machines without our DNS, as older tools write it
    /_aws/execute-api/{api}/{stage}/{path}
    {domain name}/{base path}/{path}                  a name of one's own; it may prove to be nobody's

Runs nothing; `gateway.py` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.http import HttpRequest, HttpResponse
from cloudlet.core.operation import DataPlane

from .address import Address

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.tls import TlsDemands

_USER_REQUEST: Final = "_user_request_"
_EXECUTE_API: Final = "/_aws/execute-api/"
_EXECUTE_API_LABEL: Final = ".execute-api."
_REST_APIS: Final = "/restapis/"
_VPC_ENDPOINT: Final = "vpce-"
_NOT_OWN: Final = (".amazonaws.com", ".api.aws", ".on.aws", ".localhost")


async def _handle(cloud: Cloud, request: HttpRequest) -> HttpResponse | None:
    """Answers a request for execute-api; None for one that proves not to be."""
    from cloudlet.services.apigateway.execute import gateway  # noqa: PLC0415  start time: it takes 30 ms to load

    return await gateway.handle(cloud, request)


async def _tls_demands(cloud: Cloud, server_name: str) -> TlsDemands | None:
    """What a domain name of one's own demands of those who connect to it."""
    if not _may_be_own(server_name):
        return None
    from cloudlet.services.apigateway.execute import domains  # noqa: PLC0415  start time: few connections need it

    return await domains.tls_demands(cloud, server_name)


def claims(request: HttpRequest) -> bool:
    """Whether a request may be for execute-api, and is not for the control plane that shares its paths."""
    path = request.path
    if path.startswith(_EXECUTE_API):
        return True
    if path.startswith(_REST_APIS):
        parts = path.split("/", 5)
        return len(parts) > 4 and parts[4] == _USER_REQUEST
    host = request.header("host") or ""
    return _host_api(request, host) is not None or _may_be_own(host)


def find_address(request: HttpRequest) -> Address | None:
    """The address of a request for execute-api; None where only a domain name of one's own could tell it."""
    path = request.path
    if path.startswith(_EXECUTE_API):
        api_id, _, rest = path[len(_EXECUTE_API) :].partition("/")
        stage_name, _, below = rest.partition("/")
        return _address(api_id, stage_name, below)
    if path.startswith(_REST_APIS):
        parts = path.split("/", 5)
        return _address(parts[2], parts[3], parts[5] if len(parts) > 5 else "")
    host = request.header("host") or ""
    found = _host_api(request, host)
    if found is None:
        return None
    api_id, vpc_endpoint_id = found
    stage_name, _, below = path.lstrip("/").partition("/")
    return _address(api_id, stage_name, below, host.partition(":")[0], vpc_endpoint_id)


def _address(
    api_id: str,
    stage_name: str,
    below: str,
    domain_name: str | None = None,
    vpc_endpoint_id: str | None = None,
) -> Address:
    # $context.path keeps the slashes that were sent; for routing and events the first ones are one.
    path, shown = f"/{below.lstrip('/')}", f"/{stage_name}/{below}"
    return Address(api_id.lower(), stage_name, path, shown, domain_name, vpc_endpoint_id)


def _host_api(request: HttpRequest, host: str) -> tuple[str, str | None] | None:
    """The API that a host names, and the endpoint of a VPC if it names one."""
    if _EXECUTE_API_LABEL not in host.lower():
        return None
    first, _, rest = host.partition(".")
    if not rest.lower().startswith("execute-api."):
        return None
    if first.lower().startswith(_VPC_ENDPOINT):
        # Such a name has the zone's letter or more behind the endpoint's id.
        named = request.header("x-apigw-api-id")
        return (named, "-".join(first.split("-")[:2])) if named else None
    api_id, _, endpoint = first.partition("-vpce-")
    return api_id, f"{_VPC_ENDPOINT}{endpoint}" if endpoint else None


def _may_be_own(host: str) -> bool:
    """Whether a host could be somebody's own domain name; said without looking into the store."""
    name, _, port = host.rpartition(":")
    if not port.isdecimal():
        name = host
    # Addresses end in a digit or a bracket, names never do: no top-level domain is a number.
    return "." in name and name[-1].isalpha() and not name.endswith(_NOT_OWN)


DATA_PLANE: Final = DataPlane(claims, _handle, _tls_demands)
