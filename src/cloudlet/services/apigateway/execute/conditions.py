"""The condition keys of a request of execute-api, for policies that are not judged at the edge.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html
Judges nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .invocation import Invocation


class InvocationConditions:
    """Implements core.access.RequestContext."""

    __slots__ = ("_invocation",)

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation

    def find(self, key: str) -> tuple[str, ...] | None:
        """The values of a condition key, by its name in lower case; None if the request has no such key."""
        call = self._invocation.call
        if key == "aws:sourceip":
            return (call.source_ip,)
        if key == "aws:useragent":
            return (call.user_agent,) if call.user_agent else None
        if key == "aws:referer":
            referer = self._invocation.request.header("referer")
            return (referer,) if referer else None
        if key == "aws:securetransport":
            return ("true" if call.secure else "false",)
        if key == "aws:currenttime":
            return (call.now().strftime("%Y-%m-%dT%H:%M:%SZ"),)
        if key == "aws:epochtime":
            return (str(int(call.time())),)
        if key == "aws:requestedregion":
            return (call.region,)
        return None
