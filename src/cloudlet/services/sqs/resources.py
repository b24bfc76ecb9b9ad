"""CloudFormation types of SQS.

Handlers call SQS's own API and know nothing of templates.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SQS.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from cloudlet.core.call import Call
from cloudlet.core.errors import ServiceError
from cloudlet.core.resource import Properties, Provisioned, ResourceContext, made_once, partly_made
from cloudlet.core.tags import changed_tags, tag_map
from cloudlet.services.sqs import state, urls
from cloudlet.services.sqs.errors import QueueDoesNotExist
from cloudlet.services.sqs.model import DEFAULTS, FIFO_DEFAULTS, FIFO_SUFFIX

_LONGEST_NAME: Final = 80
_STACK: Final = "aws:cloudformation:stack-id"
_LOGICAL: Final = "aws:cloudformation:logical-id"
_ATTRIBUTES: Final = frozenset(
    {
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoQueue",
        "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    }
)
_WITHOUT: Final[Mapping[str, str]] = {
    **DEFAULTS,
    **FIFO_DEFAULTS,
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
}
"""What an attribute becomes when its property goes."""


class AlreadyExists(ServiceError):
    """Raised for a name that a queue outside of the stack has."""


class QueueType:
    """AWS::SQS::Queue"""

    type_name = "AWS::SQS::Queue"
    properties = frozenset((*_ATTRIBUTES, "QueueName", "Tags"))
    required: frozenset[str] = frozenset()
    create_only = frozenset({"FifoQueue", "QueueName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the queue."""
        url = await made_once(call, context, lambda inner: _make(inner, context, properties))
        return _provisioned(call, url)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes attributes and tags in place."""
        old, new = _attributes(before), _attributes(after)
        changed = {name: value for name, value in new.items() if old.get(name) != value}
        changed |= {name: _WITHOUT[name] for name in old if name not in new}
        if changed:
            await call.ask("sqs", "SetQueueAttributes", {"QueueUrl": physical_id, "Attributes": changed})
        await _set_tags(call, physical_id, tag_map(before.get("Tags")), tag_map(after.get("Tags")))
        return _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the queue; one that is gone already is no error."""
        try:
            await call.ask("sqs", "DeleteQueue", {"QueueUrl": physical_id})
        except QueueDoesNotExist:
            return


class QueuePolicyType:
    """AWS::SQS::QueuePolicy"""

    type_name = "AWS::SQS::QueuePolicy"
    properties = frozenset({"PolicyDocument", "Queues"})
    required = frozenset({"PolicyDocument", "Queues"})
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Gives every queue the policy."""
        name = context.generated_name(_LONGEST_NAME)
        with partly_made(name):
            await _set_policies(call, properties["Queues"], _document(properties))
        return Provisioned(name, {"Id": name})

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the policy, and whose it is."""
        await _set_policies(call, after["Queues"], _document(after))
        await _set_policies(call, [url for url in before["Queues"] if url not in after["Queues"]], "")
        return Provisioned(physical_id, {"Id": physical_id})

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the policy from every queue that is still there."""
        await _remove_policies(call, properties["Queues"])


class QueueInlinePolicyType:
    """AWS::SQS::QueueInlinePolicy"""

    type_name = "AWS::SQS::QueueInlinePolicy"
    properties = frozenset({"PolicyDocument", "Queue"})
    required = frozenset({"PolicyDocument", "Queue"})
    create_only = frozenset({"Queue"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Gives the queue the policy."""
        await _set_policies(call, [properties["Queue"]], _document(properties))
        return Provisioned(properties["Queue"])

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the policy."""
        await _set_policies(call, [physical_id], _document(after))
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the policy from the queue, if that is still there."""
        await _remove_policies(call, [physical_id])


def _make(call: Call, context: ResourceContext, properties: Properties) -> str:
    fifo = _text(properties.get("FifoQueue", False)) == "true"
    name = properties.get("QueueName") or _generated_name(context, fifo=fifo)
    if state.find_queue(call, call.account, call.region, name) is not None:
        # Asked here because CreateQueue answers 200 where a queue of the same attributes is there.
        raise AlreadyExists(f"Resource of type 'AWS::SQS::Queue' with identifier '{name}' already exists.")
    attributes = {key: value for key, value in _attributes(properties).items() if fifo or key != "FifoQueue"}
    tags = {
        **tag_map(properties.get("Tags")),
        **context.tags,
        _STACK: context.stack_id,
        _LOGICAL: context.logical_id,
    }
    request = {"QueueName": name, "Attributes": attributes, "tags": tags}
    url: str = call.ask_within("sqs", "CreateQueue", request)["QueueUrl"]
    return url


def _generated_name(context: ResourceContext, *, fifo: bool) -> str:
    suffix = FIFO_SUFFIX if fifo else ""
    return context.generated_name(_LONGEST_NAME - len(suffix)) + suffix


def _provisioned(call: Call, url: str) -> Provisioned:
    address = urls.address(call, url)
    return Provisioned(url, {"Arn": address.arn, "QueueName": address.name, "QueueUrl": url})


def _attributes(properties: Properties) -> dict[str, str]:
    return {name: _text(value) for name, value in properties.items() if name in _ATTRIBUTES}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


async def _set_tags(call: Call, url: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    gone, added = changed_tags(before, after)
    if gone:
        await call.ask("sqs", "UntagQueue", {"QueueUrl": url, "TagKeys": gone})
    if added:
        await call.ask("sqs", "TagQueue", {"QueueUrl": url, "Tags": added})


def _document(properties: Properties) -> str:
    document = properties["PolicyDocument"]
    return document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))


async def _set_policies(call: Call, queue_urls: list[str], policy: str) -> None:
    for url in queue_urls:
        await call.ask("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": policy}})


async def _remove_policies(call: Call, queue_urls: list[str]) -> None:
    for url in queue_urls:
        try:
            await _set_policies(call, [url], "")
        except QueueDoesNotExist:
            continue
