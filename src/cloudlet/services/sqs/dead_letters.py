"""Moves messages that were received too often to the dead-letter queue, in the transaction that finds them.

Which message is one is asked here; when it is looked for is the receive's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from msgspec.structs import replace

from cloudlet.core.worker import source_topic
from cloudlet.services.sqs import state
from cloudlet.services.sqs.model import Position, order_of

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sqs.model import Delivery, Message, Queue


class DeadLetterQueue:
    """The dead-letter queue of a queue, for one transaction."""

    def __init__(self, call: Call, source: Queue, target: Queue, max_receive_count: int) -> None:
        self._call = call
        self._source = source
        self._target = target
        self._max_receive_count = max_receive_count
        self._messages: state.Messages | None = None

    def is_due(self, delivery: Delivery | None) -> bool:
        """Whether a message was received as often as it may be."""
        return delivery is not None and delivery.receive_count >= self._max_receive_count

    def take(self, message: Message, delivery: Delivery | None) -> None:
        """Puts a message in. In a standard queue it keeps its age, in a FIFO queue it begins anew."""
        if self._messages is None:
            self._messages = state.messages(self._call, self._target)
        moved = replace(message, source_arn=self._source.arn, visible_from=0)
        order = order_of(message.sent_at)
        if self._target.fifo:
            moved = replace(moved, sent_at=self._call.time())
            order = self._messages.order(message.group_id or "", self._call.time())
        position = Position(order, UUID(message.id).bytes)
        self._messages.add(position, moved, delivery.hidden_until(0) if delivery else None)

    def close(self) -> None:
        """Counts what came in, and wakes who waits for it."""
        if self._messages is not None:
            self._messages.save_counts()
            self._call.wake(source_topic(self._target.arn))


def open_target(call: Call, queue: Queue) -> DeadLetterQueue | None:
    """The dead-letter queue of a queue, if it has one and that is there and lets it."""
    policy = queue.redrive_policy
    target = state.find_queue_by_arn(call, policy.dead_letter_target_arn) if policy else None
    if policy is None or target is None or not target.takes_dead_letters_of(queue.arn):
        return None
    return DeadLetterQueue(call, queue, target, policy.max_receive_count)
