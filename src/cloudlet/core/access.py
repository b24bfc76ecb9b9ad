"""Who asks and what must be allowed: the words that the pipeline, the services and the IAM evaluation share.

Values only; the evaluation itself is cloudlet.access.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class PrincipalKind(StrEnum):
    """The kinds of caller that AWS tells apart."""

    ROOT = "Account"
    USER = "User"
    ASSUMED_ROLE = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    SERVICE = "Service"
    ANONYMOUS = "Anonymous"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller."""

    kind: PrincipalKind
    arn: str
    account: str
    unique_id: str = ""
    """aws:userid: AIDA..., or AROA...:session for a role session, or the account for its root."""
    name: str = ""
    """The user's name, the session's name, or the service's principal name."""
    role_arn: str | None = None
    """The role behind a session."""
    session_policies: tuple[str, ...] = ()
    """Policy documents that narrow a session down."""
    tags: Mapping[str, str] = field(default_factory=dict)
    access_key_id: str = ""
    token_issue_time: float | None = None
    """Seconds since 1970, for temporary credentials."""

    @classmethod
    def root(cls, account: str, access_key_id: str = "") -> Principal:
        """An account's root user."""
        arn = f"arn:aws:iam::{account}:root"
        return cls(
            PrincipalKind.ROOT, arn, account, unique_id=account, name="root", access_key_id=access_key_id
        )

    @classmethod
    def of_service(cls, principal_name: str) -> Principal:
        """A service itself, such as lambda.amazonaws.com."""
        return cls(PrincipalKind.SERVICE, principal_name, "", name=principal_name)

    @classmethod
    def anonymous(cls) -> Principal:
        """Whoever did not sign."""
        return cls(PrincipalKind.ANONYMOUS, "anonymous", "anonymous")


@dataclass(frozen=True, slots=True)
class Permission:
    """Something a caller must be allowed to do."""

    action: str
    """Such as dynamodb:PutItem."""
    resource: str
    """An ARN, or * where the action has no resource."""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The condition keys of this action; the global ones are added from the call."""
    resource_policy: str | None = None
    """The policy document of the resource, where it has one."""
    resource_account: str | None = None
    """The resource's account; None is the call's."""
    needs_resource_policy: bool = False
    """Whether the resource policy must allow it even within the account: trust policies, KMS keys."""


@dataclass(frozen=True, slots=True)
class NamedPolicy:
    """A policy document and what it is called, for texts and traces."""

    name: str
    """A managed policy's ARN, or an inline policy's name."""
    document: str


@dataclass(frozen=True, slots=True)
class PrincipalPolicies:
    """What IAM has attached to a user or role, groups included."""

    identity: tuple[NamedPolicy, ...] = ()
    boundary: str | None = None


class Reason(StrEnum):
    """Why a decision came out as it did."""

    ALLOWED = "allowed"
    EXPLICIT_DENY_IDENTITY = "explicit deny in an identity-based policy"
    EXPLICIT_DENY_RESOURCE = "explicit deny in a resource-based policy"
    EXPLICIT_DENY_BOUNDARY = "explicit deny in a permissions boundary"
    EXPLICIT_DENY_SESSION = "explicit deny in a session policy"
    NO_IDENTITY_ALLOW = "no identity-based policy allows"
    NO_RESOURCE_ALLOW = "no resource-based policy allows"
    NO_BOUNDARY_ALLOW = "no permissions boundary allows"
    NO_SESSION_ALLOW = "no session policy allows"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of the evaluation, and what led to it."""

    reason: Reason
    matched: tuple[str, ...] = ()
    """The policies, and the statements' Sids where they have one, that decided."""

    @property
    def allowed(self) -> bool:
        """Whether the call may go on."""
        return self.reason is Reason.ALLOWED


class PolicySource(Protocol):
    """Where the evaluation finds what is attached to a caller."""

    def policies_of(self, principal: Principal) -> PrincipalPolicies:
        """A user's or a role's policies and boundary."""
