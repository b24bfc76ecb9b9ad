"""How a family of services words its refusals: one frozen value a family.

The statuses and texts are AWS's; tests/wire/test_sigv4_families.py says where each was seen. S3 is not here:
it has rules of its own, in s3.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.wire.sigv4 import errors

if TYPE_CHECKING:
    from cloudlet.core.errors import ServiceError


class Family(Struct, frozen=True):
    """The errors of services that authenticate alike."""

    mismatch: type[ServiceError]
    incomplete: type[ServiceError]
    missing: type[ServiceError]
    missing_message: str
    unrecognized: type[ServiceError]
    expired_token: type[ServiceError]
    skew_minutes: int
    """How far the signer's clock may be off."""
    explains: bool = False
    """Whether a wrong signature is answered with the strings that should have been signed."""


JSON: Final = Family(
    mismatch=errors.InvalidSignatureException,
    incomplete=errors.IncompleteSignatureException,
    missing=errors.MissingAuthenticationTokenException,
    missing_message="Request is missing Authentication Token",
    unrecognized=errors.UnrecognizedClientException,
    expired_token=errors.ExpiredTokenException,
    skew_minutes=5,
)
REST_JSON: Final = Family(
    mismatch=errors.RestInvalidSignature,
    incomplete=errors.RestIncompleteSignature,
    missing=errors.RestMissingAuthenticationToken,
    missing_message="Missing Authentication Token",
    unrecognized=errors.RestUnrecognizedClient,
    expired_token=errors.RestExpiredToken,
    skew_minutes=5,
    explains=True,
)
QUERY: Final = Family(
    mismatch=errors.SignatureDoesNotMatch,
    incomplete=errors.IncompleteSignature,
    missing=errors.MissingAuthenticationToken,
    missing_message="Request is missing Authentication Token",
    unrecognized=errors.InvalidClientTokenId,
    expired_token=errors.ExpiredToken,
    skew_minutes=15,
)


def unknown_access_key(family: Family) -> ServiceError:
    """The answer to an access key that nobody has."""
    return family.unrecognized("The security token included in the request is invalid.")


def unknown_session_token(family: Family) -> ServiceError:
    """The answer to a session token that does not belong to its access key; the text has no full stop."""
    return family.unrecognized("The security token included in the request is invalid")


def session_token_expired(family: Family) -> ServiceError:
    """The answer to a session token past its time."""
    return family.expired_token("The security token included in the request is expired")
