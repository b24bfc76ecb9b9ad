"""Operations on messages that were received: deleting them, and changing when they are visible again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.sqs import state
from cloudlet.services.sqs.batches import batch_entries, run_batch
from cloudlet.services.sqs.errors import InvalidParameterValue, MissingParameter
from cloudlet.services.sqs.handles import read_handle
from cloudlet.services.sqs.metrics import QueueMetrics
from cloudlet.services.sqs.model import milliseconds
from cloudlet.services.sqs.operations.queues import asked_queue, wake_readers
from cloudlet.services.sqs.permissions import on_queue
from cloudlet.services.sqs.polls import expect_visible
from cloudlet.services.sqs.throughput import check_group_throughput, check_throughput

if TYPE_CHECKING:
    from types_boto3_sqs import type_defs as api

    from cloudlet.services.sqs.model import Queue

_LONGEST_SECONDS: Final = 43_200


@operation("DeleteMessage", permissions=on_queue("DeleteMessage"), unsigned=True)
def delete_message(call: Call, request: api.DeleteMessageRequestTypeDef) -> None:
    """Removes a message for good; one that is gone already is no error."""
    queue = asked_queue(call, request)
    check_throughput(call, queue, "DeleteMessage")
    messages = state.messages(call, queue)
    _delete(call, queue, messages, request["ReceiptHandle"])
    messages.save_counts()
    _after_delete(call, queue, 1)


@operation("DeleteMessageBatch", permissions=on_queue("DeleteMessage"), unsigned=True)
def delete_message_batch(call: Call, request: api.DeleteMessageBatchRequestTypeDef) -> dict[str, Any]:
    """Removes up to ten messages; each may fail alone."""
    queue = asked_queue(call, request)
    entries = batch_entries(request, "DeleteMessageBatchRequestEntry")
    check_throughput(call, queue, "DeleteMessageBatch")
    messages = state.messages(call, queue)

    def delete(entry: Any) -> dict[str, Any]:
        _delete(call, queue, messages, entry["ReceiptHandle"])
        return {}

    answer = run_batch(entries, delete)
    messages.save_counts()
    _after_delete(call, queue, len(answer.get("Successful", ())))
    return answer


def _after_delete(call: Call, queue: Queue, count: int) -> None:
    metrics = call.cloud.component(QueueMetrics)
    call.transaction.after_commit(lambda: metrics.deleted(queue, count))
    # Of a FIFO queue the next messages of the group may be received now.
    if queue.fifo:
        wake_readers(call, queue)


def _delete(call: Call, queue: Queue, messages: state.Messages, handle: str) -> None:
    receipt = read_handle(queue, handle)
    delivery = messages.find_delivery(receipt.position)
    if delivery is None:
        return
    check_group_throughput(call, queue, "DeleteMessage", delivery.group_id)
    if receipt.belongs_to(delivery) and not (queue.fifo and delivery.due <= messages.now):
        messages.remove(receipt.position, None, delivery)
    elif queue.fifo:
        raise InvalidParameterValue.of(
            "ReceiptHandle",
            handle,
            "The receipt handle has expired.",
        )


@operation("ChangeMessageVisibility", permissions=on_queue("ChangeMessageVisibility"), unsigned=True)
def change_message_visibility(call: Call, request: api.ChangeMessageVisibilityRequestTypeDef) -> None:
    """Changes when a received message becomes visible again."""
    queue = asked_queue(call, request)
    check_throughput(call, queue, "ChangeMessageVisibility")
    messages = state.messages(call, queue)
    _change(call, queue, messages, request["ReceiptHandle"], request["VisibilityTimeout"])
    messages.save_counts()
    wake_readers(call, queue)


@operation("ChangeMessageVisibilityBatch", permissions=on_queue("ChangeMessageVisibility"), unsigned=True)
def change_message_visibility_batch(
    call: Call, request: api.ChangeMessageVisibilityBatchRequestTypeDef
) -> dict[str, Any]:
    """Changes when up to ten received messages become visible again; each may fail alone."""
    queue = asked_queue(call, request)
    entries = batch_entries(request, "ChangeMessageVisibilityBatchRequestEntry")
    check_throughput(call, queue, "ChangeMessageVisibilityBatch")
    messages = state.messages(call, queue)

    def change(entry: Any) -> dict[str, Any]:
        seconds = entry.get("VisibilityTimeout")
        if seconds is None:
            raise MissingParameter("The request must contain the parameter VisibilityTimeout.")
        _change(call, queue, messages, entry["ReceiptHandle"], seconds)
        return {}

    answer = run_batch(entries, change)
    messages.save_counts()
    wake_readers(call, queue)
    return answer


def _change(call: Call, queue: Queue, messages: state.Messages, handle: str, seconds: int) -> None:
    if not 0 <= seconds <= _LONGEST_SECONDS:
        raise InvalidParameterValue.of(
            "VisibilityTimeout",
            seconds,
            "VisibilityTimeout must be an integer between 0 and 43200.",
        )
    receipt = read_handle(queue, handle)
    delivery = messages.find_delivery(receipt.position)
    expired = queue.fifo and delivery is not None and delivery.due <= messages.now
    if delivery is None or expired or not receipt.belongs_to(delivery):
        raise InvalidParameterValue.of(
            "ReceiptHandle",
            handle,
            "Message does not exist or is not available for visibility timeout change.",
        )
    if call.time() + seconds > delivery.received_at + _LONGEST_SECONDS:
        raise InvalidParameterValue.of(
            "VisibilityTimeout",
            seconds,
            "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
        )
    messages.hide(receipt.position, delivery, milliseconds(call.time() + seconds))
    expect_visible(call, queue, call.time() + seconds)
