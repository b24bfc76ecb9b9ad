"""The types of integrations there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from . import aws_service, http, lambda_custom, lambda_proxy, mock

if TYPE_CHECKING:
    from ..invocation import Invocation

__all__ = ["INTEGRATIONS"]


async def _aws(invocation: Invocation) -> None:
    service = invocation.method.integration.service
    if service is not None and service.function is not None:
        await lambda_custom.integrate(invocation, service.function)
    else:
        await aws_service.integrate(invocation)


INTEGRATIONS: Final[Mapping[str, Callable[[Invocation], Awaitable[None]]]] = {
    "AWS": _aws,
    "AWS_PROXY": lambda_proxy.integrate,
    "HTTP": http.integrate,
    "HTTP_PROXY": http.integrate,
    "MOCK": mock.integrate,
}
