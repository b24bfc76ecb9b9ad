"""Asking endpoints whether they agree: tokens, and the messages that carry them.

https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html
Sends nothing itself: what is to be told goes the way of all messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.services.sns import state
from cloudlet.services.sns.errors import InvalidParameterException, no_topic
from cloudlet.services.sns.model import FUNCTIONS, QUEUES, WEB, Message, Subscription

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sns.model import Topic, TopicAddress

SUBSCRIPTION: Final = "SubscriptionConfirmation"
UNSUBSCRIPTION: Final = "UnsubscribeConfirmation"
_TOKEN_LENGTH: Final = 288
_TOKEN: Final = re.compile(r"[0-9a-f]{288}")
_TOKEN_SECONDS: Final = 2 * 86_400.0
_REACHED: Final = (QUEUES, FUNCTIONS, *WEB)
"""The protocols by which an endpoint can be asked; mail is not among them."""


def ask(call: Call, topic: Topic, subscription: Subscription) -> Subscription:
    """The pending subscription with the token that its endpoint is sent, if it can be sent anything."""
    asking = _with_token(call, subscription)
    state.save_subscription(call, asking)
    if asking.protocol in _REACHED:
        text = (
            f"You have chosen to subscribe to the topic {topic.arn}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message."
        )
        state.add_deliveries(call, _message(call, topic, asking, SUBSCRIPTION, text), [asking])
    return asking


def tell_of_end(call: Call, topic: Topic, subscription: Subscription) -> None:
    """Tells an endpoint that its subscription has ended, and how it can be taken up again."""
    ended = _with_token(call, subscription)
    state.save_ended(call, ended)
    text = (
        f"You have chosen to deactivate subscription {ended.arn}.\n"
        "To cancel this operation and restore the subscription, visit the SubscribeURL included in this "
        "message."
    )
    state.add_deliveries(call, _message(call, topic, ended, UNSUBSCRIPTION, text), [ended])


def confirm(
    call: Call, address: TopicAddress, token: str, *, signed: bool, only_signed: bool
) -> Subscription:
    """The subscription that a token confirms. Raises InvalidParameterException and NotFoundException."""
    if not _TOKEN.fullmatch(token):
        raise InvalidParameterException.of("Token")
    if state.find_topic(call, address) is None:
        raise no_topic()
    found = state.find_by_token(call, address, token)
    if found is None or found.token_expires_at < call.time():
        raise InvalidParameterException("Invalid token")
    confirmed = found
    if found.pending or state.find_ended(call, found.address) is not None:
        confirmed = replace(
            found, pending=False, confirmed_by_account=signed, ended_by_account_only=only_signed
        )
        state.save_subscription(call, confirmed)
        state.delete_ended(call, found.address)
    return confirmed


def _with_token(call: Call, subscription: Subscription) -> Subscription:
    if subscription.token and subscription.pending:
        return replace(subscription, token_expires_at=call.time() + _TOKEN_SECONDS)
    token = call.ids.hexadecimal(_TOKEN_LENGTH)
    return replace(subscription, token=token, token_expires_at=call.time() + _TOKEN_SECONDS)


def _message(call: Call, topic: Topic, to: Subscription, kind: str, text: str) -> Message:
    return Message(
        call.ids.uuid(),
        topic.arn,
        call.time(),
        {"default": text},
        type=kind,
        signature_version=topic.attributes.get("SignatureVersion", "1"),
        token=to.token,
    )
