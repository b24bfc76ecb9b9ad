"""Bodies of messages in queues with a KMS key: sealed when they are sent, opened when they are received.

A message stays sealed as it was sent, whatever becomes of its queue's key and to whichever queue it is moved.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.core.errors import ServiceError
from cloudlet.core.kms import ACCESS_DENIED, quoted, translated
from cloudlet.envelopes import DataKeys, Envelopes
from cloudlet.services.sqs import errors
from cloudlet.services.sqs.model import Message, Queue, SealedBody

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call

_REFUSALS: Final[Mapping[str, type[errors.KmsRefusal]]] = MappingProxyType(
    {
        ACCESS_DENIED: errors.KmsAccessDenied,
        "DisabledException": errors.KmsDisabled,
        "InvalidArnException": errors.KmsNotFound,
        "InvalidKeyUsageException": errors.KmsInvalidKeyUsage,
        "KMSInvalidStateException": errors.KmsInvalidState,
        "NotFoundException": errors.KmsNotFound,
    }
)
"""By the code of KMS's error, that of SQS."""


class QueueKeys(DataKeys):
    """The data keys of queues."""


class Encryption:
    """Seals and opens bodies for the caller of one transaction."""

    def __init__(self, call: Call, queue: Queue) -> None:
        self._call = call
        self._queue = queue
        self._envelopes: dict[str, Envelopes] = {}

    def seal(self, body: str) -> SealedBody | None:
        """The body as it is stored; None in a queue without a KMS key. Raises KmsAccessDenied and others."""
        key_id = self._queue.attributes.get("KmsMasterKeyId")
        if not key_id:
            return None
        envelopes = self._of(self._queue.arn)
        try:
            sealed = envelopes.seal(key_id, body.encode())
            # AWS: who sends must be able to decrypt, because a data key is checked before it is used.
            envelopes.open(sealed)
        except ServiceError as error:
            raise translated(error, _REFUSALS, quoted(self._call, error)) from error
        return SealedBody(self._queue.arn, sealed)

    def opened(self, message: Message) -> Message:
        """A message with its body. Raises KmsAccessDenied and others."""
        if message.sealed is None:
            return message
        try:
            body = self._of(message.sealed.queue_arn).open(message.sealed.body)
        except ServiceError as error:
            raise translated(error, _REFUSALS, quoted(self._call, error)) from error
        return replace(message, body=body.decode())

    def _of(self, queue_arn: str) -> Envelopes:
        found = self._envelopes.get(queue_arn)
        if found is None:
            reuse_seconds = float(self._queue.attribute("KmsDataKeyReusePeriodSeconds") or 300)
            asking = self._call.where(self._queue.account, self._queue.region)
            found = self._envelopes[queue_arn] = Envelopes(
                asking.on_behalf("sqs.amazonaws.com"),
                self._call.cloud.component(QueueKeys),
                {"aws:sqs:arn": queue_arn},
                reuse_seconds,
            )
        return found
