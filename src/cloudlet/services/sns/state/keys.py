"""Where SNS's rows stand. Knows no rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cloudlet.core.store import Key

TOPICS: Final = ("sns", "topic")
"""account, region, name -> Topic"""
SUBSCRIPTIONS: Final = ("sns", "subscription")
"""account and region of the topic, its name, id -> Subscription"""
OWNED: Final = ("sns", "owned")
"""owner, region, account and name of the topic, id: the subscriptions of an account"""
ENDPOINTS: Final = ("sns", "endpoint")
"""account, region, name of the topic, protocol, endpoint -> id of the subscription"""
ENDED: Final = ("sns", "ended")
"""account and region of the topic, its name, id -> Subscription that can be taken up again"""
TOKENS: Final = ("sns", "token")
"""token -> SubscriptionAddress of what it confirms"""
EXPIRING: Final = ("sns", "expiring")
"""when, token: by the end of the time for which it is good"""
PACES: Final = ("sns", "pace")
"""subscription id -> when the next message may be sent to an endpoint that takes only so many a second"""
MESSAGES: Final = ("sns", "message")
"""message id -> Message, while it is to be delivered to somebody"""
LEFT: Final = ("sns", "left")
"""message id -> to how many subscriptions it has still to be delivered"""
LANES: Final = ("sns", "lane")
"""subscription id, message group or message id -> Lane"""
FOLLOWERS: Final = ("sns", "follower")
"""subscription id, message group, sequence number -> message id: what waits behind the lane's message"""
DUE: Final = ("sns", "due")
"""carrier, when, subscription id, message group or message id"""
SEQUENCE: Final = ("sns", "sequence")
"""topic id -> how many messages a FIFO topic has numbered"""
DEDUPLICATION: Final = ("sns", "deduplication")
"""topic id, group id or "", deduplication id -> Sent"""
FORGOTTEN: Final = ("sns", "forgotten")
"""topic id, when, then the rest of the key of a deduplication id: by the end of its five minutes"""
SIGNING_KEY: Final[Key] = ("sns", "signing-key")
