"""Puts messages into a queue: once each where it is a FIFO queue, sealed where it has a key.

Judges no request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from cloudlet.core.call import Call
from cloudlet.core.worker import source_topic
from cloudlet.services.sqs import contents, state
from cloudlet.services.sqs.encryption import Encryption
from cloudlet.services.sqs.metrics import QueueMetrics
from cloudlet.services.sqs.model import Message, MessageAttribute, Position, Queue, milliseconds
from cloudlet.services.sqs.polls import expect_visible
from cloudlet.services.sqs.throughput import check_group_throughput

_SEQUENCE_SHIFT: Final = 13
"""Makes the twenty digits of AWS's sequence numbers out of microseconds."""


class Draft(Struct, frozen=True):
    """A message that may be sent to its queue."""

    body: str
    attributes: Mapping[str, MessageAttribute]
    trace_header: str | None
    delay_seconds: int
    group_id: str | None
    deduplication_id: str | None

    @property
    def size_bytes(self) -> int:
        """How long it is."""
        return contents.size_bytes(self.body, self.attributes)


class Sender:
    """What puts messages into one queue in one transaction."""

    def __init__(self, call: Call, queue: Queue) -> None:
        self._call = call
        self._queue = queue
        self._messages = state.messages(call, queue)
        self._encryption = Encryption(call, queue)
        self._sizes_bytes: list[int] = []

    def send(self, draft: Draft) -> dict[str, Any]:
        """Puts a message in; what its sender is told. Raises before anything is changed."""
        digest = contents.md5_of_body(draft.body)
        if self._queue.fifo:
            message_id, sequence_number = self._send_once(draft, digest)
        else:
            message_id, sequence_number = self._send(draft, digest), None
        answer = {
            "MessageId": message_id,
            "MD5OfMessageBody": digest,
            "MD5OfMessageAttributes": (
                contents.md5_of_attributes(draft.attributes) if draft.attributes else None
            ),
            "MD5OfMessageSystemAttributes": (
                contents.md5_of_trace_header(draft.trace_header) if draft.trace_header else None
            ),
            "SequenceNumber": sequence_number,
        }
        return {name: value for name, value in answer.items() if value is not None}

    def close(self) -> None:
        """Counts what came in, and wakes who waits for it."""
        self._messages.save_counts()
        metrics, queue, sizes_bytes = self._call.cloud.component(QueueMetrics), self._queue, self._sizes_bytes
        self._call.transaction.after_commit(lambda: metrics.sent(queue, sizes_bytes))
        self._call.wake(source_topic(self._queue.arn))

    def _send(self, draft: Draft, digest: str) -> str:
        call = self._call
        message_id = call.ids.uuid()
        message = self._message(draft, digest, message_id, None)
        position = Position(self._messages.order("", call.time()), UUID(message_id).bytes)
        self._messages.add(position, message)
        if draft.delay_seconds:
            expect_visible(call, self._queue, call.time() + draft.delay_seconds)
        return message_id

    def _send_once(self, draft: Draft, digest: str) -> tuple[str, str]:
        """Sends unless the same was sent in the last five minutes; then answers what was answered then."""
        call, queue = self._call, self._queue
        group_id, deduplication_id = draft.group_id or "", draft.deduplication_id or ""
        check_group_throughput(call, queue, "SendMessage", group_id)
        scope = group_id if queue.groups_deduplicate_alone else ""
        sent = state.find_sent(call, queue, scope, deduplication_id)
        if sent is not None:
            return sent.message_id, sent.sequence_number
        message_id = call.ids.uuid()
        order = self._messages.order(group_id, call.time())
        sequence_number = str(order << _SEQUENCE_SHIFT)
        message = self._message(draft, digest, message_id, sequence_number)
        self._messages.add(Position(order, UUID(message_id).bytes), message)
        state.save_sent(call, queue, scope, deduplication_id, message_id, sequence_number)
        return message_id, sequence_number

    def _message(self, draft: Draft, digest: str, message_id: str, sequence_number: str | None) -> Message:
        call, now = self._call, self._call.time()
        sealed = self._encryption.seal(draft.body)
        self._sizes_bytes.append(draft.size_bytes)
        return Message(
            message_id,
            draft.body if sealed is None else "",
            digest,
            now,
            call.principal.unique_id or call.principal.arn,
            draft.attributes,
            draft.trace_header or call.trace_id,
            draft.group_id,
            draft.deduplication_id,
            sequence_number,
            visible_from=milliseconds(now + draft.delay_seconds) if draft.delay_seconds else 0,
            sealed=sealed,
        )
