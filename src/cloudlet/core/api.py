"""How one service asks another: operations, permissions and errors as over the wire, without the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call


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
