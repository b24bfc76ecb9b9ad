"""Which requests are answers of custom resources' functions. What happens to them is in responses.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.operation import DataPlane

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.http import HttpRequest, HttpResponse

PREFIX: Final = "/_cloudformation/responses/"


def _claims(request: HttpRequest) -> bool:
    return request.path.startswith(PREFIX)


async def _handle(cloud: Cloud, request: HttpRequest) -> HttpResponse:
    from cloudlet.services.cloudformation import responses  # noqa: PLC0415  start time: only stacks need it

    return await responses.take(cloud, request)


RESPONSES: Final = DataPlane(_claims, _handle)
