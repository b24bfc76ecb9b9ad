"""What works in the background: message move tasks, and the sweep of messages that are too old.

Everything it does is a short transaction on rows, so a killed server goes on where it was.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.worker import source_topic
from cloudlet.services.sqs import state
from cloudlet.services.sqs.model import Message, MoveTask, Position, Queue
from cloudlet.services.sqs.retention import EXPIRED_AT_ONCE, remove_expired

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud

_MOVED_AT_ONCE: Final = 50
_SLOW_SWEEP_SECONDS: Final = 300.0
_RETENTION_SECONDS: Final = 3600.0
_NO_QUEUE: Final = "AWS.SimpleQueueService.NonExistentQueue"
_NO_SOURCE: Final = "CouldNotDetermineMessageSource"


class MoveTaskWorker:
    """Moves the messages of all running tasks, each at its own rate."""

    name = "sqs-move-tasks"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        call = self._cloud.call("sqs", Principal.of_service("sqs.amazonaws.com"), "", "")
        with self._cloud.wakeups.listening(state.TASKS_TOPIC) as listener:
            while True:
                tasks = await call.transact(state.list_running_tasks, read_only=True)
                for task in tasks:
                    if task.next_at <= call.time():
                        await call.transact(partial(_move, source_arn=task.source_arn))
                if any(task.next_at <= call.time() for task in tasks):
                    continue
                pause = min((task.next_at - call.time() for task in tasks), default=_SLOW_SWEEP_SECONDS)
                await listener.wait(call.clock, max(pause, 0.0))


def _move(call: Call, source_arn: str) -> None:
    task = state.running_task(call, source_arn)
    if task is None or task.next_at > call.time():
        return
    source = state.find_queue_by_arn(call, source_arn)
    if source is None:
        state.save_task(call, task.ended("FAILED", _NO_QUEUE))
        return
    limit = _MOVED_AT_ONCE
    if task.messages_per_second is not None:
        limit = 1
        task = replace(task, next_at=call.time() + 1 / task.messages_per_second)
    moved, failure = _move_some(call, task, source, limit)
    task = replace(task, moved=task.moved + moved)
    if failure is not None:
        task = task.ended("FAILED", failure)
    elif moved < limit:
        task = task.ended("COMPLETED")
    state.save_task(call, task)


def _move_some(call: Call, task: MoveTask, source: Queue, limit: int) -> tuple[int, str | None]:
    """How many messages were moved, and why no more could be."""
    messages = state.messages(call, source)
    messages.settle(limit)
    targets: dict[str, state.Messages] = {}
    moved, failure = 0, None
    for position in messages.candidates(limit):
        message = messages.find(position)
        if message is not None:
            target = _target(call, task, message, targets)
            if isinstance(target, str):
                failure = target
                break
            _add(call, target, message)
        messages.remove(position, message, messages.find_delivery(position))
        moved += 1
        if moved == limit:
            break
    messages.save_counts()
    for target in targets.values():
        target.save_counts()
        call.wake(source_topic(target.queue.arn))
    return moved, failure


def _target(
    call: Call, task: MoveTask, message: Message, targets: dict[str, state.Messages]
) -> state.Messages | str:
    arn = task.destination_arn or message.source_arn
    if arn is None:
        return _NO_SOURCE
    if arn not in targets:
        queue = state.find_queue_by_arn(call, arn)
        if queue is None:
            return _NO_QUEUE
        targets[arn] = state.messages(call, queue)
    return targets[arn]


def _add(call: Call, target: state.Messages, message: Message) -> None:
    """Puts a message into its new queue: as a new one, with an id and an age of its own."""
    message_id = call.ids.uuid()
    order = target.order(message.group_id or "", call.time())
    moved = replace(message, id=message_id, sent_at=call.time(), source_arn=None, visible_from=0)
    target.add(Position(order, UUID(message_id).bytes), moved)


class RetentionWorker:
    """Removes what is older than its queue keeps messages, so that nobody has to receive for it to go."""

    name = "sqs-retention"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        call = self._cloud.call("sqs", Principal.of_service("sqs.amazonaws.com"), "", "")
        while True:
            await call.clock.sleep(_RETENTION_SECONDS)
            async for _, queue in state.QUEUES.scan(call):
                await _sweep(call, queue)


async def _sweep(call: Call, queue: Queue) -> None:
    while await call.transact(lambda inner: _sweep_some(inner, queue)) == EXPIRED_AT_ONCE:
        pass


def _sweep_some(call: Call, queue: Queue) -> int:
    there = state.find_queue_by_arn(call, queue.arn)
    return 0 if there is None else remove_expired(call, there)
