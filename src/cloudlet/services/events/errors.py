"""The error shapes of EventBridge."""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class ValidationException(ServiceError):
    """Raised for a parameter that breaks a rule of the operation's own; the model has no shape for it."""

    @classmethod
    def of(cls, parameter: str, reason: str = "") -> ValidationException:
        """The error in the words that EventBridge has for most parameters."""
        more = f" Reason: {reason}" if reason else ""
        return cls(f"Parameter {parameter} is not valid.{more}")


class InvalidEventPatternException(ServiceError):
    """Raised for an event pattern that is none."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Event pattern is not valid. Reason: {reason}")


class ResourceNotFoundException(ServiceError):
    """Raised for an event bus, a rule or a statement that is not there."""

    @classmethod
    def of_bus(cls, name: str) -> ResourceNotFoundException:
        """The error for an event bus."""
        return cls(f"Event bus {name} does not exist.")

    @classmethod
    def of_rule(cls, name: str, bus: str) -> ResourceNotFoundException:
        """The error for a rule."""
        return cls(f"Rule {name} does not exist on EventBus {bus}.")


class ResourceAlreadyExistsException(ServiceError):
    """Raised for an event bus whose name is taken."""


class LimitExceededException(ServiceError):
    """Raised beyond the rules that a bus, or the targets that a rule may have."""

    def __init__(self) -> None:
        super().__init__("The requested resource exceeds the maximum number allowed.")


class PolicyLengthExceededException(ServiceError):
    """Raised for an event bus's policy that is too long."""
