"""AWS::SNS::Topic, with the subscriptions that may stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cloudlet.core.call import Call
from cloudlet.core.errors import ServiceError
from cloudlet.core.resource import Properties, Provisioned, ResourceContext, made_once, partly_made, retag
from cloudlet.core.tags import tag_list, tag_map
from cloudlet.services.sns import state
from cloudlet.services.sns.model import FIFO_SUFFIX, TopicAddress
from cloudlet.services.sns.resources.attributes import attributes, changes, text
from cloudlet.services.sns.topic_attributes import FEEDBACK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.services.sns.model import Topic

_LONGEST_NAME: Final = 256
_STACK: Final = "aws:cloudformation:stack-id"
_LOGICAL: Final = "aws:cloudformation:logical-id"
_DEFAULTS: Final[Mapping[str, str]] = {
    "ContentBasedDeduplication": "false",
    "DisplayName": "",
    "FifoThroughputScope": "Topic",
    "KmsMasterKeyId": "",
    "SignatureVersion": "1",
    "TracingConfig": "PassThrough",
}
"""The attributes that are properties, and what they become when their property goes."""


_LOGGED: Final[Mapping[str, str]] = {
    "application": "Application",
    "firehose": "Firehose",
    "http/s": "HTTP",
    "lambda": "Lambda",
    "sqs": "SQS",
}
"""What the attributes for a protocol of DeliveryStatusLogging begin with."""
_ALL_DEFAULTS: Final[Mapping[str, str]] = {**_DEFAULTS, **dict.fromkeys(FEEDBACK, "")}


class AlreadyExists(ServiceError):
    """Raised for a name that a topic outside of the stack has."""


class TopicType:
    """AWS::SNS::Topic"""

    type_name = "AWS::SNS::Topic"
    properties = frozenset(
        (*_DEFAULTS, "DeliveryStatusLogging", "FifoTopic", "Subscription", "Tags", "TopicName")
    )
    required: frozenset[str] = frozenset()
    create_only = frozenset({"FifoTopic", "TopicName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the topic, and subscribes the endpoints that stand in it."""
        arn = await made_once(call, context, lambda inner: _make(inner, context, properties))
        with partly_made(arn):
            await _subscribe(call, arn, _subscriptions(properties))
        return _provisioned(arn)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes attributes, tags and subscriptions in place."""
        changed = changes(_attributes(before), _attributes(after), _ALL_DEFAULTS)
        for name, value in changed.items():
            request = {"TopicArn": physical_id, "AttributeName": name, "AttributeValue": value}
            await call.ask("sns", "SetTopicAttributes", request)
        old_tags, new_tags = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
        await retag(call, "sns", {"ResourceArn": physical_id}, old_tags, new_tags, tag_list)
        wanted = _subscriptions(after)
        await _unsubscribe(call, physical_id, set(_subscriptions(before)) - set(wanted))
        await _subscribe(call, physical_id, wanted)
        return _provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the topic; one that is gone already is no error."""
        await call.ask("sns", "DeleteTopic", {"TopicArn": physical_id})


def _make(call: Call, context: ResourceContext, properties: Properties) -> str:
    fifo = text(properties.get("FifoTopic", False)) == "true"
    suffix = FIFO_SUFFIX if fifo else ""
    name = properties.get("TopicName") or context.generated_name(_LONGEST_NAME - len(suffix)) + suffix
    if state.find_topic(call, TopicAddress(call.account, call.region, name)) is not None:
        # Asked here because CreateTopic answers 200 where a topic of the same attributes is there.
        raise AlreadyExists(f"Resource of type 'AWS::SNS::Topic' with identifier '{name}' already exists.")
    given = _attributes(properties)
    tags = {**tag_map(properties.get("Tags")), **context.tags}
    tags |= {_STACK: context.stack_id, _LOGICAL: context.logical_id}
    request = {
        "Name": name,
        "Attributes": {**given, "FifoTopic": "true"} if fifo else given,
        "Tags": tag_list(tags),
    }
    return str(call.ask_within("sns", "CreateTopic", request)["TopicArn"])


def _attributes(properties: Properties) -> dict[str, str]:
    """The properties that are attributes, and those of the delivery status logs."""
    found = attributes(properties, _DEFAULTS)
    for logging in properties.get("DeliveryStatusLogging") or ():
        kind = _LOGGED[logging["Protocol"].lower()]
        found |= {f"{kind}{name}": text(value) for name, value in logging.items() if name != "Protocol"}
    return found


def _provisioned(arn: str) -> Provisioned:
    return Provisioned(arn, {"TopicArn": arn, "TopicName": arn.rpartition(":")[2]})


def _subscriptions(properties: Properties) -> list[tuple[str, str]]:
    return [(each["Protocol"], each["Endpoint"]) for each in properties.get("Subscription") or ()]


async def _subscribe(call: Call, arn: str, wanted: Iterable[tuple[str, str]]) -> None:
    for protocol, endpoint in wanted:
        request = {"TopicArn": arn, "Protocol": protocol, "Endpoint": endpoint}
        await call.ask("sns", "Subscribe", request)


async def _unsubscribe(call: Call, arn: str, gone: Iterable[tuple[str, str]]) -> None:
    """Ends what the template no longer has, and nothing that others have subscribed."""
    address = TopicAddress(call.account, call.region, arn.rpartition(":")[2])

    def find(inner: Call, topic: Topic) -> list[str]:
        found = (state.find_by_endpoint(inner, topic, *each) for each in gone)
        return [each.arn for each in found if each is not None]

    there = await call.transact(lambda inner: find(inner, state.topic(inner, address)), read_only=True)
    for subscription in there:
        await call.ask("sns", "Unsubscribe", {"SubscriptionArn": subscription})
