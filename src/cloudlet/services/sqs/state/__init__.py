"""Where SQS's rows stand. The only package of the service that names keys.

No rules: those are in the service's model.py, attributes.py and contents.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.services.sqs.state import keys
from cloudlet.services.sqs.state.counts import SHARDS, Counts, total
from cloudlet.services.sqs.state.deduplication import (
    find_attempt,
    find_sent,
    save_attempt,
    save_sent,
)
from cloudlet.services.sqs.state.groups import GroupedMessages
from cloudlet.services.sqs.state.messages import Messages
from cloudlet.services.sqs.state.queues import (
    QUEUES,
    delete_queue,
    deleted_at,
    find_queue,
    find_queue_by_arn,
    forget_deletion,
    list_queues,
    list_sources,
    queue,
    save_queue,
)
from cloudlet.services.sqs.state.tasks import (
    TASKS_TOPIC,
    find_task,
    forget_old_tasks,
    list_running_tasks,
    list_tasks,
    running_task,
    save_task,
)

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sqs.model import Queue

__all__ = [
    "QUEUES",
    "SHARDS",
    "TASKS_TOPIC",
    "Counts",
    "GroupedMessages",
    "Messages",
    "delete_messages",
    "delete_queue",
    "deleted_at",
    "find_attempt",
    "find_queue",
    "find_queue_by_arn",
    "find_sent",
    "find_task",
    "forget_deletion",
    "forget_old_tasks",
    "list_queues",
    "list_running_tasks",
    "list_sources",
    "list_tasks",
    "messages",
    "queue",
    "running_task",
    "save_attempt",
    "save_queue",
    "save_sent",
    "save_task",
    "total",
]


def messages(call: Call, queue: Queue) -> Messages:
    """The messages of a queue, in the open transaction."""
    return GroupedMessages(call, queue) if queue.fifo else Messages(call, queue)


def delete_messages(call: Call, queue: Queue) -> None:
    """Removes every message; what was sent lately is still known for deduplication."""
    for start, end in keys.ranges_of_messages(queue.id):
        call.transaction.delete_range(start, end)
