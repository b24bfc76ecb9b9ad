"""The error shapes of Amazon SNS; the codes of the query protocol stand in its service model."""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class InvalidParameterException(ServiceError):
    """Raised for a parameter that breaks a rule of the operation's own."""

    @classmethod
    def of(cls, name: str, reason: str = "") -> InvalidParameterException:
        """The error in the words that SNS has for most parameters."""
        return cls(f"Invalid parameter: {name} Reason: {reason}" if reason else f"Invalid parameter: {name}")


class InvalidParameterValueException(ServiceError):
    """Raised for a message attribute that breaks the rules."""


class NotFoundException(ServiceError):
    """Raised for a topic or a subscription that is not there."""

    status = 404


class ResourceNotFoundException(ServiceError):
    """Raised for tags of a topic that is not there."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Resource does not exist")


class FilterPolicyLimitExceededException(ServiceError):
    """Raised beyond the filter policies that a topic may have."""

    status = 403


class TagLimitExceededException(ServiceError):
    """Raised beyond the tags that a topic may have."""


class EmptyBatchRequestException(ServiceError):
    """Raised for a batch without entries."""


class TooManyEntriesInBatchRequestException(ServiceError):
    """Raised for a batch of more than ten entries."""


class BatchEntryIdsNotDistinctException(ServiceError):
    """Raised for a batch with two entries of one id."""


class InvalidBatchEntryIdException(ServiceError):
    """Raised for an entry's id that breaks the rules."""


class BatchRequestTooLongException(ServiceError):
    """Raised for a batch whose messages are too long together."""


class AuthorizationErrorException(ServiceError):
    """Raised to those who may not do what no policy is asked about."""

    status = 403


def no_topic() -> NotFoundException:
    """AWS's word for a topic that is not there."""
    return NotFoundException("Topic does not exist")


def no_subscription() -> NotFoundException:
    """AWS's word for a subscription that is not there."""
    return NotFoundException("Subscription does not exist")


class KeyNotUsable(ServiceError):
    """Raised where a message cannot be opened now; its key may be enabled again."""

    @property
    def may_pass(self) -> bool:
        """It will with the key."""
        return True


class KMSAccessDeniedException(ServiceError):
    """Raised where the caller may not use the topic's key."""


class KMSDisabledException(ServiceError):
    """Raised where the topic's key is disabled."""


class KMSInvalidStateException(ServiceError):
    """Raised where the state of the topic's key does not let it be used."""


class KMSNotFoundException(ServiceError):
    """Raised where the topic's key is not there."""
