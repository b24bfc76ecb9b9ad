"""As whom an integration calls: a session of its role, the client itself, or API Gateway for the API.

Judges nothing: what the role may do is judged where it is asked.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import ServiceError

from .authorization import method_arn
from .errors import internal_server_error

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

    async def start(self) -> None:
        """Nothing to do before the first request."""

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
    call, integration = invocation.call, invocation.method.integration
    service = integration.service
    if service is not None and service.region:
        call = replace(call, region=service.region)
    as_gateway = call.as_service(_PRINCIPAL, method_arn_of_resource(invocation))
    if integration.credentials is None:
        return as_gateway
    if integration.credentials == _CALLER:
        return call.on_behalf(_PRINCIPAL)
    sessions = call.cloud.component(RoleSessions)
    try:
        session = await sessions.session(as_gateway, integration.credentials)
    except ServiceError as error:
        reason = f"API Gateway does not have permission to assume the provided role {integration.credentials}"
        raise internal_server_error(reason=reason) from error
    return call.as_principal(session.principal)


def method_arn_of_resource(invocation: Invocation) -> str:
    """The ARN that functions' policies name: with the resource's path, not the one that was called."""
    stage, method = invocation.stage, invocation.method
    place = method_arn(invocation).split(":")[:5]
    return f"{':'.join(place)}:{stage.api_id}/{stage.name}/{method.http_method}{method.resource_path}"
