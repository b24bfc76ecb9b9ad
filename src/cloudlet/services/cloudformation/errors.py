"""CloudFormation's errors, one class per shape.

The texts stand where the errors are raised; nothing is decided here.
"""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class ValidationError(ServiceError):
    """Raised for a template or a request that CloudFormation refuses."""


class AlreadyExistsException(ServiceError):
    """Raised for a stack or change set whose name is taken."""


class InsufficientCapabilitiesException(ServiceError):
    """Raised for a template that does what the caller did not acknowledge."""


class ChangeSetNotFoundException(ServiceError):
    """Raised for a change set that is not there."""

    code = "ChangeSetNotFound"
    status = 404


class InvalidChangeSetStatusException(ServiceError):
    """Raised for a change set that cannot be executed or deleted as it stands."""

    code = "InvalidChangeSetStatus"
