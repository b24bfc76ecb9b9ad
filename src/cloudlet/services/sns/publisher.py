"""Publishing: a message is written with its deliveries to those who want it, in one transaction.

What a message may be is contents.py's and operations/publishing.py's to check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.services.sns import contents, filter_policies, metrics, state
from cloudlet.services.sns.encryption import Encryption
from cloudlet.services.sns.model import Message, MessageAttribute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.sns.model import SealedBodies, Topic


class Draft(Struct, frozen=True):
    """A message that may be published to its topic."""

    text: str
    bodies: Mapping[str, str]
    subject: str | None
    attributes: Mapping[str, MessageAttribute]
    group_id: str | None
    deduplication_id: str | None

    @property
    def size_bytes(self) -> int:
        """How long it is."""
        return contents.size_bytes(self.text, self.attributes)


class Publisher:
    """Publishes to one topic, in one transaction."""

    def __init__(self, call: Call, topic: Topic) -> None:
        self._call = call
        self._topic = topic
        self._encryption = Encryption(call, topic)
        self._recipients = [each for each in state.subscriptions_of(call, topic) if not each.pending]

    def publish(self, draft: Draft) -> dict[str, Any]:
        """Publishes a message. Raises KMSAccessDeniedException and others."""
        sealed = self._encryption.seal(draft.bodies)
        if self._topic.fifo:
            return self._publish_once(draft, sealed)
        message = self._message(draft, None)
        self._deliver(draft, message, sealed)
        return {"MessageId": message.id}

    def _publish_once(self, draft: Draft, sealed: SealedBodies | None) -> dict[str, Any]:
        """Publishes unless the same was published in the last five minutes; then answers as then."""
        call, topic = self._call, self._topic
        scope = draft.group_id or "" if topic.groups_deduplicate_alone else ""
        deduplication_id = draft.deduplication_id or ""
        sent = state.find_sent(call, topic, scope, deduplication_id)
        if sent is not None:
            return {"MessageId": sent.message_id, "SequenceNumber": sent.sequence_number}
        number = state.next_sequence_number(call, topic)
        message = self._message(draft, number)
        state.save_sent(call, topic, scope, deduplication_id, message.id, number)
        self._deliver(draft, message, sealed)
        return {"MessageId": message.id, "SequenceNumber": number}

    def _message(self, draft: Draft, sequence_number: str | None) -> Message:
        return Message(
            self._call.ids.uuid(),
            self._topic.arn,
            self._call.time(),
            draft.bodies,
            subject=draft.subject,
            attributes=draft.attributes,
            signature_version=self._topic.attributes.get("SignatureVersion", "1"),
            trace_header=self._call.trace_id,
            group_id=draft.group_id,
            deduplication_id=draft.deduplication_id,
            sequence_number=sequence_number,
        )

    def _deliver(self, draft: Draft, message: Message, sealed: SealedBodies | None) -> None:
        """Writes the message with its deliveries to those who want it."""
        call, topic = self._call, self._topic
        metrics.count(call, topic, metrics.PUBLISHED)
        metrics.count(call, topic, metrics.SIZE, draft.size_bytes, "Bytes")
        wanting = []
        for each in self._recipients:
            objection = filter_policies.objection(each, message)
            if objection is None:
                wanting.append(each)
            else:
                metrics.count(call, topic, metrics.FILTERED_OUT)
                metrics.count(call, topic, f"{metrics.FILTERED_OUT}-{objection}")
        stored = message if sealed is None else replace(message, bodies={}, sealed=sealed)
        state.add_deliveries(call, stored, wanting)
