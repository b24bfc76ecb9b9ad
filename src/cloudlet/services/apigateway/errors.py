"""The error shapes of API Gateway's control plane.

No gateway responses: those are what the data plane answers.
"""

from __future__ import annotations

from cloudlet.core.errors import NotImplementedHere, ServiceError


class NotFoundException(ServiceError):
    """Raised for what is not there."""

    status = 404


class BadRequestException(ServiceError):
    """Raised for a request that the service model lets through and API Gateway does not."""


class ConflictException(ServiceError):
    """Raised for what is there already, and for what others still need."""

    status = 409


def refused(feature: str) -> NotImplementedHere:
    """The refusal of a setting that would have no effect."""
    return NotImplementedHere(f"cloudlet does not implement {feature} (yet). Nothing was done.")
