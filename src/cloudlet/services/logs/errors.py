"""The error shapes of CloudWatch Logs."""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class ResourceNotFoundException(ServiceError):
    """Raised for a group or stream that is not there."""


class ResourceAlreadyExistsException(ServiceError):
    """Raised for a group or stream that is there already."""


class AccessDeniedException(ServiceError):
    """Raised for a KMS key that CloudWatch Logs may not use for a group."""


class LimitExceededException(ServiceError):
    """Raised beyond the resource policies that an account may have in a region."""


class InvalidParameterException(ServiceError):
    """Raised for a parameter that the service model cannot judge."""
