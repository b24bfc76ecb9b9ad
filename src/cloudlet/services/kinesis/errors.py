"""The error shapes of Kinesis Data Streams."""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class DryRunOperationException(ServiceError):
    """Raised instead of doing what would have succeeded, but was only to be tried."""


class ExpiredIteratorException(ServiceError):
    """Raised for a shard iterator that is older than five minutes."""


class ExpiredNextTokenException(ServiceError):
    """Raised for a page's token that is older than five minutes."""


class InvalidArgumentException(ServiceError):
    """Raised for a parameter that the service model cannot judge."""


class KMSAccessDeniedException(ServiceError):
    """Raised where the caller may not use the stream's key."""


class KMSDisabledException(ServiceError):
    """Raised where the stream's key is disabled."""


class KMSInvalidStateException(ServiceError):
    """Raised where the state or the kind of the stream's key does not let it be used."""


class KMSNotFoundException(ServiceError):
    """Raised where the stream's key is not there."""


class LimitExceededException(ServiceError):
    """Raised where a quota of the account or of a stream is used up."""


class ProvisionedThroughputExceededException(ServiceError):
    """Raised for more than a shard takes or gives in a second."""


class ResourceInUseException(ServiceError):
    """Raised for a thing that is there already, or whose state does not allow the call."""


class ResourceNotFoundException(ServiceError):
    """Raised for a stream, shard or consumer that is not there."""


class ValidationException(ServiceError):
    """Raised for a request that does not fit the stream it is about."""
