"""Lambda's errors, one class per shape of its service model.

The texts stand where they are raised; only those that several places say are made here.
"""

from __future__ import annotations

from typing import Any, ClassVar

from cloudlet.core.errors import ServiceError


class LambdaError(ServiceError):
    """What Lambda's errors have in common: a `Type` that says whose fault it is. Never raised itself."""

    fault: ClassVar[str | None] = "User"

    def __init__(self, message: str, **members: Any) -> None:
        own = {} if self.fault is None else {"Type": self.fault}
        super().__init__(message, **{**own, **members})


class ResourceNotFoundException(LambdaError):
    """Raised for what is not there, or belongs to another account."""

    status = 404


class ResourceConflictException(LambdaError):
    """Raised for what exists already, or is being changed by somebody else."""

    status = 409


class ResourceInUseException(LambdaError):
    """Raised for an event source mapping that something is being done to."""


class InvalidParameterValueException(LambdaError):
    """Raised for a parameter that the model allows and Lambda does not."""


class CodeSigningConfigNotFoundException(LambdaError):
    """Raised to those who name a code signing configuration that is not there."""

    status = 404


class CodeVerificationFailedException(LambdaError):
    """Raised for code that a code signing configuration does not let in."""


class ProvisionedConcurrencyConfigNotFoundException(LambdaError):
    """Raised where no provisioned concurrency was asked for."""

    status = 404


class PolicyLengthExceededException(LambdaError):
    """Raised for a statement that would make a policy too long."""


class PreconditionFailedException(LambdaError):
    """Raised for a revision id that is not the latest."""

    status = 412


class ResourceNotReadyException(LambdaError):
    """Raised for a function whose network interface was taken back while nobody used it."""

    fault = None
    status = 502


class SnapStartNotReadyException(LambdaError):
    """Raised for a version whose snapshot was removed while nobody used it."""

    status = 409


class InvalidRequestContentException(LambdaError):
    """Raised for an event that is no JSON."""


class TooManyRequestsException(LambdaError):
    """Raised when concurrency is used up."""

    status = 429


class RequestEntityTooLargeException(LambdaError):
    """Raised for a zip beyond the limit of a direct upload."""

    fault = None
    status = 413


class CodeStorageExceededException(LambdaError):
    """Raised when the account's code would exceed its quota."""


class RecursiveInvocationException(LambdaError):
    """Raised for a function that has been invoked 16 times by what it does itself."""


class ServiceException(LambdaError):
    """Raised when Lambda itself cannot do its work."""

    fault = "Service"
    status = 500


class ValidationException(ServiceError):
    """Raised for a constraint that AWS's own validation has and the published model lacks."""


class AccessDeniedException(LambdaError):
    """Raised when a role or another service refuses what Lambda does for its caller."""

    fault = None
    status = 403


class KMSAccessDeniedException(LambdaError):
    """Raised where a function's role may not decrypt its variables."""

    fault = "Service"
    status = 502


class KMSDisabledException(KMSAccessDeniedException):
    """Raised where the key that a function's variables were encrypted with is disabled."""


class KMSInvalidStateException(KMSAccessDeniedException):
    """Raised where that key waits for its end, or for material."""


class KMSNotFoundException(KMSAccessDeniedException):
    """Raised where that key is gone."""


def not_of(member: str, value: str, allowed: tuple[str, ...]) -> ValidationException:
    """AWS's word for a value that is not among those it takes, which it lists in an order of its own."""
    return ValidationException(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{', '.join(allowed)}]"
    )


def resource_does_not_exist() -> ResourceNotFoundException:
    """AWS's general word for what is not there."""
    return ResourceNotFoundException("The resource you requested does not exist.")


def function_not_found(arn: str) -> ResourceNotFoundException:
    """AWS's word for a function, version or alias that is not there."""
    return ResourceNotFoundException(f"Function not found: {arn}")


def wrong_revision(operation: str = "GetFunction/GetAlias") -> PreconditionFailedException:
    """AWS's word for a revision id that is not the latest."""
    return PreconditionFailedException(
        "The Revision Id provided does not match the latest Revision Id. "
        f"Call the {operation} API to retrieve the latest Revision Id"
    )
