"""Topics with a KMS key: what a message says is sealed when it is published, opened when it is delivered.

Both by the rights of whoever published it. Subjects and attributes are not sealed, as at AWS.
https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from cloudlet.core.arn import Arn
from cloudlet.core.errors import ServiceError
from cloudlet.core.kms import ACCESS_DENIED, quoted, translated
from cloudlet.envelopes import DataKeys, Envelopes
from cloudlet.services.sns import errors
from cloudlet.services.sns.model import Message, SealedBodies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.sns.model import Topic

_REUSE_SECONDS: Final = 300.0
_BODIES: Final = msgspec.json.Decoder(dict[str, str])
_REFUSALS: Final[Mapping[str, type[ServiceError]]] = MappingProxyType(
    {
        ACCESS_DENIED: errors.KMSAccessDeniedException,
        "DisabledException": errors.KMSDisabledException,
        "InvalidArnException": errors.KMSNotFoundException,
        "KMSInvalidStateException": errors.KMSInvalidStateException,
        "NotFoundException": errors.KMSNotFoundException,
    }
)
"""By the code of KMS's error, that of SNS."""


class TopicKeys(DataKeys):
    """The data keys of topics."""


class Encryption:
    """Seals what is published to one topic in one transaction."""

    def __init__(self, call: Call, topic: Topic) -> None:
        self._call = call
        self._key_id = topic.attributes.get("KmsMasterKeyId")
        self._envelopes = _envelopes(call.where(topic.account, topic.region), topic.arn)

    def seal(self, bodies: Mapping[str, str]) -> SealedBodies | None:
        """What a message says as it is stored; None in a topic without a KMS key.

        Raises KMSAccessDeniedException and others where the caller may not use the key.
        """
        if not self._key_id:
            return None
        call = self._call
        try:
            sealed = self._envelopes.seal(self._key_id, msgspec.json.encode(bodies))
            # AWS: who publishes must be able to decrypt, too.
            self._envelopes.open(sealed)
        except ServiceError as error:
            raise translated(error, _REFUSALS, quoted(call, error)) from error
        return SealedBodies(call.principal, call.via, call.source_arn, sealed)


def opened(call: Call, message: Message) -> Message:
    """A message in the clear, by the rights of who published it. Raises KeyNotUsable."""
    sealed = message.sealed
    if sealed is None:
        return message
    arn = Arn.parse(message.topic_arn)
    publisher = replace(
        call.where(arn.account, arn.region),
        principal=sealed.publisher,
        via=sealed.via,
        source_arn=sealed.source_arn,
    )
    try:
        bodies = _BODIES.decode(_envelopes(publisher, message.topic_arn).open(sealed.content))
    except ServiceError as error:
        raise errors.KeyNotUsable(f"{error.code}: {error.message}") from error
    return replace(message, bodies=bodies, sealed=None)


def _envelopes(call: Call, topic_arn: str) -> Envelopes:
    keys = call.cloud.component(TopicKeys)
    asking = call.on_behalf("sns.amazonaws.com")
    return Envelopes(asking, keys, {"aws:sns:topicArn": topic_arn}, _REUSE_SECONDS)
