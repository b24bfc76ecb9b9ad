"""Where SNS's rows stand. The only package of the service that names keys.

No rules: those are in the service's model.py and beside it.
"""

from __future__ import annotations

from cloudlet.services.sns.state.deduplication import (
    find_sent,
    forget_topic,
    next_sequence_number,
    save_sent,
)
from cloudlet.services.sns.state.deliveries import (
    LaneKey,
    add_deliveries,
    due_lanes,
    find_lane,
    find_message,
    save_lane,
    seconds_until_due,
    settle,
    take_pace,
    topic_of,
)
from cloudlet.services.sns.state.signing import find_signing_key, signing_key
from cloudlet.services.sns.state.subscriptions import (
    delete_ended,
    delete_subscription,
    find_by_endpoint,
    find_by_token,
    find_ended,
    find_subscription,
    owned_subscriptions,
    save_ended,
    save_subscription,
    subscription,
    subscriptions_of,
)
from cloudlet.services.sns.state.tokens import forget_token, take_expired
from cloudlet.services.sns.state.topics import (
    delete_topic,
    find_topic,
    list_topics,
    save_topic,
    topic,
)

__all__ = [
    "LaneKey",
    "add_deliveries",
    "delete_ended",
    "delete_subscription",
    "delete_topic",
    "due_lanes",
    "find_by_endpoint",
    "find_by_token",
    "find_ended",
    "find_lane",
    "find_message",
    "find_sent",
    "find_signing_key",
    "find_subscription",
    "find_topic",
    "forget_token",
    "forget_topic",
    "list_topics",
    "next_sequence_number",
    "owned_subscriptions",
    "save_ended",
    "save_lane",
    "save_sent",
    "save_subscription",
    "save_topic",
    "seconds_until_due",
    "settle",
    "signing_key",
    "subscription",
    "subscriptions_of",
    "take_expired",
    "take_pace",
    "topic",
    "topic_of",
]
