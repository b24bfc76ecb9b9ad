"""The error shapes of Amazon SQS, and those that it answers though its model does not have them."""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class QueueDoesNotExist(ServiceError):
    """Raised for a queue that is not there."""

    def __init__(self) -> None:
        super().__init__("The specified queue does not exist.")


class QueueNameExists(ServiceError):
    """Raised for a name that a queue with other attributes has."""


class QueueDeletedRecently(ServiceError):
    """Raised for a name whose queue was deleted less than a minute ago."""


class PurgeQueueInProgress(ServiceError):
    """Raised for a second purge within a minute."""


class InvalidAttributeName(ServiceError):
    """Raised for an attribute that a queue of this kind does not have."""


class InvalidAttributeValue(ServiceError):
    """Raised for a value that an attribute cannot have."""


class InvalidAddress(ServiceError):
    """Raised for a queue URL that is none, or another endpoint's."""

    status = 404


class InvalidMessageContents(ServiceError):
    """Raised for characters that a message cannot hold."""


class InvalidParameterValue(ServiceError):
    """Raised for a parameter that breaks a rule of the operation's own."""

    code = "InvalidParameterValueException"
    query_code = "InvalidParameterValue"

    @classmethod
    def of(cls, name: str, value: object, reason: str) -> InvalidParameterValue:
        """The error in the words that SQS has for most parameters."""
        return cls(f"Value {value} for parameter {name} is invalid. Reason: {reason}")


class MissingParameter(ServiceError):
    """Raised for a parameter that this kind of queue needs."""

    code = "MissingRequiredParameterException"
    query_code = "MissingParameter"


class ReceiptHandleIsInvalid(ServiceError):
    """Raised for a receipt handle that no receive of this queue gave out."""

    status = 404


class MessageNotInflight(ServiceError):
    """Raised for a message that is not in flight any more."""


class OverLimit(ServiceError):
    """Raised when too many messages are in flight, or too many things are asked for."""


class UnsupportedOperation(ServiceError):
    """Raised for what this kind of queue cannot do."""


class ResourceNotFoundException(ServiceError):
    """Raised for a queue or task that a message move task names and that is not there."""

    status = 404


class ThrottlingException(ServiceError):
    """Raised for more calls on a FIFO queue than it takes in a second."""

    query_code = "ThrottlingException"


class KmsRefusal(ServiceError):
    """Raised where KMS does not let a queue's key be used; a batch fails as a whole."""


class KmsAccessDenied(KmsRefusal):
    """Raised where the caller may not use the queue's key."""

    query_code = "KMS.AccessDeniedException"


class KmsDisabled(KmsRefusal):
    """Raised where the queue's key is disabled."""

    query_code = "KMS.DisabledException"


class KmsInvalidKeyUsage(KmsRefusal):
    """Raised where the queue's key is not made for encrypting."""

    query_code = "KMS.InvalidKeyUsageException"


class KmsInvalidState(KmsRefusal):
    """Raised where the state of the queue's key does not let it be used."""

    query_code = "KMS.InvalidStateException"


class KmsNotFound(KmsRefusal):
    """Raised where the queue's key is not there."""

    query_code = "KMS.NotFoundException"


class EmptyValue(ServiceError):
    """Raised for a batch's entry without a body; only its answer knows this error."""


class EmptyBatchRequest(ServiceError):
    """Raised for a batch without entries."""


class TooManyEntriesInBatchRequest(ServiceError):
    """Raised for a batch of more than ten entries."""


class BatchEntryIdsNotDistinct(ServiceError):
    """Raised for a batch with two entries of one id."""


class InvalidBatchEntryId(ServiceError):
    """Raised for an entry's id that breaks the rules."""


class BatchRequestTooLong(ServiceError):
    """Raised for a batch whose messages are too long together."""
