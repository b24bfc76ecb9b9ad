"""Operations on topics and their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import Permission
from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.core.tags import tag_map
from cloudlet.services.sns import arns, delivery_policies, pages, state, topic_attributes, topic_policies
from cloudlet.services.sns.errors import InvalidParameterException
from cloudlet.services.sns.model import Topic, TopicAddress
from cloudlet.services.sns.operations.tags import check_tags
from cloudlet.services.sns.permissions import anywhere, on_topic, permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.operation import Request

_PAGE: Final = 100


def asked_topic(call: Call, request: Request) -> Topic:
    """The topic that a request names. Raises NotFoundException and InvalidParameterException."""
    return state.topic(call, arns.topic(call, request["TopicArn"]))


def _may_create(call: Call, request: Request) -> Sequence[Permission]:
    address = TopicAddress(call.account, call.region, request["Name"])
    tags = tag_map(request.get("Tags"))
    context: dict[str, tuple[str, ...]] = {f"aws:RequestTag/{key}": (value,) for key, value in tags.items()}
    context["aws:TagKeys"] = tuple(tags)
    asked = [permission(call, "CreateTopic", address, context), *_handed_on(request.get("Attributes") or {})]
    return [*asked, permission(call, "TagResource", address, context)] if tags else asked


def _may_set(call: Call, request: Request) -> Sequence[Permission]:
    given = {request["AttributeName"]: request.get("AttributeValue", "")}
    return [*on_topic("SetTopicAttributes")(call, request), *_handed_on(given)]


def _handed_on(attributes: Mapping[str, str]) -> list[Permission]:
    """The permission to hand the roles of delivery status logs on to SNS."""
    context = {"iam:PassedToService": ("sns.amazonaws.com",)}
    roles = topic_attributes.roles(attributes)
    return [Permission("iam:PassRole", role, context=context) for role in roles if role]


@operation("CreateTopic", permissions=_may_create)
def create_topic(call: Call, request: Request) -> dict[str, Any]:
    """Makes a topic, or finds the one that is there with the same attributes."""
    name, given = request["Name"], request.get("Attributes") or {}
    if request.get("DataProtectionPolicy"):
        raise NotImplementedHere("cloudlet does not implement data protection policies (yet).")
    fifo = given.get("FifoTopic", "false").lower() == "true"
    topic_attributes.check_name(name, fifo=fifo)
    attributes = topic_attributes.check_new(call.cloud.access, given, fifo=fifo)
    tags = tag_map(request.get("Tags"))
    check_tags(request.get("Tags") or ())
    found = state.find_topic(call, TopicAddress(call.account, call.region, name))
    if found is not None:
        _check_same(found, attributes, tags)
        return {"TopicArn": found.arn}
    topic = Topic(call.ids.uuid(), call.account, call.region, name, attributes, tags)
    state.save_topic(call, topic)
    return {"TopicArn": topic.arn}


def _check_same(topic: Topic, attributes: Mapping[str, str], tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterException unless the topic has what another with its name is asked to have."""
    if any(topic.attributes.get(name) != value for name, value in attributes.items()):
        raise InvalidParameterException.of("Attributes", "Topic already exists with different attributes")
    if tags and tags != topic.tags:
        raise InvalidParameterException.of("Tags", "Topic already exists with different tags")


@operation("DeleteTopic", permissions=on_topic("DeleteTopic"))
def delete_topic(call: Call, request: Request) -> None:
    """Removes a topic and its subscriptions; one that is not there is no error."""
    topic = state.find_topic(call, arns.topic(call, request["TopicArn"]))
    if topic is None:
        return
    for subscription in list(state.subscriptions_of(call, topic)):
        state.delete_subscription(call, subscription)
    state.delete_topic(call, topic)
    state.forget_topic(call, topic)


@operation("ListTopics", permissions=anywhere("ListTopics"), read_only=True)
def list_topics(call: Call, request: Request) -> dict[str, Any]:
    """The topics of the account in the region, a hundred at a time."""
    after = pages.after(request.get("NextToken"), parts=1)
    topics = list(state.list_topics(call, after[0] if after else None, _PAGE + 1))
    answer: dict[str, Any] = {"Topics": [{"TopicArn": topic.arn} for topic in topics[:_PAGE]]}
    if len(topics) > _PAGE:
        answer["NextToken"] = pages.token((topics[_PAGE - 1].name,))
    return answer


@operation("GetTopicAttributes", permissions=on_topic("GetTopicAttributes"), read_only=True)
def get_topic_attributes(call: Call, request: Request) -> dict[str, Any]:
    """All that there is to know of a topic."""
    topic = asked_topic(call, request)
    pending = [subscription.pending for subscription in state.subscriptions_of(call, topic)]
    attributes = {
        "DisplayName": "",
        **topic.attributes,
        "EffectiveDeliveryPolicy": delivery_policies.effective_topic_policy(topic),
        "Owner": topic.account,
        "Policy": topic_policies.text(topic),
        "SubscriptionsConfirmed": str(pending.count(False)),
        "SubscriptionsDeleted": str(topic.subscriptions_deleted),
        "SubscriptionsPending": str(pending.count(True)),
        "TopicArn": topic.arn,
    }
    if topic.fifo:
        attributes |= {"FifoTopic": "true"}
        attributes.setdefault("ContentBasedDeduplication", "false")
    return {"Attributes": attributes}


@operation("SetTopicAttributes", permissions=_may_set)
def set_topic_attributes(call: Call, request: Request) -> None:
    """Changes one attribute of a topic."""
    topic = asked_topic(call, request)
    name, value = request["AttributeName"], request.get("AttributeValue", "")
    kept = topic_attributes.check_change(call.cloud.access, name, value, topic)
    state.save_topic(call, topic.changed({name: kept}))
