"""Subscriptions: by their topic, by the account that owns them, by their endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.core.store import LAST
from cloudlet.services.sns.errors import no_subscription
from cloudlet.services.sns.model import Subscription
from cloudlet.services.sns.state import keys
from cloudlet.services.sns.state.tokens import find_address, save_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.store import Key
    from cloudlet.services.sns.model import SubscriptionAddress, Topic, TopicAddress

_SUBSCRIPTIONS: Final = Rows(keys.SUBSCRIPTIONS, Subscription)
_ENDPOINTS: Final = Rows(keys.ENDPOINTS, str)
_ENDED: Final = Rows(keys.ENDED, Subscription)


def find_subscription(call: Call, address: SubscriptionAddress) -> Subscription | None:
    """A subscription, or None."""
    topic = address.topic
    return _SUBSCRIPTIONS.find(call, topic.account, topic.region, topic.name, address.id)


def subscription(call: Call, address: SubscriptionAddress) -> Subscription:
    """A subscription. Raises NotFoundException."""
    found = find_subscription(call, address)
    if found is None:
        raise no_subscription()
    return found


def find_by_endpoint(call: Call, topic: Topic, protocol: str, endpoint: str) -> Subscription | None:
    """The subscription of an endpoint to a topic."""
    found = _ENDPOINTS.find(call, topic.account, topic.region, topic.name, protocol, endpoint)
    if found is None:
        return None
    return _SUBSCRIPTIONS.find(call, topic.account, topic.region, topic.name, found)


def find_by_token(call: Call, topic: TopicAddress, token: str) -> Subscription | None:
    """The subscription to a topic that a token confirms, also one that has ended."""
    address = find_address(call, token)
    if address is None or address.topic != topic:
        return None
    found = find_subscription(call, address) or find_ended(call, address)
    return found if found is not None and found.token == token else None


def subscriptions_of(
    call: Call, topic: Topic, after: str | None = None, limit: int | None = None
) -> Iterator[Subscription]:
    """A topic's subscriptions, in the order of their ids."""
    key = (topic.account, topic.region, topic.name)
    beyond = (after,) if after else None
    if limit is None:
        return _SUBSCRIPTIONS.below(call, *key, after=beyond)
    return _SUBSCRIPTIONS.below(call, *key, after=beyond, limit=limit)


def owned_subscriptions(
    call: Call, after: tuple[str, ...] | None, limit: int
) -> list[tuple[tuple[str, ...], Subscription]]:
    """The subscriptions of the call's account in its region, each with its place in the order."""
    prefix = (*keys.OWNED, call.account, call.region)
    start: Key = (*prefix, *after, LAST) if after else prefix
    found = []
    for key, _ in call.transaction.range(start, (*prefix, LAST), limit=limit):
        account, name, identifier = place = tuple(str(part) for part in key[len(prefix) :])
        row = _SUBSCRIPTIONS.find(call, account, call.region, name, identifier)
        if row is not None:
            found.append((place, row))
    return found


def save_subscription(call: Call, subscription: Subscription) -> None:
    """Writes a subscription."""
    each = subscription
    _SUBSCRIPTIONS.save(call, each, each.topic_account, each.region, each.topic_name, each.id)
    _ENDPOINTS.save(call, each.id, *_endpoint_key(each))
    if each.token:
        save_token(call, each)
    call.transaction.put(_owned_key(each), b"")


def find_ended(call: Call, address: SubscriptionAddress) -> Subscription | None:
    """A subscription that has ended and can be taken up again."""
    topic = address.topic
    return _ENDED.find(call, topic.account, topic.region, topic.name, address.id)


def save_ended(call: Call, subscription: Subscription) -> None:
    """Keeps a subscription that has ended, for its token to take it up again."""
    each = subscription
    _ENDED.save(call, each, each.topic_account, each.region, each.topic_name, each.id)
    save_token(call, each)


def delete_ended(call: Call, address: SubscriptionAddress) -> None:
    """Forgets that a subscription has ended; its token stays its token."""
    topic = address.topic
    _ENDED.delete(call, topic.account, topic.region, topic.name, address.id)


def delete_subscription(call: Call, subscription: Subscription) -> None:
    """Removes a subscription; what is on its way to it finds it gone."""
    each = subscription
    _SUBSCRIPTIONS.delete(call, each.topic_account, each.region, each.topic_name, each.id)
    _ENDPOINTS.delete(call, *_endpoint_key(each))
    call.transaction.delete(_owned_key(each))


def _endpoint_key(subscription: Subscription) -> tuple[str, ...]:
    each = subscription
    return each.topic_account, each.region, each.topic_name, each.protocol, each.endpoint


def _owned_key(subscription: Subscription) -> Key:
    each = subscription
    return (*keys.OWNED, each.owner, each.region, each.topic_account, each.topic_name, each.id)
