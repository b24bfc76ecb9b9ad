"""How one service asks another: operations, permissions and errors as over the wire, without the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudlet.core.access import Permission
    from cloudlet.core.call import Call
    from cloudlet.core.http import HttpRequest, HttpResponse


class Api(Protocol):
    """Every operation of every service, called as `call.principal`."""

    async def request(
        self, call: Call, service: str, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Validates, judges and runs an operation; what boto3 would return. Raises ServiceError."""

    def request_within(
        self, call: Call, service: str, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The same inside the caller's open transaction; only for operations that do not wait."""

    def check_within(self, call: Call, permissions: Sequence[Permission]) -> None:
        """Raises AccessDenied unless `call.principal` has every permission; in the open transaction."""


class Wire(Protocol):
    """The services as their own HTTP shows them, for those who are given HTTP rather than parameters."""

    async def request(
        self, call: Call, endpoint: str, action: str | None, request: HttpRequest
    ) -> HttpResponse:
        """Answers as `call.principal` what the service at an endpoint, such as "dynamodb", is sent.

        With an action the request's body is its input; without one the request's path says what is asked.
        Errors are answers too. Raises NotImplementedHere only where no service has that endpoint.
        """
