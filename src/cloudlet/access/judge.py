"""IAM at the edge: collects what is attached to a caller and asks the evaluation, once per permission.

Refuses by raising AccessDenied; in audit mode it only reports what it would have refused.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cloudlet.access.context import request_context
from cloudlet.core.access import Permission, Principal, PrincipalKind, PrincipalPolicies
from cloudlet.core.errors import AccessDenied

if TYPE_CHECKING:
    from cloudlet.access.audit import Audit
    from cloudlet.core.call import Call

_LOG: Final = logging.getLogger("cloudlet.access")
_NOTHING_ATTACHED: Final = PrincipalPolicies()
_HAVE_POLICIES: Final = frozenset(
    {PrincipalKind.USER, PrincipalKind.ASSUMED_ROLE, PrincipalKind.FEDERATED_USER}
)


class Judge:
    """Decides about every call."""

    def __init__(self, audit: Audit | None = None) -> None:
        self._audit = audit

    def check(self, call: Call, permissions: Sequence[Permission]) -> None:
        """Raises AccessDenied unless every permission is granted. Needs an open transaction."""
        principal = call.principal
        if principal.kind is PrincipalKind.ROOT and not any(map(_root_must_ask, permissions)):
            return
        policies = _attached(call, principal)
        context = request_context(
            principal,
            now=call.time(),
            source_ip=call.source_ip,
            secure=call.secure,
            region=call.region,
            user_agent=call.user_agent,
            source_arn=call.source_arn,
            source_account=call.account if call.source_arn else None,
            called_via=call.via,
        )
        for permission in permissions:
            if self._audit is not None:
                self._audit.record(principal, permission)
            decision = call.cloud.access.decide(principal, policies, permission, context)
            if not decision.allowed:
                self._refuse(principal, permission, decision.message)

    def _refuse(self, principal: Principal, permission: Permission, message: str) -> None:
        if self._audit is None:
            raise AccessDenied(message)
        _LOG.warning("would refuse: %s needs %s on %s", principal.arn, permission.action, permission.resource)


def _root_must_ask(permission: Permission) -> bool:
    return permission.resource_policy is not None or permission.resource_account is not None


def _attached(call: Call, principal: Principal) -> PrincipalPolicies:
    if principal.kind in _HAVE_POLICIES:
        return call.cloud.identities.policies_of(call, principal)
    return _NOTHING_ATTACHED
