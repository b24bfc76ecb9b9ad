"""How one service asks another: operations, permissions and errors as over the wire, without the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.access import Principal
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


class Identities(Protocol):
    """What IAM and STS know, for those who must ask without being asked."""

    def assume_role(
        self, call: Call, role_arn: str, session_name: str, duration_seconds: int = 3600
    ) -> Session:
        """A session of a role for the service that `call.principal` is. Raises AccessDenied.

        Needs an open transaction. The session's permissions are judged at every call made with it.
        """

    def trusts(self, call: Call, role_arn: str, service_principal: str) -> bool:
        """Whether a role exists and lets a service assume it. Needs an open transaction."""


class Session(Protocol):
    """Temporary credentials and whose they are."""

    @property
    def principal(self) -> Principal:
        """The role session."""

    @property
    def access_key_id(self) -> str:
        """ASIA..."""

    @property
    def secret_access_key(self) -> str:
        """The secret."""

    @property
    def session_token(self) -> str:
        """What must accompany the key."""
