"""What IAM is asked about Kinesis's operations: which ARN, with whose policy, in which account.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html.
It decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.access import LazyContext, Permission, PolicyDocument
from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.addressing import (
    ConsumerReference,
    StreamReference,
    consumer_reference,
    is_queue,
    owner,
    queue_call,
    queue_name,
    reference,
    resource_reference,
)
from cloudlet.services.kinesis.iterators import ShardIterator
from cloudlet.services.kinesis.queues import state as queues

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.call import Call

    Judged = Callable[[Call, Mapping[str, Any]], Sequence[Permission]]


def on_stream(action: str) -> Judged:
    """The permission for an action on the stream that a request names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        return [stream_permission(call, action, reference(call, request))]

    return judge


def on_consumer(action: str) -> Judged:
    """The permission for an action on the consumer that a request names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        if "ConsumerARN" in request:
            return [consumer_permission(call, action, consumer_reference(request["ConsumerARN"]))]
        return [stream_permission(call, action, reference(call, request))]

    return judge


def on_resource(action: str) -> Judged:
    """The permission for an action on the stream, consumer or queue whose ResourceARN a request gives."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        if is_queue(request["ResourceARN"]):
            return [queue_permission(call, action, request["ResourceARN"])]
        of = resource_reference(request)
        if isinstance(of, ConsumerReference):
            return [consumer_permission(call, action, of)]
        return [stream_permission(call, action, of)]

    return judge


def on_queue(action: str) -> Judged:
    """The permission for an action on the queue of a stream that a request names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        return [queue_permission(call, action, request["QueueARN"])]

    return judge


def create_queue(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """CreateQueue, and TagResource for one that begins with tags."""
    arn = call.arn(f"queue/{request['QueueName']}")
    actions = ["CreateQueue", "TagResource"] if request.get("Tags") else ["CreateQueue"]
    return [queue_permission(call, action, arn) for action in actions]


def queue_permission(call: Call, action: str, arn: str) -> Permission:
    """The permission for an action on a queue of a stream."""
    own = queue_call(call, arn)
    return Permission(
        action=f"kinesis:{action}",
        resource=arn,
        context=LazyContext(lambda: _queue_tags(own, queue_name(arn))),
        resource_account=None if own is call else own.account,
    )


def _queue_tags(call: Call, name: str) -> Mapping[str, Sequence[str]]:
    found = queues.find_queue(call, name)
    return {f"aws:ResourceTag/{key}": (value,) for key, value in (found.tags if found else {}).items()}


def create_stream(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """CreateStream, and AddTagsToStream for one that begins with tags."""
    of = StreamReference(call.account, call.region, request["StreamName"])
    actions = ["CreateStream", "AddTagsToStream"] if request.get("Tags") else ["CreateStream"]
    return [stream_permission(call, action, of) for action in actions]


def register_consumer(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """RegisterStreamConsumer, and TagResource for one that begins with tags."""
    of = reference(call, request)
    asked = [stream_permission(call, "RegisterStreamConsumer", of)]
    if request.get("Tags"):
        asked.append(consumer_permission(call, "TagResource", ConsumerReference(of, request["ConsumerName"])))
    return asked


def get_records(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """GetRecords names no stream; its iterator does."""
    iterator = ShardIterator.read(request["ShardIterator"])
    of = StreamReference(iterator.account, iterator.region, iterator.stream_name)
    return [stream_permission(call, "GetRecords", of)]


def stream_permission(call: Call, action: str, of: StreamReference) -> Permission:
    """The permission for an action on a stream."""
    return _permission(call, action, of.arn, of, "")


def consumer_permission(call: Call, action: str, of: ConsumerReference) -> Permission:
    """The permission for an action on a consumer."""
    ending = "" if of.created_at is None else f":{of.created_at}"
    return _permission(call, action, f"{of.stream.arn}/consumer/{of.name}{ending}", of.stream, of.name)


def _permission(call: Call, action: str, arn: str, of: StreamReference, consumer: str) -> Permission:
    own = owner(call, of)
    policy = state.find_policy(own, of.name, consumer)
    return Permission(
        action=f"kinesis:{action}",
        resource=arn,
        context=LazyContext(lambda: _tags(own, of.name, consumer)),
        resource_policy=None if policy is None else PolicyDocument("resource policy", policy),
        resource_account=None if own is call else of.account,
    )


def _tags(call: Call, stream_name: str, consumer: str) -> Mapping[str, Sequence[str]]:
    """aws:ResourceTag/..., read when a policy first asks for it."""
    found = (
        state.find_consumer(call, stream_name, consumer) if consumer else state.find_stream(call, stream_name)
    )
    return {f"aws:ResourceTag/{key}": (value,) for key, value in (found.tags if found else {}).items()}
