"""Where SQS's rows stand: queues by name, and below a queue's id whatever it holds.

Knows no rules. Four leading parts are the same for all rows of a kind, because those are encoded once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.store import LAST

if TYPE_CHECKING:
    from cloudlet.core.store import Key
    from cloudlet.services.sqs.model import Position

QUEUES: Final = ("sqs", "queue")
"""account, region, name -> Queue"""
DELETED: Final = ("sqs", "deleted")
"""account, region, name -> when a queue of that name was deleted"""
SOURCES: Final = ("sqs", "source")
"""account, region, name of a dead-letter queue, then account and name of a queue that uses it"""
TASKS: Final = ("sqs", "task")
"""ARN of the source queue, when it was started, id -> MoveTask"""
RUNNING_TASKS: Final = ("sqs", "running-task")
"""ARN of the source queue -> MoveTask"""
OF_QUEUE: Final = ("sqs", "of")

MESSAGE: Final = "message"
"""order, id -> Message"""
DELIVERY: Final = "delivery"
"""order, id -> Delivery, of messages that were received"""
VISIBLE: Final = "visible"
"""order, id: the messages of a standard queue that may be received now and have no group; and among them
order of the first, group id: the groups whose tenants are quiet"""
NOISY: Final = "noisy"
"""messages in flight, order of the first visible one, group id: of a standard queue, the noisy tenants"""
IN_FLIGHT: Final = "in-flight"
"""due, order, id"""
DELAYED: Final = "delayed"
"""due, order, id -> group id: of standard queues; in a FIFO queue a delay is counted from when a message was
sent"""
GROUP: Final = "group"
"""group id -> Group; in a standard queue -> Tenant"""
GROUPED: Final = "grouped"
"""group id, order, id: the messages of a group, those in flight too; in a standard queue the visible ones"""
READY: Final = "ready"
"""order of its first message, group id: the groups of which none is in flight"""
COUNT: Final = "count"
"""shard -> Counts"""
DEDUPLICATION: Final = "deduplication"
"""group id or "", deduplication id -> Sent"""
FORGOTTEN: Final = "forgotten"
"""when, then the rest of the key of a deduplication id or an attempt: by the end of their five minutes"""
ATTEMPT: Final = "attempt"
"""receive request attempt id -> Attempt"""

_WITH_MESSAGES: Final = (
    MESSAGE, DELIVERY, VISIBLE, NOISY, IN_FLIGHT, DELAYED, GROUP, GROUPED, READY, COUNT, ATTEMPT,
)  # fmt: skip


def below(queue_id: str, kind: str) -> Key:
    """The common part of all rows of a kind."""
    return (*OF_QUEUE, queue_id, kind)


def at(queue_id: str, kind: str, position: Position) -> Key:
    """The row of a kind that a message has."""
    return (*OF_QUEUE, queue_id, kind, position.order, position.id)


def due_at(queue_id: str, kind: str, due: int, position: Position) -> Key:
    """A message's row among those that become visible."""
    return (*OF_QUEUE, queue_id, kind, due, position.order, position.id)


def grouped(queue_id: str, group_id: str, position: Position) -> Key:
    """A message's row among those of its group."""
    return (*OF_QUEUE, queue_id, GROUPED, group_id, position.order, position.id)


def ready(queue_id: str, order: int, group_id: str) -> Key:
    """A group's row among those of which none is in flight."""
    return (*OF_QUEUE, queue_id, READY, order, group_id)


def ranges_of_messages(queue_id: str) -> list[tuple[Key, Key]]:
    """Everything that a purge removes."""
    return [(below(queue_id, kind), (*below(queue_id, kind), LAST)) for kind in _WITH_MESSAGES]
