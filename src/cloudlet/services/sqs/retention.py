"""Removes messages that are older than their queue keeps them.

A receive drops those that it meets by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.sqs import state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sqs.model import Queue

EXPIRED_AT_ONCE: Final = 200


def remove_expired(call: Call, queue: Queue) -> int:
    """Removes some of the messages that are too old, and says how many; the oldest stand at the head."""
    messages = state.messages(call, queue)
    oldest = call.time() - queue.seconds("MessageRetentionPeriod")
    expired = messages.sent_before(oldest, EXPIRED_AT_ONCE)
    for position, message in expired:
        messages.remove(position, message, messages.find_delivery(position))
    messages.save_counts()
    return len(expired)
