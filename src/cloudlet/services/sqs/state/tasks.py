"""Message move tasks: by their source queue, the newest last, and those that run in a list of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.services.sqs.model import MoveTask, Queue, milliseconds
from cloudlet.services.sqs.state import keys

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.store import Key

TASKS_TOPIC: Final = "sqs-move-tasks"
_TASKS: Final = Rows(keys.TASKS, MoveTask)
_RUNNING: Final = Rows(keys.RUNNING_TASKS, MoveTask)
_KEPT: Final = 10
_RUN_AT_ONCE: Final = 1000


def save_task(call: Call, task: MoveTask) -> None:
    """Writes a task, and whether it runs; of a queue's tasks the last ten are kept."""
    _TASKS.save(call, task, task.source_arn, milliseconds(task.started_at), task.id)
    if task.runs:
        _RUNNING.save(call, task, task.source_arn)
    else:
        _RUNNING.delete(call, task.source_arn)


def forget_old_tasks(call: Call, source_arn: str) -> None:
    """Removes what is more than the last tasks."""
    found: list[tuple[Key, MoveTask]] = list(_TASKS.items_below(call, source_arn))
    for key, _ in found[:-_KEPT]:
        _TASKS.delete(call, *key)


def running_task(call: Call, source_arn: str) -> MoveTask | None:
    """The task that moves messages from a queue, if one does."""
    return _RUNNING.find(call, source_arn)


def list_running_tasks(call: Call) -> list[MoveTask]:
    """The tasks of all queues that run."""
    return list(_RUNNING.below(call, limit=_RUN_AT_ONCE))


def list_tasks(call: Call, queue: Queue, limit: int) -> list[MoveTask]:
    """A queue's last tasks, the newest first."""
    return list(_TASKS.below(call, queue.arn, limit=limit, reverse=True))


def find_task(call: Call, source_arn: str, task_id: str) -> MoveTask | None:
    """A task by its id."""
    return next((task for task in _TASKS.below(call, source_arn) if task.id == task_id), None)
