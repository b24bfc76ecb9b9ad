"""Whom a Principal element means, and how directly.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
What follows from a grant is decided in evaluate.py.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from cloudlet.core.access import PrincipalKind

if TYPE_CHECKING:
    from cloudlet.access.policy import Principals
    from cloudlet.core.access import Principal


class Grant(IntEnum):
    """How directly a resource policy names a caller; the more directly, the less other policies limit it."""

    NONE = 0
    ACCOUNT = 1
    """Its account: that only hands the decision to the account's identity-based policies."""
    ROLE = 2
    """The role of the session, or the user who federated: boundary and session policies still limit it."""
    DIRECT = 3
    """The user, the session, the service, or everyone."""


def grant(principals: Principals, caller: Principal) -> Grant:
    """How directly a Principal element names the caller."""
    if "*" in principals.aws:
        return Grant.DIRECT
    if caller.kind is PrincipalKind.SERVICE:
        return Grant.DIRECT if caller.arn in principals.service else Grant.NONE
    if caller.kind is PrincipalKind.IDENTITY_PROVIDER:
        return Grant.DIRECT if caller.arn in principals.federated else Grant.NONE
    named = set(principals.aws)
    return max((how for name, how in _names(caller) if name in named), default=Grant.NONE)


def spares(principals: Principals, caller: Principal) -> bool:
    """Whether the NotPrincipal of a Deny spares the caller: it must name it, its role and its account.

    AWS's page on NotPrincipal says that a Deny hits the caller unless the account is listed beside it.
    """
    if "*" in principals.aws:
        return True
    if caller.kind is PrincipalKind.SERVICE:
        return caller.arn in principals.service
    if caller.kind is PrincipalKind.IDENTITY_PROVIDER:
        return caller.arn in principals.federated
    named = set(principals.aws)
    levels = {how for _name, how in _names(caller)}
    return bool(levels) and levels == {how for name, how in _names(caller) if name in named}


def _names(caller: Principal) -> list[tuple[str, Grant]]:
    """Every name by which a policy can mean the caller."""
    if caller.kind is PrincipalKind.ANONYMOUS:
        return []
    partition = caller.arn.split(":", 2)[1] if caller.arn.startswith("arn:") else "aws"
    names = [(caller.account, Grant.ACCOUNT), (f"arn:{partition}:iam::{caller.account}:root", Grant.ACCOUNT)]
    if caller.kind is PrincipalKind.ROOT:
        return names
    names.append((caller.arn, Grant.DIRECT))
    if caller.role_arn is not None:
        names.append((caller.role_arn, Grant.ROLE))
    if caller.unique_id and caller.kind is PrincipalKind.USER:
        names.append((caller.unique_id, Grant.DIRECT))
    if caller.kind is PrincipalKind.ASSUMED_ROLE and caller.unique_id:
        names.append((caller.unique_id.partition(":")[0], Grant.ROLE))
    return names
