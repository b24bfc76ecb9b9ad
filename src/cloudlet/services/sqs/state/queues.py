"""Queues by their names, the names that were just deleted, and which queue is whose dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.arn import find_arn
from cloudlet.core.rows import Rows
from cloudlet.core.store import LAST
from cloudlet.services.sqs.errors import QueueDoesNotExist
from cloudlet.services.sqs.model import Queue
from cloudlet.services.sqs.state import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call

QUEUES: Final = Rows(keys.QUEUES, Queue)
_DELETED: Final = Rows(keys.DELETED, float)


def find_queue(call: Call, account: str, region: str, name: str) -> Queue | None:
    """A queue by its name, or None."""
    return QUEUES.find(call, account, region, name)


def queue(call: Call, account: str, region: str, name: str) -> Queue:
    """A queue by its name. Raises QueueDoesNotExist."""
    found = QUEUES.find(call, account, region, name)
    if found is None:
        raise QueueDoesNotExist
    return found


def find_queue_by_arn(call: Call, arn: str) -> Queue | None:
    """A queue by its ARN, or None."""
    parsed = find_arn(arn)
    if parsed is None or parsed.service != "sqs":
        return None
    return QUEUES.find(call, parsed.account, parsed.region, parsed.resource)


def list_queues(
    call: Call, account: str, region: str, prefix: str, after: str | None, limit: int
) -> Iterator[Queue]:
    """Queues whose names begin with a prefix, in the order of their names."""
    scope = (*keys.QUEUES, account, region)
    start = (*scope, after, LAST) if after else (*scope, prefix)
    for key, row in call.transaction.range(start, (*scope, LAST), limit=limit):
        if not str(key[-1]).startswith(prefix):
            return
        yield QUEUES.decode(row)


def save_queue(call: Call, queue: Queue, before: Queue | None = None) -> None:
    """Writes a queue, and whose dead letters go where."""
    _forget_source(call, before)
    QUEUES.save(call, queue, queue.account, queue.region, queue.name)
    policy = queue.redrive_policy
    target = find_arn(policy.dead_letter_target_arn) if policy else None
    if target is not None:
        key = (*keys.SOURCES, target.account, target.region, target.resource, queue.account, queue.name)
        call.transaction.put(key, b"")


def _forget_source(call: Call, queue: Queue | None) -> None:
    policy = queue.redrive_policy if queue else None
    target = find_arn(policy.dead_letter_target_arn) if policy else None
    if queue is not None and target is not None:
        key = (*keys.SOURCES, target.account, target.region, target.resource, queue.account, queue.name)
        call.transaction.delete(key)


def delete_queue(call: Call, queue: Queue) -> None:
    """Removes a queue with all that it holds, and remembers when."""
    _forget_source(call, queue)
    QUEUES.delete(call, queue.account, queue.region, queue.name)
    everything = (*keys.OF_QUEUE, queue.id)
    call.transaction.delete_range(everything, (*everything, LAST))
    _DELETED.save(call, call.time(), queue.account, queue.region, queue.name)


def deleted_at(call: Call, account: str, region: str, name: str) -> float | None:
    """When a queue of that name was deleted last, as far as that is known."""
    return _DELETED.find(call, account, region, name)


def forget_deletion(call: Call, account: str, region: str, name: str) -> None:
    """The name is used again."""
    _DELETED.delete(call, account, region, name)


def list_sources(call: Call, target: Queue, after: tuple[str, str] | None, limit: int) -> list[Queue]:
    """The queues whose dead letters go to `target`."""
    prefix = (*keys.SOURCES, target.account, target.region, target.name)
    start = (*prefix, *after, LAST) if after else prefix
    found = []
    for key, _ in call.transaction.range(start, (*prefix, LAST), limit=limit):
        account, name = key[-2:]
        source = QUEUES.find(call, account, target.region, name)
        if source is not None:
            found.append(source)
    return found
