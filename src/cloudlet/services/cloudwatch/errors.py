"""The error shapes of CloudWatch."""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class InvalidParameterValueException(ServiceError):
    """Raised for a parameter that is not as it must be."""


class InvalidParameterCombinationException(ServiceError):
    """Raised for parameters that exclude each other, or of which one is needed."""


class MissingRequiredParameterException(ServiceError):
    """Raised for a parameter that is not there."""


class ValidationException(ServiceError):
    """Raised for what the newer operations refuse; its code on the wire is ValidationError."""


class ResourceNotFound(ServiceError):
    """Raised for an alarm that is not there."""


class ResourceNotFoundException(ServiceError):
    """Raised for something with tags that is not there."""


class DashboardNotFoundError(ServiceError):
    """Raised for a dashboard that is not there."""


class DashboardInvalidInputError(ServiceError):
    """Raised for a dashboard's body that cannot be."""


class InvalidFormatFault(ServiceError):
    """Raised for a text that should be JSON and is not."""


class InvalidNextToken(ServiceError):
    """Raised for a token that no page ends with."""
