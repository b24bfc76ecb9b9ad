"""How a stream comes to be, changes its shards and goes: begun by an operation, completed by the worker.

Decides nothing about whether a change is allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.core.worker import source_topic
from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.model import Consumer, Shard, Status, Stream, uniform_ranges
from cloudlet.services.kinesis.queues import state as queues
from cloudlet.services.kinesis.state import Change

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.kinesis.queues.model import Queue

CREATE: Final = "create"
UPDATE: Final = "update"
DELETE: Final = "delete"
_SECONDS: Final = 0.2
"""How long a stream is CREATING, UPDATING or DELETING; AWS takes half a minute."""
_STATUS: Final = {CREATE: Status.CREATING, UPDATE: Status.UPDATING, DELETE: Status.DELETING}

Opened = tuple[str, str, int | None, int | None]


def begin(
    call: Call,
    stream: Stream,
    kind: str,
    *,
    closes: tuple[int, ...] = (),
    opens: tuple[Opened, ...] = (),
) -> None:
    """Puts a stream into the state that it is in until the change is done."""
    state.save_stream(call, stream.in_status(_STATUS[kind]))
    due_at = call.time() + _SECONDS
    state.save_change(call, Change(call.account, call.region, stream.name, due_at, kind, closes, opens))


def begin_consumer(call: Call, consumer: Consumer, kind: str) -> None:
    """Puts a consumer into the state that it is in until it is there, or gone."""
    state.save_consumer(call, replace(consumer, status=_STATUS[kind]))
    due_at = call.time() + _SECONDS
    name = consumer.stream_name
    state.save_change(call, Change(call.account, call.region, name, due_at, kind, consumer=consumer.name))


def begin_queue(call: Call, queue: Queue, kind: str) -> None:
    """Puts a queue into the state that it is in until it is there, changed, or gone."""
    queues.save_queue(call, replace(queue, status=_STATUS[kind]))
    due_at = call.time() + _SECONDS
    name = queue.stream_name
    state.save_change(call, Change(call.account, call.region, name, due_at, kind, queue=queue.name))


def uniform_shards(count: int) -> tuple[Opened, ...]:
    """The shards of a new stream."""
    return tuple((str(first), str(last), None, None) for first, last in uniform_ranges(count))


def complete(call: Call, change: Change) -> None:
    """Does what was begun, unless something else has been begun since."""
    if state.find_change(call, change.name, change.subject) != change:
        return
    state.delete_change(call, change.name, change.subject)
    if change.queue:
        _complete_queue(call, change)
    elif change.consumer:
        _complete_consumer(call, change)
    else:
        _complete_stream(call, change)
    arn = call.arn(f"stream/{change.name}")
    call.wake(source_topic(arn))
    call.wake(state.stream_topic(arn))


def _complete_consumer(call: Call, change: Change) -> None:
    consumer = state.find_consumer(call, change.name, change.consumer)
    if consumer is None:
        return
    if change.kind == DELETE:
        state.delete_consumer(call, consumer)
    else:
        state.save_consumer(call, replace(consumer, status=Status.ACTIVE))


def _complete_queue(call: Call, change: Change) -> None:
    queue = queues.find_queue(call, change.queue)
    if queue is None:
        return
    if change.kind == DELETE:
        queues.delete_queue(call, change.queue)
    else:
        queues.save_queue(call, replace(queue, status=Status.ACTIVE))


def _complete_stream(call: Call, change: Change) -> None:
    stream = state.find_stream(call, change.name)
    if stream is None:
        return
    if change.kind == DELETE:
        state.delete_stream(call, change.name)
    else:
        _reshard(call, stream, change)


def _reshard(call: Call, stream: Stream, change: Change) -> None:
    now = int(call.time())
    created_at = now + 1 if change.closes else int(stream.created_at)
    shards = {
        index: state.shard(call, stream.name, index) for index in change.closes if index < stream.next_shard
    }
    for place, (first_hash, last_hash, parent, adjacent_parent) in enumerate(change.opens):
        index = stream.next_shard + place
        shards[index] = Shard(index, first_hash, last_hash, created_at, parent, adjacent_parent)
    for index in change.closes:
        children = [each.index for each in shards.values() if index in (each.parent, each.adjacent_parent)]
        closed_at = max(now, shards[index].created_at)
        closed = replace(shards[index], closed_at=closed_at, children=tuple(children))
        state.close_shard(call, stream.name, closed)
    for index in shards.keys() - set(change.closes):
        state.open_shard(call, stream.name, shards[index])
    state.save_stream(
        call,
        replace(
            stream,
            status=Status.ACTIVE,
            next_shard=stream.next_shard + len(change.opens),
            open_shards=stream.open_shards + len(change.opens) - len(change.closes),
        ),
    )
