"""Identity sources: the parts of a request that an authorizer goes by.

https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html
Judges none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from ..mapping import context_value

if TYPE_CHECKING:
    from ..invocation import Invocation, MultiValues

_REQUEST = "method.request."


class IdentitySource(Struct, frozen=True):
    """One part of a request."""

    place: str
    """header, querystring, stageVariables or context."""
    name: str

    def value(self, invocation: Invocation) -> str | None:
        """What a request has there; None for nothing."""
        if self.place == "header":
            return _header(invocation.headers, self.name)
        if self.place == "querystring":
            values = invocation.querystring.get(self.name)
            return values[-1] if values else None
        if self.place == "stageVariables":
            return invocation.stage.variables.get(self.name)
        return context_value(invocation.context(), self.name)


def sources_in(text: str | None) -> tuple[IdentitySource, ...]:
    """The sources of an expression such as method.request.header.a,context.identity.sourceIp."""
    parts = (each.strip().removeprefix(_REQUEST).partition(".") for each in (text or "").split(","))
    return tuple(IdentitySource(place, name) for place, _, name in parts if name)


def values_of(sources: tuple[IdentitySource, ...], invocation: Invocation) -> tuple[str, ...] | None:
    """What a request has at every source; None where one of them is missing or empty."""
    values = tuple(source.value(invocation) or "" for source in sources)
    return values if all(values) else None


def _header(headers: MultiValues, name: str) -> str | None:
    lower = name.lower()
    return next((values[-1] for key, values in headers.items() if key.lower() == lower and values), None)
