"""Operations on queues and their attributes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import MalformedPolicyDocument, PolicyKind
from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.core.worker import source_topic
from cloudlet.services.sqs import attributes, state, urls
from cloudlet.services.sqs.errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueNameExists,
)
from cloudlet.services.sqs.model import Queue
from cloudlet.services.sqs.permissions import on_queue, permission
from cloudlet.services.sqs.retention import EXPIRED_AT_ONCE, remove_expired
from cloudlet.services.sqs.urls import QueueAddress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_sqs import type_defs as api

    from cloudlet.core.access import Permission
    from cloudlet.core.operation import Request

_ID_LENGTH: Final = 12
_REST_SECONDS: Final = 60
_MOST_LISTED: Final = 1000
_SWEPT_AT_MOST: Final = 10


def asked_queue(call: Call, request: Request) -> Queue:
    """The queue that a request names by its URL. Raises QueueDoesNotExist and InvalidAddress."""
    address = urls.address(call, request["QueueUrl"])
    return state.queue(call, address.account, address.region, address.name)


def wake_readers(call: Call, queue: Queue) -> None:
    """Tells who waits for messages of a queue to look again."""
    call.wake(source_topic(queue.arn))


def _tags_of(_call: Call, request: Request) -> dict[str, Sequence[str]]:
    tags = request.get("tags") or {}
    context: dict[str, Sequence[str]] = {f"aws:RequestTag/{key}": (value,) for key, value in tags.items()}
    if tags:
        context["aws:TagKeys"] = tuple(tags)
    return context


@operation("CreateQueue", resource="{QueueName}", conditions=_tags_of)
def create_queue(call: Call, request: api.CreateQueueRequestTypeDef) -> dict[str, Any]:
    """Makes a queue; the same one again is no error."""
    name, given, tags = request["QueueName"], _given(request), request.get("tags") or {}
    fifo = given.get("FifoQueue", "").lower() == "true"
    attributes.check_name(name, fifo=fifo)
    kept = attributes.check_new(given, fifo=fifo)
    attributes.check_tags(tags, len(tags))
    existing = state.find_queue(call, call.account, call.region, name)
    if existing is not None:
        _check_same(existing, kept)
        return {"QueueUrl": urls.queue_url(call, existing)}
    _check_deletion(call, name)
    now = call.time()
    queue = Queue(call.ids.lower(_ID_LENGTH), call.account, call.region, name, now, now)
    queue = queue.changed(_checked_documents(call, queue, kept), now)
    state.save_queue(call, queue.tagged(tags))
    return {"QueueUrl": urls.queue_url(call, queue)}


def _given(request: Request) -> dict[str, str]:
    return dict(request.get("Attributes") or {})


def _check_same(queue: Queue, kept: Mapping[str, str]) -> None:
    for name, value in kept.items():
        if (queue.attribute(name) or "") != value:
            raise QueueNameExists(
                f"A queue already exists with the same name and a different value for attribute {name}"
            )


def _check_deletion(call: Call, name: str) -> None:
    deleted_at = state.deleted_at(call, call.account, call.region, name)
    if deleted_at is None:
        return
    if call.time() < deleted_at + _REST_SECONDS:
        raise QueueDeletedRecently(
            "You must wait 60 seconds after deleting a queue before you can create another with the same "
            "name."
        )
    state.forget_deletion(call, call.account, call.region, name)


def _checked_documents(call: Call, queue: Queue, given: Mapping[str, str]) -> Mapping[str, str]:
    """Judges what can only be judged with IAM and the other queues at hand."""
    policy = given.get("Policy")
    if policy:
        try:
            call.cloud.access.validate(policy, PolicyKind.RESOURCE)
        except MalformedPolicyDocument:
            raise InvalidAttributeValue("Invalid value for the parameter Policy.") from None
    redrive = given.get("RedrivePolicy")
    if redrive:
        _check_dead_letter_queue(call, queue, redrive)
    return given


def _check_dead_letter_queue(call: Call, queue: Queue, redrive: str) -> None:
    arn = json.loads(redrive)["deadLetterTargetArn"]
    target = state.find_queue_by_arn(call, arn)
    if target is None or (target.account, target.region) != (queue.account, queue.region):
        raise InvalidParameterValue.of(
            "RedrivePolicy",
            redrive,
            "Dead letter target does not exist.",
        )
    if target.fifo != queue.fifo:
        kind = "FIFO" if queue.fifo else "standard"
        raise InvalidParameterValue.of(
            "RedrivePolicy",
            redrive,
            f"Dead-letter queue must be same type of queue as the source. The source queue is a {kind} "
            f"queue.",
        )
    if not target.takes_dead_letters_of(queue.arn):
        raise InvalidParameterValue.of(
            "RedrivePolicy",
            redrive,
            f"Queue {queue.arn} does not have permissions to use the specified dead-letter queue.",
        )


def _named_queue(call: Call, request: Request) -> Sequence[Permission]:
    account = request.get("QueueOwnerAWSAccountId") or call.account
    return [permission(call, "GetQueueUrl", QueueAddress(account, call.region, request["QueueName"]))]


@operation("GetQueueUrl", permissions=_named_queue, read_only=True, unsigned=True)
def get_queue_url(call: Call, request: api.GetQueueUrlRequestTypeDef) -> dict[str, Any]:
    """The URL of a queue by its name."""
    account = request.get("QueueOwnerAWSAccountId") or call.account
    return {"QueueUrl": urls.queue_url(call, state.queue(call, account, call.region, request["QueueName"]))}


@operation("ListQueues", resource="*", read_only=True)
def list_queues(call: Call, request: api.ListQueuesRequestTypeDef) -> dict[str, Any]:
    """The URLs of the queues whose names begin with a prefix."""
    size = page_size(request)
    prefix = request.get("QueueNamePrefix") or ""
    after = request.get("NextToken")
    found = list(state.list_queues(call, call.account, call.region, prefix, after, size + 1))
    answer: dict[str, Any] = {"QueueUrls": [urls.queue_url(call, queue) for queue in found[:size]]}
    if len(found) > size and request.get("MaxResults"):
        answer["NextToken"] = found[size - 1].name
    return answer if found else {}


def page_size(request: Request) -> int:
    """How many a list may have. Raises InvalidParameterValue."""
    size: int | None = request.get("MaxResults")
    if size is None:
        if request.get("NextToken"):
            raise InvalidParameterValue("MaxResults must be set to use NextToken.")
        return _MOST_LISTED
    if not 1 <= size <= _MOST_LISTED:
        raise InvalidParameterValue.of(
            "MaxResults",
            size,
            f"MaxResults must be an integer between 1 and {_MOST_LISTED}.",
        )
    return size


@operation("GetQueueAttributes", permissions=on_queue("GetQueueAttributes"), unsigned=True)
def get_queue_attributes(call: Call, request: api.GetQueueAttributesRequestTypeDef) -> dict[str, Any]:
    """Attributes of a queue, and how many messages it has."""
    queue = asked_queue(call, request)
    names = request.get("AttributeNames") or []
    for name in names:
        if name not in attributes.READABLE:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if not names:
        return {}
    told = _told(call, queue, numbers="All" in names or any(name.startswith("Approximate") for name in names))
    if "All" not in names:
        told = {name: told[name] for name in names if name in told}
    return {"Attributes": told} if told else {}


def _told(call: Call, queue: Queue, *, numbers: bool) -> dict[str, str]:
    told = {
        **attributes.shown(queue.attributes, fifo=queue.fifo),
        "QueueArn": queue.arn,
        "CreatedTimestamp": str(int(queue.created_at)),
        "LastModifiedTimestamp": str(int(queue.modified_at)),
    }
    if numbers:
        # Otherwise they would count until the sweep comes by.
        for _ in range(_SWEPT_AT_MOST):
            if remove_expired(call, queue) < EXPIRED_AT_ONCE:
                break
        counts = state.messages(call, queue).counts()
        told["ApproximateNumberOfMessages"] = str(counts.visible)
        told["ApproximateNumberOfMessagesNotVisible"] = str(counts.in_flight)
        told["ApproximateNumberOfMessagesDelayed"] = str(counts.delayed)
    return told


@operation("SetQueueAttributes", permissions=on_queue("SetQueueAttributes"))
def set_queue_attributes(call: Call, request: api.SetQueueAttributesRequestTypeDef) -> None:
    """Changes attributes of a queue; an empty document takes it away."""
    queue = asked_queue(call, request)
    kept = attributes.check_change(_given(request), queue.attributes, fifo=queue.fifo)
    changed = queue.changed(_checked_documents(call, queue, kept), call.time())
    state.save_queue(call, changed, before=queue)
    wake_readers(call, queue)


@operation("DeleteQueue", permissions=on_queue("DeleteQueue"))
def delete_queue(call: Call, request: api.DeleteQueueRequestTypeDef) -> None:
    """Removes a queue with its messages."""
    queue = asked_queue(call, request)
    state.delete_queue(call, queue)
    wake_readers(call, queue)


@operation("PurgeQueue", permissions=on_queue("PurgeQueue"), unsigned=True)
def purge_queue(call: Call, request: api.PurgeQueueRequestTypeDef) -> None:
    """Removes the messages of a queue; once a minute."""
    queue = asked_queue(call, request)
    if queue.purged_at is not None and call.time() < queue.purged_at + _REST_SECONDS:
        raise PurgeQueueInProgress(
            f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds."
        )
    state.delete_messages(call, queue)
    state.save_queue(call, queue.purged(call.time()), before=queue)
