"""Which requests are for function URLs, and what such a URL means. What it answers is in door.py.

{id}.lambda-url.{anything}/{path}      the form AWS gives out
/_aws/lambda-url/{id}/{path}           for machines without our DNS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.operation import DataPlane

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.http import HttpRequest, HttpResponse

_LABEL: Final = ".lambda-url."
_PREFIX: Final = "/_aws/lambda-url/"


class Address(Struct, frozen=True):
    """A function URL and a path below it."""

    url_id: str
    path: str
    domain_name: str
    """Empty where the request did not come by name."""


def address_of(request: HttpRequest) -> Address:
    """What a request for a function URL is for."""
    if request.path.startswith(_PREFIX):
        url_id, _, below = request.path[len(_PREFIX) :].partition("/")
        return Address(url_id.lower(), f"/{below}", "")
    host = (request.header("host") or "").lower().partition(":")[0]
    return Address(host.partition(".")[0], request.path, host)


def _claims(request: HttpRequest) -> bool:
    return request.path.startswith(_PREFIX) or _LABEL in (request.header("host") or "").lower()


async def _handle(cloud: Cloud, request: HttpRequest) -> HttpResponse:
    from cloudlet.services.lambda_.function_urls import door  # noqa: PLC0415  start time: only functions need it

    return await door.handle(cloud, request)


DATA_PLANE: Final = DataPlane(_claims, _handle)
