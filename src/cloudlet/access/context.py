"""The global condition keys of a request, computed only when a policy asks for them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
Keys that an action or resource adds come with the Permission, not from here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from cloudlet.core.access import PrincipalKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.access import Principal

Values: TypeAlias = "tuple[str, ...] | None"

_PRINCIPAL_TYPES: Final = {
    PrincipalKind.ROOT: "Account",
    PrincipalKind.USER: "User",
    PrincipalKind.ASSUMED_ROLE: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.ANONYMOUS: "Anonymous",
}
_PRINCIPAL_TAG: Final = "aws:principaltag/"


class CallContext(Struct, frozen=True):
    """What the pipeline knows of a call."""

    principal: Principal
    now: float
    source_ip: str | None = None
    secure: bool = False
    region: str | None = None
    user_agent: str | None = None
    referer: str | None = None
    source_arn: str | None = None
    """For a service's own call: the resource it calls for."""
    source_account: str | None = None
    called_via: tuple[str, ...] = ()
    """The services that pass the caller's request on, the first one first."""

    def find(self, key: str) -> Values:
        """The values of a condition key, by its name in lower case; None if the request has no such key."""
        if key.startswith(_PRINCIPAL_TAG):
            wanted = key[len(_PRINCIPAL_TAG) :]
            return _one(next((value for name, value in self.principal.tags if name.lower() == wanted), None))
        compute = _KEYS.get(key)
        return None if compute is None else compute(self)


def request_context(
    principal: Principal,
    *,
    now: float,
    source_ip: str | None = None,
    secure: bool = False,
    region: str | None = None,
    user_agent: str | None = None,
    referer: str | None = None,
    source_arn: str | None = None,
    source_account: str | None = None,
    called_via: tuple[str, ...] = (),
) -> CallContext:
    """The context of one call; `now` is in seconds since 1970."""
    return CallContext(
        principal, now, source_ip, secure, region, user_agent, referer, source_arn, source_account, called_via
    )


def _one(value: str | None) -> Values:
    return None if value is None else (value,)


def _boolean(value: bool) -> Values:
    return ("true",) if value else ("false",)


def _instant(seconds: float) -> Values:
    return (datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),)


def _is_service(call: CallContext) -> bool:
    return call.principal.kind is PrincipalKind.SERVICE


def _principal_arn(call: CallContext) -> Values:
    """For a session the ARN of its role, not its own."""
    principal = call.principal
    if principal.kind is PrincipalKind.ASSUMED_ROLE:
        return _one(principal.role_arn)
    if principal.kind in (PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS):
        return None
    return (principal.arn,)


def _userid(call: CallContext) -> Values:
    if call.principal.kind is PrincipalKind.ANONYMOUS:
        return ("anonymous",)
    return _one(call.principal.unique_id or None)


def _multi_factor(call: CallContext) -> Values:
    present = call.principal.mfa_authenticated
    return None if present is None else _boolean(present)


def _token_issue_time(call: CallContext) -> Values:
    issued = call.principal.token_issued_at
    return None if issued is None else _instant(issued)


_KEYS: Final[dict[str, Callable[[CallContext], Values]]] = {
    "aws:calledvia": lambda call: call.called_via or None,
    "aws:calledviafirst": lambda call: call.called_via[:1] or None,
    "aws:calledvialast": lambda call: call.called_via[-1:] or None,
    "aws:currenttime": lambda call: _instant(call.now),
    "aws:epochtime": lambda call: (str(int(call.now)),),
    "aws:multifactorauthpresent": _multi_factor,
    "aws:principalaccount": lambda call: _one(call.principal.account or None),
    "aws:principalarn": _principal_arn,
    "aws:principalisawsservice": lambda call: _boolean(_is_service(call)),
    "aws:principalservicename": lambda call: (call.principal.arn,) if _is_service(call) else None,
    "aws:principaltype": lambda call: _one(_PRINCIPAL_TYPES.get(call.principal.kind)),
    "aws:referer": lambda call: _one(call.referer),
    "aws:requestedregion": lambda call: _one(call.region),
    "aws:securetransport": lambda call: _boolean(call.secure),
    "aws:sourceaccount": lambda call: _one(call.source_account),
    "aws:sourcearn": lambda call: _one(call.source_arn),
    "aws:sourceidentity": lambda call: _one(call.principal.source_identity),
    "aws:sourceip": lambda call: _one(call.source_ip),
    "aws:tokenissuetime": _token_issue_time,
    "aws:useragent": lambda call: _one(call.user_agent),
    "aws:userid": _userid,
    "aws:username": lambda call: (
        _one(call.principal.name or None) if call.principal.kind is PrincipalKind.USER else None
    ),
    "aws:viaawsservice": lambda call: _boolean(bool(call.called_via)),
}
