"""AWS's refusals, letter for letter.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
Which error code carries a text is the business of the service's protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.access import PrincipalKind, Reason

if TYPE_CHECKING:
    from cloudlet.core.access import Permission, Principal

_EXPLICIT: Final = {
    Reason.EXPLICIT_DENY_IDENTITY: "with an explicit deny in an identity-based policy",
    Reason.EXPLICIT_DENY_RESOURCE: "with an explicit deny in a resource-based policy",
    Reason.EXPLICIT_DENY_BOUNDARY: "with an explicit deny in a permissions boundary",
    Reason.EXPLICIT_DENY_SESSION: "with an explicit deny in a session policy",
}
_NAMED: Final = frozenset({Reason.EXPLICIT_DENY_IDENTITY, Reason.EXPLICIT_DENY_BOUNDARY})
_IMPLICIT: Final = {
    Reason.NO_IDENTITY_ALLOW: "because no identity-based policy allows the {action} action",
    Reason.NO_RESOURCE_ALLOW: "because no resource-based policy allows the {action} action",
    Reason.NO_BOUNDARY_ALLOW: "because no permissions boundary allows the {action} action",
    Reason.NO_SESSION_ALLOW: "because no session policy allows the {action} action",
}


def refusal(principal: Principal, permission: Permission, reason: Reason, policy: str = "") -> str:
    """The refusal with its reason; AssumeRole is refused without one, as AWS does.

    `policy` is the name of the policy that denied; AWS names it where it has an ARN.
    """
    if permission.action.startswith("s3:") and not _same_account(principal, permission):
        return "Access Denied"
    plain = _without_reason(principal, permission)
    if permission.action.startswith("sts:AssumeRole"):
        return plain
    if reason in _IMPLICIT:
        return f"{plain} {_IMPLICIT[reason].format(action=permission.action)}"
    named = f": {policy}" if reason in _NAMED and policy.startswith("arn:") else ""
    return f"{plain} {_EXPLICIT[reason]}{named}"


def _without_reason(principal: Principal, permission: Permission) -> str:
    if principal.kind is PrincipalKind.IDENTITY_PROVIDER:
        return f"Not authorized to perform {permission.action}"
    user = "anonymous" if principal.kind is PrincipalKind.ANONYMOUS else principal.arn
    text = f"User: {user} is not authorized to perform: {permission.action}"
    if not permission.resource:
        return text
    # S3 alone puts the resource in quotation marks.
    quote = '"' if permission.action.startswith("s3:") else ""
    return f"{text} on resource: {quote}{permission.resource_text or permission.resource}{quote}"


def _same_account(principal: Principal, permission: Permission) -> bool:
    """S3 gives its reasons only to callers of the bucket's own account."""
    if principal.kind is PrincipalKind.ANONYMOUS:
        return False
    return permission.resource_account in (None, principal.account)
