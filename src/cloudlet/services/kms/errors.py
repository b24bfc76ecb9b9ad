"""The error shapes of Key Management Service."""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class AlreadyExistsException(ServiceError):
    """Raised for an alias or a replica that is there already."""


class DisabledException(ServiceError):
    """Raised where a key is to be used that is disabled."""


class DryRunOperationException(ServiceError):
    """Raised instead of doing what a caller was allowed to do, but only wanted to try."""


class ExpiredImportTokenException(ServiceError):
    """Raised for an import token that is older than a day."""


class IncorrectKeyException(ServiceError):
    """Raised where a ciphertext was not made with the key that a request names."""


class IncorrectKeyMaterialException(ServiceError):
    """Raised for key material that is not the one that was imported before."""


class InvalidAliasNameException(ServiceError):
    """Raised for a name that no alias may have."""


class InvalidArnException(ServiceError):
    """Raised for an ARN that is none, or is of the wrong kind."""


class InvalidCiphertextException(ServiceError):
    """Raised for a ciphertext that is broken, or was made with another encryption context."""


class InvalidGrantIdException(ServiceError):
    """Raised for a grant that is not there."""


class InvalidGrantTokenException(ServiceError):
    """Raised for a grant token that KMS has not given out."""


class InvalidImportTokenException(ServiceError):
    """Raised for an import token that belongs to another key, or is none."""


class InvalidKeyUsageException(ServiceError):
    """Raised where a key is not made for what is asked of it."""


class InvalidMarkerException(ServiceError):
    """Raised for the marker of no page."""


class KMSInvalidMacException(ServiceError):
    """Raised for a MAC that is not the message's."""


class KMSInvalidSignatureException(ServiceError):
    """Raised for a signature that is not the message's."""


class KMSInvalidStateException(ServiceError):
    """Raised where the state of a key does not allow the call."""


class LimitExceededException(ServiceError):
    """Raised where a quota is used up."""


class MalformedPolicyDocumentException(ServiceError):
    """Raised for a key policy that KMS does not take."""


class NotAuthorizedException(ServiceError):
    """Raised for a name that only AWS may give."""


class NotFoundException(ServiceError):
    """Raised for a key or an alias that is not there."""


class TagException(ServiceError):
    """Raised for tags that KMS does not take."""


class UnsupportedOperationException(ServiceError):
    """Raised where the kind of key does not allow the call."""


class ValidationException(ServiceError):
    """Raised for a request that does not fit the key it is about."""
