"""Operations on subscriptions: making, confirming, changing, ending and listing them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import PrincipalKind
from cloudlet.core.arn import Arn
from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.sns import (
    arns,
    confirmations,
    delivery_policies,
    pages,
    state,
    subscription_attributes,
    urls,
)
from cloudlet.services.sns.errors import (
    AuthorizationErrorException,
    FilterPolicyLimitExceededException,
    InvalidParameterException,
)
from cloudlet.services.sns.model import FUNCTIONS, QUEUES, WEB, Subscription, TopicAddress
from cloudlet.services.sns.operations.topics import asked_topic
from cloudlet.services.sns.permissions import anywhere, on_topic, permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.access import Permission
    from cloudlet.core.operation import Request
    from cloudlet.services.sns.model import Topic

_PAGE: Final = 100
_MOST_FILTER_POLICIES: Final = 200


def _may_subscribe(call: Call, request: Request) -> Sequence[Permission]:
    context = {"sns:Protocol": (request["Protocol"],), "sns:Endpoint": (request.get("Endpoint", ""),)}
    return [permission(call, "Subscribe", arns.topic(call, request["TopicArn"]), context)]


@operation("Subscribe", permissions=_may_subscribe)
def subscribe(call: Call, request: Request) -> dict[str, Any]:
    """Subscribes an endpoint; one of somebody else is asked first whether it agrees."""
    topic = asked_topic(call, request)
    protocol, endpoint = request["Protocol"], request.get("Endpoint", "")
    subscription_attributes.check_endpoint(topic, protocol, endpoint)
    given = request.get("Attributes") or {}
    attributes = subscription_attributes.check_new(topic, protocol, endpoint, given)
    found = state.find_by_endpoint(call, topic, protocol, endpoint)
    if found is None:
        _check_filter_limit(call, topic, attributes)
        found = _subscription(call, topic, protocol, endpoint, attributes)
        state.save_subscription(call, found)
    else:
        _check_same(found, attributes)
    if found.pending:
        found = confirmations.ask(call, topic, found)
    if found.pending and not request.get("ReturnSubscriptionArn"):
        return {"SubscriptionArn": "pending confirmation"}
    return {"SubscriptionArn": found.arn}


def _subscription(
    call: Call, topic: Topic, protocol: str, endpoint: str, attributes: dict[str, str]
) -> Subscription:
    own = protocol in (QUEUES, FUNCTIONS) and Arn.parse(endpoint).account == call.account
    return Subscription(
        id=call.ids.uuid(),
        topic_account=topic.account,
        region=topic.region,
        topic_name=topic.name,
        protocol=protocol,
        endpoint=endpoint,
        owner=call.account,
        principal=call.principal.role_arn or call.principal.arn,
        url_base=urls.base(call),
        attributes=attributes,
        pending=not own,
        confirmed_by_account=own,
    )


def _check_same(found: Subscription, attributes: dict[str, str]) -> None:
    """Raises InvalidParameterException unless a subscription has what it is asked to have again."""
    if any(found.attributes.get(name) != value for name, value in attributes.items()):
        raise InvalidParameterException.of(
            "Attributes", "Subscription already exists with different attributes"
        )


def _check_filter_limit(call: Call, topic: Topic, attributes: dict[str, str]) -> None:
    if "FilterPolicy" not in attributes:
        return
    there = sum("FilterPolicy" in each.attributes for each in state.subscriptions_of(call, topic))
    if there >= _MOST_FILTER_POLICIES:
        raise FilterPolicyLimitExceededException("Filter policy limit exceeded")


def _may_confirm(call: Call, request: Request) -> Sequence[Permission]:
    """The token is the permission of whoever does not sign."""
    if call.principal.kind is PrincipalKind.ANONYMOUS:
        return ()
    return [permission(call, "ConfirmSubscription", _confirmed_topic(call, request))]


def _confirmed_topic(call: Call, request: Request) -> TopicAddress:
    try:
        return arns.topic(call, request["TopicArn"])
    except InvalidParameterException as error:
        raise InvalidParameterException.of("Topic") from error


@operation("ConfirmSubscription", permissions=_may_confirm, unsigned=True)
def confirm_subscription(call: Call, request: Request) -> dict[str, Any]:
    """Begins, or takes up again, what an endpoint was asked about."""
    address = _confirmed_topic(call, request)
    signed = call.principal.kind is not PrincipalKind.ANONYMOUS
    only_signed = signed and request.get("AuthenticateOnUnsubscribe", "").lower() == "true"
    confirmed = confirmations.confirm(call, address, request["Token"], signed=signed, only_signed=only_signed)
    return {"SubscriptionArn": confirmed.arn}


def _may_unsubscribe(call: Call, request: Request) -> Sequence[Permission]:
    if call.principal.kind is PrincipalKind.ANONYMOUS:
        return ()
    return anywhere("Unsubscribe")(call, request)


@operation("Unsubscribe", permissions=_may_unsubscribe, unsigned=True)
def unsubscribe(call: Call, request: Request) -> None:
    """Ends a subscription; one that is not there is no error."""
    subscription = state.find_subscription(call, arns.subscription(call, request["SubscriptionArn"]))
    if subscription is None:
        return
    anonymous = call.principal.kind is PrincipalKind.ANONYMOUS
    owners = (subscription.owner, subscription.topic_account)
    if (anonymous and subscription.ended_by_account_only) or not (anonymous or call.account in owners):
        raise AuthorizationErrorException(
            f"User: {call.principal.arn} is not authorized to perform: SNS:Unsubscribe on resource: "
            f"{subscription.arn}"
        )
    topic = state.topic(call, subscription.address.topic)
    state.delete_subscription(call, subscription)
    state.save_topic(call, topic.with_one_deleted())
    if subscription.protocol in WEB and not subscription.pending:
        confirmations.tell_of_end(call, topic, subscription)


@operation("GetSubscriptionAttributes", permissions=anywhere("GetSubscriptionAttributes"), read_only=True)
def get_subscription_attributes(call: Call, request: Request) -> dict[str, Any]:
    """All that there is to know of a subscription."""
    subscription = _own(call, request)
    attributes = {
        "RawMessageDelivery": "false",
        **subscription.attributes,
        "ConfirmationWasAuthenticated": "true" if subscription.confirmed_by_account else "false",
        "Endpoint": subscription.endpoint,
        "Owner": subscription.owner,
        "PendingConfirmation": "true" if subscription.pending else "false",
        "Protocol": subscription.protocol,
        "SubscriptionArn": subscription.arn,
        "SubscriptionPrincipal": subscription.principal,
        "TopicArn": subscription.topic_arn,
    }
    if "FilterPolicy" in attributes:
        attributes.setdefault("FilterPolicyScope", "MessageAttributes")
    else:
        attributes.pop("FilterPolicyScope", None)
    if subscription.protocol in WEB:
        topic = state.topic(call, subscription.address.topic)
        effective = delivery_policies.effective_subscription_policy(topic, subscription)
        attributes["EffectiveDeliveryPolicy"] = json.dumps(effective, separators=(",", ":"))
    return {"Attributes": attributes}


@operation("SetSubscriptionAttributes", permissions=anywhere("SetSubscriptionAttributes"))
def set_subscription_attributes(call: Call, request: Request) -> None:
    """Changes one attribute of a subscription."""
    subscription = _own(call, request)
    topic = state.topic(call, subscription.address.topic)
    name, value = request["AttributeName"], request.get("AttributeValue", "")
    kept = subscription_attributes.check_change(
        topic, subscription.protocol, subscription.endpoint, subscription.attributes, name, value
    )
    if kept and name not in subscription.attributes:
        _check_filter_limit(call, topic, {name: kept})
    state.save_subscription(call, subscription.changed({name: kept}))


def _own(call: Call, request: Request) -> Subscription:
    """A subscription that the caller's account has to do with. Raises NotFoundException and others."""
    subscription = state.subscription(call, arns.subscription(call, request["SubscriptionArn"]))
    if call.account not in (subscription.owner, subscription.topic_account):
        raise AuthorizationErrorException("Not authorized to access this subscription")
    return subscription


@operation("ListSubscriptions", permissions=anywhere("ListSubscriptions"), read_only=True)
def list_subscriptions(call: Call, request: Request) -> dict[str, Any]:
    """The subscriptions of the account in the region, a hundred at a time."""
    after = pages.after(request.get("NextToken"), parts=3)
    found = state.owned_subscriptions(call, after, _PAGE + 1)
    answer: dict[str, Any] = {"Subscriptions": [_told(each) for _, each in found[:_PAGE]]}
    if len(found) > _PAGE:
        answer["NextToken"] = pages.token(found[_PAGE - 1][0])
    return answer


@operation("ListSubscriptionsByTopic", permissions=on_topic("ListSubscriptionsByTopic"), read_only=True)
def list_subscriptions_by_topic(call: Call, request: Request) -> dict[str, Any]:
    """The subscriptions to a topic, a hundred at a time."""
    topic = asked_topic(call, request)
    after = pages.after(request.get("NextToken"), parts=1)
    found = list(state.subscriptions_of(call, topic, after[0] if after else None, _PAGE + 1))
    answer: dict[str, Any] = {"Subscriptions": [_told(each) for each in found[:_PAGE]]}
    if len(found) > _PAGE:
        answer["NextToken"] = pages.token((found[_PAGE - 1].id,))
    return answer


def _told(subscription: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": "PendingConfirmation" if subscription.pending else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }
