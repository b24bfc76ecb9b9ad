"""The function's execution role: sources are read and destinations written by its sessions.

Sessions are kept until shortly before they end; they are soft state and stored nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.access import Principal
from cloudlet.services.lambda_ import references, state

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.identity import Session
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping
    from cloudlet.services.lambda_.references import FunctionReference

_PRINCIPAL: Final = "lambda.amazonaws.com"
_MARGIN_SECONDS: Final = 60.0


class _Kept(Struct, frozen=True):
    role_arn: str
    session: Session

    def serves(self, role_arn: str, now: float) -> bool:
        return self.role_arn == role_arn and self.session.expires_at > now + _MARGIN_SECONDS


class ExecutionRole:
    """The role of one mapping's function, whichever it has at the time."""

    def __init__(self, cloud: Cloud, mapping: EventSourceMapping) -> None:
        self._cloud = cloud
        self._account = mapping.account
        self._region = mapping.region
        self._kept: _Kept | None = None
        self.arn = ""
        """As of the last look."""

    async def call(self, function_arn: str) -> Call:
        """A call as the role. Raises AccessDenied, or ResourceNotFoundException without the function."""
        service = service_call(self._cloud, self._account, self._region)
        reference = references.parse(service, function_arn)
        role_arn = await service.transact(lambda inner: role_of(inner, reference), read_only=True)
        kept = self._kept
        if kept is None or not kept.serves(role_arn, service.time()):
            kept = self._kept = _Kept(role_arn, await assume(service, role_arn, reference.name))
        self.arn = role_arn
        return self._cloud.call("lambda", kept.session.principal, self._account, self._region)


def service_call(cloud: Cloud, account: str, region: str) -> Call:
    """A call of Lambda itself."""
    return cloud.call("lambda", Principal.of_service(_PRINCIPAL), account, region)


def role_of(call: Call, reference: FunctionReference) -> str:
    """The role that a function has now. Raises ResourceNotFoundException."""
    return state.qualified_version(call, reference).configuration.role


async def assume(call: Call, role_arn: str, function_name: str) -> Session:
    """A session of the role. Raises AccessDenied."""
    name = references.role_session_name(function_name)
    return await call.transact(lambda inner: call.cloud.identities.assume_role(inner, role_arn, name))
