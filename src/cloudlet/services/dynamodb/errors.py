"""The error shapes of DynamoDB's API.

No operation spells an error code: it raises one of these.
"""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class ValidationException(ServiceError):
    """Raised for a request that the service model allows and DynamoDB's rules do not."""


class ConditionalCheckFailedException(ServiceError):
    """Raised when the condition of a write does not hold."""


class DuplicateItemException(ServiceError):
    """Raised for an INSERT of an item that is there already."""


class ResourceNotFoundException(ServiceError):
    """Raised for a table or index that is not there, or not active yet."""


class ResourceInUseException(ServiceError):
    """Raised for a table that exists already or is in a state that forbids the change."""


class PolicyNotFoundException(ServiceError):
    """Raised for a resource without a policy, or with another one than the request expects."""


class TableAlreadyExistsException(ServiceError):
    """Raised for the name of a table that is there already, by the operations that restore tables."""


class TableInUseException(ServiceError):
    """Raised for a table that is just being restored."""


class BackupNotFoundException(ServiceError):
    """Raised for a backup that is not there."""


class BackupInUseException(ServiceError):
    """Raised for a backup that is just being made, or made into a table."""


class PointInTimeRecoveryUnavailableException(ServiceError):
    """Raised for a table without point-in-time recovery."""


class InvalidRestoreTimeException(ServiceError):
    """Raised for a moment that a table cannot be restored to."""


class GlobalTableNotFoundException(ServiceError):
    """Raised for a global table that is not there."""


class ProvisionedThroughputExceededException(ServiceError):
    """Raised when a table or an index has no throughput left for a request."""


class ExportNotFoundException(ServiceError):
    """Raised for an export that is not there."""


class ExportConflictException(ServiceError):
    """Raised for a client token that comes again with another export."""


class ImportNotFoundException(ServiceError):
    """Raised for an import that is not there."""


class ImportConflictException(ServiceError):
    """Raised for a client token that comes again with another table to import into."""


class InvalidExportTimeException(ServiceError):
    """Raised for a moment that a table cannot be exported of."""


class TableNotFoundException(ServiceError):
    """Raised for a table that is not there, by the operations on backups."""


class InternalServerError(ServiceError):
    """Raised where DynamoDB blames itself, as for a KMS key that is not made for tables."""

    status = 500


class LimitExceededException(ServiceError):
    """Raised when an account or a table has too much of something."""


class TransactionCanceledException(ServiceError):
    """Raised when a transaction was not done; CancellationReasons says why, action by action."""


class IdempotentParameterMismatchException(ServiceError):
    """Raised when a client token comes again with another request."""


class ExpiredIteratorException(ServiceError):
    """Raised for a shard iterator that is older than 15 minutes."""


class TrimmedDataAccessException(ServiceError):
    """Raised for a position in a shard whose records are gone because of their age."""
