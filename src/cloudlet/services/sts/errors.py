"""STS's error shapes.

The texts stand where they are raised.
"""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class ValidationError(ServiceError):
    """Raised for what the service model lets pass and STS does not."""


class InvalidParameterValue(ServiceError):
    """Raised for session tags that contradict each other."""
