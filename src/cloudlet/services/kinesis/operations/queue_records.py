"""Operations on the records and the dead letters of queues: receive, acknowledge, hide, restore.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ReceiveQueueRecords.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import ServiceError
from cloudlet.core.operation import Request, operation
from cloudlet.core.worker import source_topic
from cloudlet.services.kinesis.addressing import queue_call, queue_name
from cloudlet.services.kinesis.errors import ResourceNotFoundException
from cloudlet.services.kinesis.model import Status
from cloudlet.services.kinesis.permissions import on_queue
from cloudlet.services.kinesis.queues import state
from cloudlet.services.kinesis.queues.deliveries import Deliveries

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.call import Call
    from cloudlet.services.kinesis.queues.model import Queue

_MOST_RECORDS: Final = 10
_WAIT_SECONDS: Final = 9


@operation("ReceiveQueueRecords", permissions=on_queue("ReceiveQueueRecords"))
async def receive_queue_records(call: Call, request: Request) -> dict[str, Any]:
    """Delivers up to ten records; waits for the first one."""
    return await _receive(call, request, dead=False)


@operation("ReceiveDeadLetterQueueRecords", permissions=on_queue("ReceiveDeadLetterQueueRecords"))
async def receive_dead_letter_queue_records(call: Call, request: Request) -> dict[str, Any]:
    """Delivers up to ten dead letters; waits for the first one."""
    return await _receive(call, request, dead=True)


async def _receive(call: Call, request: Request, *, dead: bool) -> dict[str, Any]:
    own = queue_call(call, request["QueueARN"])
    ends_at = own.time() + request.get("WaitTimeSeconds", _WAIT_SECONDS)

    def look(inner: Call) -> tuple[list[dict[str, Any]], float | None]:
        deliveries = Deliveries(inner, _usable(inner, request), dead=dead)
        limit = request.get("Limit", _MOST_RECORDS)
        found = deliveries.receive(limit, request.get("VisibilityTimeoutSeconds"))
        return found, deliveries.next_due()

    stream_arn = await own.transact(lambda inner: _stream_arn(inner, request), read_only=True)
    with own.cloud.wakeups.listening(source_topic(stream_arn)) as listener:
        while True:
            received, due = await own.transact(look)
            left = ends_at - own.time()
            if received or left <= 0:
                return {"QueueRecords": received}
            if due is not None:
                left = min(left, max(due - own.time(), 0.0))
            await listener.wait(own.clock, left)


def _stream_arn(call: Call, request: Request) -> str:
    return call.arn(f"stream/{_usable(call, request).stream_name}")


def _usable(call: Call, request: Request) -> Queue:
    """A queue that delivers records. Raises ResourceNotFoundException."""
    queue = state.queue(call, queue_name(request["QueueARN"]))
    if queue.status not in (Status.ACTIVE, Status.UPDATING):
        raise ResourceNotFoundException(f"Queue {queue.name} under account {call.account} not found.")
    return queue


@operation("AcknowledgeQueueRecords", permissions=on_queue("AcknowledgeQueueRecords"))
def acknowledge_queue_records(call: Call, request: Request) -> dict[str, Any]:
    """Lets records not come again."""
    return _each(call, request, _acknowledge, dead=False)


_ACKNOWLEDGE_DEAD: Final = "AcknowledgeDeadLetterQueueRecords"


@operation(_ACKNOWLEDGE_DEAD, permissions=on_queue(_ACKNOWLEDGE_DEAD))
def acknowledge_dead_letter_queue_records(call: Call, request: Request) -> dict[str, Any]:
    """Throws dead letters away."""
    return _each(call, request, _acknowledge, dead=True)


@operation("UpdateQueueRecordsVisibility", permissions=on_queue("UpdateQueueRecordsVisibility"))
def update_queue_records_visibility(call: Call, request: Request) -> dict[str, Any]:
    """Changes when records come again."""
    return _each(call, request, _hide, dead=False)


_HIDE_DEAD: Final = "UpdateDeadLetterQueueRecordsVisibility"


@operation(_HIDE_DEAD, permissions=on_queue(_HIDE_DEAD))
def update_dead_letter_queue_records_visibility(call: Call, request: Request) -> dict[str, Any]:
    """Changes when dead letters come again."""
    return _each(call, request, _hide, dead=True)


@operation("RestoreDeadLetterQueueRecords", permissions=on_queue("RestoreDeadLetterQueueRecords"))
def restore_dead_letter_queue_records(call: Call, request: Request) -> dict[str, Any]:
    """Makes dead letters records that were never received."""
    return _each(call, request, _restore, dead=True)


def _acknowledge(deliveries: Deliveries, entry: Any) -> None:
    deliveries.acknowledge(entry["ReceiptHandle"])


def _hide(deliveries: Deliveries, entry: Any) -> None:
    deliveries.hide(entry["ReceiptHandle"], entry["VisibilityTimeoutSeconds"])


def _restore(deliveries: Deliveries, entry: Any) -> None:
    deliveries.restore(entry["ReceiptHandle"])


def _each(
    call: Call, request: Request, work: Callable[[Deliveries, Any], None], *, dead: bool
) -> dict[str, Any]:
    """What became of every entry; each may fail alone."""
    own = queue_call(call, request["QueueARN"])
    deliveries = Deliveries(own, _usable(own, request), dead=dead)
    successful, failed = [], []
    for entry in request["Entries"]:
        handle = {"ReceiptHandle": entry["ReceiptHandle"]}
        try:
            work(deliveries, entry)
        except ServiceError as error:
            failed.append({**handle, "ErrorCode": error.code, "ErrorMessage": error.message})
        else:
            successful.append(handle)
    return {"Successful": successful, "Failed": failed}
