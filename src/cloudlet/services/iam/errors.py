"""IAM's error shapes, and the refusals that several operations share.

Raises nothing itself; the texts are AWS's.
"""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class NoSuchEntity(ServiceError):
    """Raised for an entity that is not there."""

    status = 404


class EntityAlreadyExists(ServiceError):
    """Raised for a name that is taken."""

    status = 409


class DeleteConflict(ServiceError):
    """Raised for an entity to which others are still attached."""

    status = 409


class LimitExceeded(ServiceError):
    """Raised for one more than the account may have."""

    status = 409


class InvalidInput(ServiceError):
    """Raised for a value that does not fit."""


class UnmodifiableEntity(ServiceError):
    """Raised for what only its service may change."""
