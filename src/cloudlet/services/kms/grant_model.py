"""Grants as values: who may do what with a key, beside its policy, and under which constraints.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html. No I/O and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct, field

_CREATE_GRANT: Final = "CreateGrant"
_WITHOUT_CONTEXT: Final = frozenset(
    {
        *("CreateGrant", "DescribeKey", "GetPublicKey", "RetireGrant"),
        *("Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret"),
    }
)
"""The operations that have no encryption context, and so no constraint."""


class Constraints(Struct, frozen=True):
    """What the encryption context of a request must be for a grant to count."""

    encryption_context_equals: Mapping[str, str] | None = None
    encryption_context_subset: Mapping[str, str] | None = None

    def allow(self, encryption_context: Mapping[str, str]) -> bool:
        """Whether a request with this context is within them."""
        if self.encryption_context_equals is not None:
            return dict(self.encryption_context_equals) == dict(encryption_context)
        wanted = self.encryption_context_subset or {}
        return wanted.items() <= encryption_context.items()

    def allow_under(self, other: Constraints) -> bool:
        """Whether whoever holds these may hand on a grant that has the others: they must be as narrow."""
        if self.encryption_context_equals is not None:
            return other.encryption_context_equals == self.encryption_context_equals
        wanted = (self.encryption_context_subset or {}).items()
        given = other.encryption_context_equals or other.encryption_context_subset or {}
        return wanted <= given.items()


class Grant(Struct, frozen=True):
    """A grant."""

    id: str
    key_account: str
    key_region: str
    key_id: str
    issuing_account: str
    created_at: float
    operations: tuple[str, ...]
    grantee_principal: str
    """An ARN, or a service's name."""
    retiring_principal: str = ""
    name: str = ""
    constraints: Constraints = field(default_factory=Constraints)

    @property
    def is_for_service(self) -> bool:
        """Whether a service is the grantee."""
        return not self.grantee_principal.startswith("arn:")

    def covers(self, operation: str, request: Mapping[str, Any]) -> bool:
        """Whether the grant allows its grantee an operation."""
        if operation not in self.operations:
            return False
        if operation == _CREATE_GRANT:
            handed_on = constraints_of(request)
            return set(request.get("Operations") or ()) <= set(self.operations) and (
                self.constraints.allow_under(handed_on)
            )
        return operation in _WITHOUT_CONTEXT or self.constraints.allow(request.get("EncryptionContext") or {})

    def is_same_request(self, other: Grant) -> bool:
        """Whether the two were asked for by the same named request, sent again."""
        return bool(self.name) and _asked(self) == _asked(other)


def constraints_of(request: Mapping[str, Any]) -> Constraints:
    """The constraints that a CreateGrant request gives."""
    given: Mapping[str, Any] = request.get("Constraints") or MappingProxyType({})
    return Constraints(given.get("EncryptionContextEquals"), given.get("EncryptionContextSubset"))


def _asked(grant: Grant) -> tuple[object, ...]:
    return (
        grant.name,
        grant.grantee_principal,
        grant.retiring_principal,
        frozenset(grant.operations),
        grant.constraints,
        grant.issuing_account,
    )
