"""Who asks, for what, and what IAM said: the words that pipeline, services and cloudlet.access share.

Nothing here decides anything; the decision is made in cloudlet.access.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct, field

from cloudlet.core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class PrincipalKind(Enum):
    """What sort of caller it is."""

    ROOT = "root"
    USER = "user"
    ASSUMED_ROLE = "assumed-role"
    FEDERATED_USER = "federated-user"
    SERVICE = "service"
    ANONYMOUS = "anonymous"
    IDENTITY_PROVIDER = "identity-provider"
    """Somebody whom an OIDC or SAML provider vouches for; the ARN is the provider's."""


class PolicyKind(Enum):
    """What a policy is attached to; it decides which elements it must and may not have."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"


class PolicyDocument(Struct, frozen=True):
    """A policy's text and the name people know it by: a managed policy's ARN, an inline one's name."""

    name: str
    text: str


class Principal(Struct, frozen=True):
    """An authenticated caller."""

    kind: PrincipalKind
    arn: str
    """For an assumed role the session's ARN; for a service its name, such as s3.amazonaws.com."""
    account: str = ""
    unique_id: str = ""
    """What aws:userid answers: AIDA..., or AROA...:session."""
    name: str = ""
    """What aws:username answers; only users have one."""
    role_arn: str | None = None
    """The role of an assumed-role session; the user who federated, of a federated-user session."""
    tags: tuple[tuple[str, str], ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    """Of a session: the tags that go on to every role it assumes."""
    session_policies: tuple[PolicyDocument, ...] = ()
    access_key_id: str | None = None
    source_identity: str | None = None
    mfa_authenticated: bool | None = None
    """None where the credentials are long-term: then the key aws:MultiFactorAuthPresent is absent."""
    token_issued_at: float | None = None
    """When temporary credentials were issued, in seconds since 1970."""

    @classmethod
    def root(cls, account: str, access_key_id: str | None = None) -> Principal:
        """An account's root user."""
        arn = f"arn:aws:iam::{account}:root"
        return cls(PrincipalKind.ROOT, arn, account, unique_id=account, access_key_id=access_key_id)

    @classmethod
    def of_service(cls, principal_name: str) -> Principal:
        """A service itself, such as lambda.amazonaws.com."""
        return cls(PrincipalKind.SERVICE, principal_name)

    @classmethod
    def anonymous(cls) -> Principal:
        """Whoever did not sign."""
        return _ANONYMOUS


_ANONYMOUS: Final = Principal(PrincipalKind.ANONYMOUS, "anonymous")


class PrincipalPolicies(Struct, frozen=True):
    """What is attached to a principal: own policies, those of its groups, and the permissions boundary."""

    identity: tuple[PolicyDocument, ...] = ()
    boundary: PolicyDocument | None = None


class LazyContext(Mapping[str, tuple[str, ...]]):
    """Condition keys that are computed when a policy first asks for one; most policies never do."""

    __slots__ = ("_compute", "_found")

    def __init__(self, compute: Callable[[], Mapping[str, Sequence[str]]]) -> None:
        self._compute = compute
        self._found: dict[str, tuple[str, ...]] | None = None

    def __getitem__(self, key: str) -> tuple[str, ...]:
        return self._keys()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(self._keys())

    def _keys(self) -> dict[str, tuple[str, ...]]:
        if self._found is None:
            self._found = {key: tuple(values) for key, values in self._compute().items()}
        return self._found


class Permission(Struct, frozen=True):
    """One thing a call must be allowed to do."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Condition keys that this action or resource adds, such as s3:prefix or aws:ResourceTag/team."""
    resource_policy: PolicyDocument | None = None
    resource_account: str | None = None
    """The account that owns the resource; None means the caller's own."""
    resource_policy_decides: bool = False
    """For KMS keys and role trust: without the resource policy's own allow not even root may."""
    resource_text: str | None = None
    """How a refusal names the resource where AWS does not say its ARN there, such as IAM's "role admin"."""


class Reason(Enum):
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


class MatchedStatement(Struct, frozen=True):
    """A statement that took part in a decision."""

    policy: str
    statement: str
    """Its Sid, or its place in the document, counted from 1."""
    effect: str


class Decision(Struct, frozen=True):
    """What IAM said and why."""

    allowed: bool
    reason: Reason
    message: str = ""
    """AWS's refusal, letter for letter; empty when allowed."""
    trace: tuple[MatchedStatement, ...] = ()


class RequestContext(Protocol):
    """The condition keys of a request."""

    def find(self, key: str) -> tuple[str, ...] | None:
        """The values of a condition key, by its name in lower case; None if the request has no such key."""


class MalformedPolicyDocument(ServiceError):
    """Raised for a policy that breaks IAM's grammar; the message is AWS's text."""


class Access(Protocol):
    """The policy engine."""

    def validate(self, text: str, kind: PolicyKind) -> None:
        """Raises MalformedPolicyDocument for what AWS would refuse to store."""

    def decide(
        self,
        principal: Principal,
        policies: PrincipalPolicies,
        permission: Permission,
        context: RequestContext,
    ) -> Decision:
        """Whether the principal may."""
