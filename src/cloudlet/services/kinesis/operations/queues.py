"""Operations on the queues of streams.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateQueue.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import Request, operation
from cloudlet.services.kinesis import changes, tokens
from cloudlet.services.kinesis import state as streams
from cloudlet.services.kinesis.addressing import arn_reference, owner, queue_call, queue_name
from cloudlet.services.kinesis.errors import (
    InvalidArgumentException,
    ResourceInUseException,
    ValidationException,
)
from cloudlet.services.kinesis.limits import check_consumers
from cloudlet.services.kinesis.model import Status, Stream, StreamMode
from cloudlet.services.kinesis.operations.tags import check_tags
from cloudlet.services.kinesis.permissions import create_queue as create_queue_permission
from cloudlet.services.kinesis.permissions import on_queue
from cloudlet.services.kinesis.queues import state
from cloudlet.services.kinesis.queues.model import Queue
from cloudlet.services.kinesis.reader import place_at_time

if TYPE_CHECKING:
    from cloudlet.core.call import Call

_QUEUES_A_PAGE: Final = 100
_LATEST: Final = "LATEST"
_AT_TIMESTAMP: Final = "AT_TIMESTAMP"


@operation("CreateQueue", permissions=create_queue_permission)
def create_queue(call: Call, request: Request) -> dict[str, Any]:
    """Begins a queue; where it begins in each shard is settled now."""
    name, tags = request["QueueName"], request.get("Tags", {})
    if state.find_queue(call, name) is not None:
        raise ResourceInUseException(f"Queue {name} under account {call.account} already exists.")
    stream, position = _configuration(call, request["StreamConfigurationList"])
    check_consumers(call, stream)
    check_tags(call, name, tags)
    kind, since = position.get("Type", _LATEST), _since(call, stream, position)
    queue = Queue(name, stream.name, call.time(), kind, since, tags=tags)
    queue = queue.with_attributes(request.get("QueueAttributes", {}))
    for shard in list(streams.list_shards(call, stream.name)):
        place = shard.first_place
        if kind == _LATEST:
            place = shard.next_place
        elif kind == _AT_TIMESTAMP:
            place = place_at_time(call, stream.name, shard, int(since * 1000))
        state.save_next_place(call, name, shard.index, place)
    changes.begin_queue(call, queue, changes.CREATE)
    return {"QueueDescription": _describe(call, queue)}


def _configuration(call: Call, configurations: list[Any]) -> tuple[Stream, Any]:
    """The stream that a queue is to deliver, and from where on."""
    if len(configurations) != 1:
        raise ValidationException("StreamConfigurationList must contain exactly one entry.")
    [configuration] = configurations
    of = arn_reference(configuration["StreamARN"])
    if owner(call, of) is not call:
        raise InvalidArgumentException("A queue and its stream must be of one account and region.")
    stream = streams.active_stream(call, of.name)
    if stream.mode is not StreamMode.ON_DEMAND:
        raise ValidationException("Queues are only supported for streams in ON_DEMAND mode.")
    return stream, configuration.get("StartingPosition", {})


def _since(call: Call, stream: Stream, position: Any) -> float:
    """The time from which a queue delivers records."""
    timestamp = position.get("Timestamp")
    if (position.get("Type") == _AT_TIMESTAMP) != (timestamp is not None):
        raise ValidationException("Timestamp must be specified if and only if Type is AT_TIMESTAMP.")
    if position.get("Type", _LATEST) == _LATEST:
        return call.time()
    horizon = max(stream.created_at, stream.oldest_kept(call.time()) / 1000)
    return horizon if timestamp is None else max(horizon, float(timestamp.timestamp()))


@operation("DescribeQueue", permissions=on_queue("DescribeQueue"), read_only=True)
def describe_queue(call: Call, request: Request) -> dict[str, Any]:
    """Tells of a queue."""
    own = queue_call(call, request["QueueARN"])
    return {"QueueDescription": _describe(own, state.queue(own, queue_name(request["QueueARN"])))}


@operation("UpdateQueue", permissions=on_queue("UpdateQueue"))
def update_queue(call: Call, request: Request) -> dict[str, Any]:
    """Changes attributes; what is in flight keeps its timeout."""
    own = queue_call(call, request["QueueARN"])
    queue = _active(own, queue_name(request["QueueARN"]))
    changed = queue.with_attributes(request["QueueAttributes"])
    changes.begin_queue(own, changed, changes.UPDATE)
    return {"QueueDescription": _describe(own, replace(changed, status=Status.UPDATING))}


@operation("DeleteQueue", permissions=on_queue("DeleteQueue"))
def delete_queue(call: Call, request: Request) -> None:
    """Begins the end of a queue; the stream keeps its records."""
    own = queue_call(call, request["QueueARN"])
    changes.begin_queue(own, _active(own, queue_name(request["QueueARN"])), changes.DELETE)


def _active(call: Call, name: str) -> Queue:
    """A queue that nothing is happening to. Raises ResourceInUseException."""
    queue = state.queue(call, name)
    if queue.status is not Status.ACTIVE:
        raise ResourceInUseException(
            f"Queue {name} under account {call.account} not ACTIVE, instead in state {queue.status.value}"
        )
    return queue


@operation("ListQueues", read_only=True)
def list_queues(call: Call, request: Request) -> dict[str, Any]:
    """A page of the account's queues, or of one stream's."""
    filters, token = request.get("StreamFilter") or [], request.get("NextToken")
    if len(filters) > 1:
        raise ValidationException("StreamFilter must contain at most one entry.")
    stream_name = arn_reference(filters[0]["StreamARN"]).name if filters else None
    after = None if token is None else str(tokens.read(token, call.time())["after"])
    limit = min(request.get("MaxResults", _QUEUES_A_PAGE), _QUEUES_A_PAGE)
    page = list(islice(state.list_queues(call, stream_name, after), limit + 1))
    answer: dict[str, Any] = {"QueueSummaries": [_summary(call, queue) for queue in page[:limit]]}
    if len(page) > limit:
        answer["NextToken"] = tokens.write({"after": page[limit - 1].name}, call.time())
    return answer


def _describe(call: Call, queue: Queue) -> dict[str, Any]:
    return queue.describe(call.arn(queue.resource), call.arn(f"stream/{queue.stream_name}"))


def _summary(call: Call, queue: Queue) -> dict[str, Any]:
    stream = streams.stream(call, queue.stream_name)
    of = {
        "StreamARN": call.arn(f"stream/{stream.name}"),
        "StreamCreationTimestamp": datetime.fromtimestamp(int(stream.created_at), UTC),
    }
    return {**queue.summary(call.arn(queue.resource)), "Streams": [of]}
