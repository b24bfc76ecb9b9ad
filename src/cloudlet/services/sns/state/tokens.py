"""Tokens of confirmations: which subscription each is of, and which are no longer good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.services.sns.model import Subscription, SubscriptionAddress, milliseconds
from cloudlet.services.sns.state import keys

if TYPE_CHECKING:
    from cloudlet.core.call import Call

_TOKENS: Final = Rows(keys.TOKENS, SubscriptionAddress)


def save_token(call: Call, subscription: Subscription) -> None:
    """Writes whose token it is, and until when it is good."""
    token = subscription.token
    _TOKENS.save(call, subscription.address, token)
    call.transaction.put((*keys.EXPIRING, milliseconds(subscription.token_expires_at), token), b"")


def find_address(call: Call, token: str) -> SubscriptionAddress | None:
    """The subscription that a token is of."""
    return _TOKENS.find(call, token)


def take_expired(call: Call, limit: int) -> list[tuple[str, SubscriptionAddress]]:
    """Tokens that may be good no longer; each is told once for every time it was written."""
    expired = []
    end = (*keys.EXPIRING, milliseconds(call.time()))
    for key, _ in call.transaction.range(keys.EXPIRING, end, limit=limit):
        call.transaction.delete(key)
        token = str(key[-1])
        address = _TOKENS.find(call, token)
        if address is not None:
            expired.append((token, address))
    return expired


def forget_token(call: Call, token: str) -> None:
    """Removes a token."""
    _TOKENS.delete(call, token)
