"""As whom an integration calls: a session of its role, the client itself, or API Gateway for the API.

Judges nothing: what the role may do is judged where it is asked.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.core.errors import ServiceError

from .errors import internal_server_error
from .method_arns import method_arn_of_resource

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.identity import Session

    from .invocation import Invocation

_PRINCIPAL: Final = "apigateway.amazonaws.com"
_CALLER: Final = "arn:aws:iam::*:user/*"
_RENEWED_SECONDS_BEFORE: Final = 300
_MOST_SESSIONS: Final = 1024


class RoleSessions:
    """The sessions of the roles that APIs call with, each used until shortly before it expires."""

    def __init__(self, cloud: Cloud) -> None:
        self._kept: OrderedDict[tuple[str, str], Session] = OrderedDict()

    async def close(self) -> None:
        """Forgets them."""
        self._kept.clear()

    async def session(self, call: Call, role_arn: str) -> Session:
        """A session of a role. Raises ServiceError where the role does not trust API Gateway."""
        key = (call.account, role_arn)
        kept = self._kept.get(key)
        if kept is not None and kept.expires_at - call.time() > _RENEWED_SECONDS_BEFORE:
            return kept
        service = call.as_service(_PRINCIPAL, call.source_arn)
        session = await service.transact(
            lambda inner: inner.cloud.identities.assume_role(inner, role_arn, "BackplaneAssumeRoleSession")
        )
        self._kept[key] = session
        while len(self._kept) > _MOST_SESSIONS:
            self._kept.popitem(last=False)
        return session


async def caller_of(invocation: Invocation) -> Call:
    """The call with which an integration asks a service. Raises GatewayError."""
    integration = invocation.method.integration
    call = await caller_as(invocation, integration.credentials, method_arn_of_resource(invocation))
    service = integration.service
    return replace(call, region=service.region) if service is not None and service.region else call


async def caller_as(invocation: Invocation, credentials: str | None, source_arn: str) -> Call:
    """The call with which a part of an API asks, by the credentials it was given. Raises GatewayError."""
    call = invocation.call
    as_gateway = call.as_service(_PRINCIPAL, source_arn)
    if credentials is None:
        return as_gateway
    if credentials == _CALLER:
        return call.on_behalf(_PRINCIPAL)
    sessions = call.cloud.component(RoleSessions)
    try:
        session = await sessions.session(as_gateway, credentials)
    except ServiceError as error:
        reason = f"API Gateway does not have permission to assume the provided role {credentials}"
        raise internal_server_error(reason=reason) from error
    return call.as_principal(session.principal)
