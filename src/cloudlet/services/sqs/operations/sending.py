"""SendMessage and SendMessageBatch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.sqs import contents
from cloudlet.services.sqs.batches import batch_entries, run_batch
from cloudlet.services.sqs.errors import (
    BatchRequestTooLong,
    EmptyValue,
    InvalidParameterValue,
    MissingParameter,
)
from cloudlet.services.sqs.operations.queues import asked_queue
from cloudlet.services.sqs.permissions import on_queue
from cloudlet.services.sqs.sender import Draft, Sender
from cloudlet.services.sqs.throughput import check_throughput

if TYPE_CHECKING:
    from types_boto3_sqs import type_defs as api

    from cloudlet.core.operation import Request
    from cloudlet.services.sqs.model import Queue

_LONGEST_DELAY_SECONDS: Final = 900
_TOKEN: Final = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")


@operation("SendMessage", permissions=on_queue("SendMessage"), unsigned=True)
def send_message(call: Call, request: api.SendMessageRequestTypeDef) -> dict[str, Any]:
    """Puts a message into a queue."""
    queue = asked_queue(call, request)
    check_throughput(call, queue, "SendMessage")
    draft = _draft(queue, request)
    _check_size(queue, draft)
    sender = Sender(call, queue)
    answer = sender.send(draft)
    sender.close()
    return answer


@operation("SendMessageBatch", permissions=on_queue("SendMessage"), unsigned=True)
def send_message_batch(call: Call, request: api.SendMessageBatchRequestTypeDef) -> dict[str, Any]:
    """Puts up to ten messages into a queue; each may fail alone."""
    queue = asked_queue(call, request)
    entries = batch_entries(request, "SendMessageBatchRequestEntry")
    _check_batch_size(entries)
    if queue.fifo and any(not entry.get("MessageGroupId") for entry in entries):
        raise InvalidParameterValue("The request must contain the parameter MessageGroupId.")
    if queue.fifo and any(_deduplication_id(queue, entry) is None for entry in entries):
        raise InvalidParameterValue(_NO_DEDUPLICATION)
    check_throughput(call, queue, "SendMessageBatch")
    sender = Sender(call, queue)

    def send(entry: Request) -> dict[str, Any]:
        if not entry["MessageBody"]:
            raise EmptyValue("Message body must not be empty.")
        draft = _draft(queue, entry)
        _check_size(queue, draft)
        return sender.send(draft)

    answer = run_batch(entries, send)
    sender.close()
    return answer


_NO_DEDUPLICATION: Final = (
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
    "explicitly"
)


def _draft(queue: Queue, given: Request) -> Draft:
    body = given["MessageBody"]
    contents.check_body(body)
    return Draft(
        body,
        contents.message_attributes(given.get("MessageAttributes") or {}),
        contents.trace_header(given.get("MessageSystemAttributes") or {}),
        _delay_seconds(queue, given.get("DelaySeconds")),
        _group_id(queue, given),
        _checked_deduplication_id(queue, given),
    )


def _delay_seconds(queue: Queue, given: int | None) -> int:
    if given is not None and not 0 <= given <= _LONGEST_DELAY_SECONDS:
        raise InvalidParameterValue.of(
            "DelaySeconds",
            given,
            "DelaySeconds must be >= 0 and <= 900.",
        )
    if queue.fifo:
        if given:
            raise InvalidParameterValue.of(
                "DelaySeconds",
                given,
                "The request include parameter that is not valid for this queue type.",
            )
        return 0
    return queue.seconds("DelaySeconds") if given is None else given


def _group_id(queue: Queue, given: Request) -> str | None:
    group_id: str | None = given.get("MessageGroupId")
    if group_id is None:
        if queue.fifo:
            raise MissingParameter("The request must contain the parameter MessageGroupId.")
        return None
    _check_token("MessageGroupId", group_id)
    return group_id


def _checked_deduplication_id(queue: Queue, given: Request) -> str | None:
    named: str | None = given.get("MessageDeduplicationId")
    if named is not None:
        if not queue.fifo:
            raise InvalidParameterValue.of(
                "MessageDeduplicationId",
                named,
                "The request include parameter that is not valid for this queue type.",
            )
        _check_token("MessageDeduplicationId", named)
    deduplication_id = _deduplication_id(queue, given)
    if queue.fifo and deduplication_id is None:
        raise InvalidParameterValue(_NO_DEDUPLICATION)
    return deduplication_id


def _deduplication_id(queue: Queue, given: Request) -> str | None:
    named: str | None = given.get("MessageDeduplicationId")
    if named is not None or not queue.fifo:
        return named
    if queue.attribute("ContentBasedDeduplication") == "true":
        return contents.content_deduplication_id(given["MessageBody"])
    return None


def _check_token(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(value):
        raise InvalidParameterValue.of(
            name,
            value,
            f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        )


def _check_size(queue: Queue, draft: Draft) -> None:
    longest = queue.seconds("MaximumMessageSize")
    if draft.size_bytes > longest:
        raise InvalidParameterValue(
            f"One or more parameters are invalid. Reason: Message must be shorter than {longest} bytes."
        )


def _check_batch_size(entries: list[Request]) -> None:
    sent = sum(
        contents.size_bytes(
            entry["MessageBody"], contents.message_attributes(entry.get("MessageAttributes") or {})
        )
        for entry in entries
    )
    if sent > contents.LONGEST_BYTES:
        raise BatchRequestTooLong(
            f"Batch requests cannot be longer than {contents.LONGEST_BYTES} bytes. "
            f"You have sent {sent} bytes."
        )
