"""The outbox: what was published and has still to be delivered, written by the transaction that published.

A lane holds the message that its subscription gets next; what follows it in its group waits behind it. When
and how a message is tried is delivery/'s affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.rows import Rows
from cloudlet.core.store import LAST
from cloudlet.services.sns.model import FUNCTIONS, QUEUES, Lane, Message, Subscription, milliseconds
from cloudlet.services.sns.state import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.store import Key

_SWEEP_SECONDS: Final = 300.0
_MESSAGES: Final = Rows(keys.MESSAGES, Message)
_LEFT: Final = Rows(keys.LEFT, int)
_LANES: Final = Rows(keys.LANES, Lane)
_FOLLOWERS: Final = Rows(keys.FOLLOWERS, str)
_PACES: Final = Rows(keys.PACES, int)


class LaneKey(Struct, frozen=True):
    """Which lane, and who carries it: queues, functions or the web."""

    carrier: str
    subscription_id: str
    name: str
    """The message group; of what has no order, the message's id."""


def topic_of(carrier: str) -> str:
    """What is woken when there is something for a carrier."""
    return f"sns.{carrier}"


def carrier_of(protocol: str) -> str:
    """Who carries what goes by a protocol."""
    return protocol if protocol in (QUEUES, FUNCTIONS) else "web"


def add_deliveries(call: Call, message: Message, recipients: Sequence[Subscription]) -> None:
    """Writes down that a message is to be delivered."""
    if not recipients:
        return
    _MESSAGES.save(call, message, message.id)
    _LEFT.save(call, len(recipients), message.id)
    for recipient in recipients:
        _add(call, message, recipient)
    for carrier in {carrier_of(recipient.protocol) for recipient in recipients}:
        call.wake(topic_of(carrier))


def _add(call: Call, message: Message, to: Subscription) -> None:
    in_order = message.sequence_number is not None
    name = message.group_id or "" if in_order else message.id
    key = LaneKey(carrier_of(to.protocol), to.id, name)
    if in_order and _LANES.find(call, key.subscription_id, key.name) is not None:
        _FOLLOWERS.save(call, message.id, to.id, name, str(message.sequence_number))
        return
    due = milliseconds(call.time())
    save_lane(call, key, Lane(to.address, message.id, due), None)


def due_lanes(call: Call, carrier: str, limit: int) -> list[tuple[LaneKey, Lane]]:
    """What a carrier may try now, the longest due first."""
    prefix = (*keys.DUE, carrier)
    end = (*prefix, milliseconds(call.time()) + 1)
    found = []
    for key, _ in call.transaction.range(prefix, end, limit=limit):
        subscription_id, name = str(key[-2]), str(key[-1])
        lane = _LANES.find(call, subscription_id, name)
        if lane is not None:
            found.append((LaneKey(carrier, subscription_id, name), lane))
    return found


def seconds_until_due(call: Call, carrier: str) -> float:
    """How long a carrier may wait before it looks again, if nobody wakes it."""
    prefix = (*keys.DUE, carrier)
    for key, _ in call.transaction.range(prefix, (*prefix, LAST), limit=1):
        due = int(str(key[len(prefix)])) / 1000
        return min(max(due - call.time(), 0.0), _SWEEP_SECONDS)
    return _SWEEP_SECONDS


def find_lane(call: Call, key: LaneKey) -> Lane | None:
    """A lane, while there is something in it."""
    return _LANES.find(call, key.subscription_id, key.name)


def find_message(call: Call, message_id: str) -> Message | None:
    """A message that somebody has still to get."""
    return _MESSAGES.find(call, message_id)


def save_lane(call: Call, key: LaneKey, lane: Lane, before: Lane | None) -> None:
    """Writes a lane, and when it is due."""
    if before is not None:
        call.transaction.delete(_due_key(key, before))
    _LANES.save(call, lane, key.subscription_id, key.name)
    call.transaction.put(_due_key(key, lane), b"")


def settle(call: Call, key: LaneKey, lane: Lane) -> None:
    """The lane's message needs no more tries: goes on with the one behind it, or ends the lane."""
    _forget_recipient(call, lane.message_id)
    for place, message_id in _FOLLOWERS.items_below(call, key.subscription_id, key.name, limit=1):
        _FOLLOWERS.delete(call, *place)
        save_lane(call, key, lane.followed_by(message_id, milliseconds(call.time())), lane)
        return
    call.transaction.delete(_due_key(key, lane))
    _LANES.delete(call, key.subscription_id, key.name)


def take_pace(call: Call, subscription_id: str, interval_seconds: float) -> int:
    """When a message may be sent that has to keep a distance to the one before, in milliseconds."""
    at = max(_PACES.find(call, subscription_id) or 0, milliseconds(call.time()))
    _PACES.save(call, at + milliseconds(interval_seconds), subscription_id)
    return at


def _forget_recipient(call: Call, message_id: str) -> None:
    left = (_LEFT.find(call, message_id) or 1) - 1
    if left:
        _LEFT.save(call, left, message_id)
    else:
        _LEFT.delete(call, message_id)
        _MESSAGES.delete(call, message_id)


def _due_key(key: LaneKey, lane: Lane) -> Key:
    return (*keys.DUE, key.carrier, lane.due, key.subscription_id, key.name)
