"""The messages of a standard queue in one transaction: rows, indexes and numbers, always changed together.

What comes back by time alone (a visibility timeout or a delay that ends) is moved when somebody looks, so
that what may be received now is always at the head of one index, however much waits. No rule of the API.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

import msgspec

from cloudlet.core.store import LAST
from cloudlet.services.sqs.model import Delivery, Message, Position, milliseconds, order_of
from cloudlet.services.sqs.state import counts, keys
from cloudlet.services.sqs.state.counts import Counts
from cloudlet.services.sqs.state.tenants import Tenants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.store import Key
    from cloudlet.services.sqs.model import Queue

_ENCODER: Final = msgspec.msgpack.Encoder()
_MESSAGES: Final = msgspec.msgpack.Decoder(Message)
_DELIVERIES: Final = msgspec.msgpack.Decoder(Delivery)


class Messages:
    """The messages of a standard queue. `save_counts` must be called once, after the last change."""

    def __init__(self, call: Call, queue: Queue) -> None:
        self._call = call
        self._transaction = call.transaction
        self.queue = queue
        self._id = queue.id
        self.now = milliseconds(call.time())
        self._visible = self._in_flight = self._delayed = 0
        self._shard = 0

    @cached_property
    def _tenants(self) -> Tenants:
        return Tenants(self._call, self._id, lambda: counts.total(self._call, self._id).in_flight)

    def find(self, position: Position) -> Message | None:
        """A message, or None."""
        row = self._transaction.get(keys.at(self._id, keys.MESSAGE, position))
        return None if row is None else _MESSAGES.decode(row)

    def find_delivery(self, position: Position) -> Delivery | None:
        """How a message was received; None for one that was not, or is not there."""
        row = self._transaction.get(keys.at(self._id, keys.DELIVERY, position))
        return None if row is None else _DELIVERIES.decode(row)

    def order(self, group_id: str, now: float) -> int:
        """The order of the next message; in a standard queue groups keep none."""
        return order_of(now)

    def add(self, position: Position, message: Message, delivery: Delivery | None = None) -> None:
        """Puts a message in."""
        self._save(position, message, delivery)
        group_id = message.group_id or ""
        if message.visible_from > self.now:
            key = keys.due_at(self._id, keys.DELAYED, message.visible_from, position)
            self._transaction.put(key, group_id.encode())
            self._delayed += 1
            return
        self._visible += 1
        if group_id:
            self._tenants.send(group_id, position)
        else:
            self._put(keys.at(self._id, keys.VISIBLE, position))

    def candidates(self, wanted: int) -> Iterator[Position]:
        """The messages that may be received now, the oldest first; to be received or removed one by one.

        Those of a group come one after another with all others, those of a noisy one only after all others.
        """
        prefix = keys.below(self._id, keys.VISIBLE)
        while True:
            rows = list(self._transaction.range(prefix, (*prefix, LAST), limit=wanted))
            for key, _ in rows:
                position = self._position_of(key)
                if position is not None:
                    yield position
            if len(rows) == wanted or any(isinstance(key[-1], str) for key, _ in rows):
                continue
            noisy = self._tenants.find_first_noisy()
            if noisy is None:
                return
            yield noisy

    def _position_of(self, key: Key) -> Position | None:
        """The message that a row of the visible ones stands for."""
        return self._tenants.find_first(key[-1]) if isinstance(key[-1], str) else _position(key)

    def receive(self, position: Position, delivery: Delivery) -> None:
        """Takes a visible message out of sight."""
        if delivery.group_id:
            self._tenants.take(delivery.group_id, position, in_flight=1)
        else:
            self._transaction.delete(keys.at(self._id, keys.VISIBLE, position))
        self._put(keys.due_at(self._id, keys.IN_FLIGHT, delivery.due, position))
        self._save_delivery(position, delivery)
        self._visible -= 1
        self._in_flight += 1
        self._shard = position.id[0]

    def hide(self, position: Position, before: Delivery, due: int) -> None:
        """Changes when a received message can be received again."""
        if before.in_flight:
            self._transaction.delete(keys.due_at(self._id, keys.IN_FLIGHT, before.due, position))
            self._put(keys.due_at(self._id, keys.IN_FLIGHT, due, position))
            self._save_delivery(position, before.hidden_until(due))
        else:
            self.receive(position, before.hidden_until(due))

    def remove(self, position: Position, message: Message | None, delivery: Delivery | None) -> None:
        """Takes a message out; `message` may be left away for one that was received."""
        self._shard = position.id[0]
        self._transaction.delete(keys.at(self._id, keys.MESSAGE, position))
        if delivery is not None:
            self._transaction.delete(keys.at(self._id, keys.DELIVERY, position))
        if delivery is not None and delivery.in_flight:
            self._transaction.delete(keys.due_at(self._id, keys.IN_FLIGHT, delivery.due, position))
            self._in_flight -= 1
            self._end(delivery)
        elif delivery is None and message is not None and self._remove_delayed(position, message):
            self._delayed -= 1
        else:
            self._visible -= 1
            group_id = message.group_id if message is not None else delivery.group_id if delivery else None
            if group_id:
                self._tenants.take(group_id, position, in_flight=0)
            else:
                self._transaction.delete(keys.at(self._id, keys.VISIBLE, position))

    def _end(self, delivery: Delivery) -> None:
        seconds = self._call.time() - delivery.received_at
        if delivery.group_id:
            self._tenants.end(delivery.group_id, seconds)
        else:
            self._tenants.spend("", seconds)

    def _remove_delayed(self, position: Position, message: Message) -> bool:
        if not message.visible_from:
            return False
        key = keys.due_at(self._id, keys.DELAYED, message.visible_from, position)
        if self._transaction.get(key) is None:
            return False
        self._transaction.delete(key)
        return True

    def settle(self, limit: int) -> int:
        """Makes visible again what is due, and says how many messages; beyond `limit` at the next call."""
        returned = 0
        for position, _ in self._take_due(keys.IN_FLIGHT, limit):
            delivery = self.find_delivery(position)
            if delivery is not None:
                self._return(position, delivery)
                returned += 1
        delayed = 0
        for position, group_id in self._take_due(keys.DELAYED, limit):
            delayed += 1
            if group_id:
                self._tenants.show(group_id, position)
            else:
                self._put(keys.at(self._id, keys.VISIBLE, position))
        self._in_flight -= returned
        self._delayed -= delayed
        self._visible += returned + delayed
        return returned + delayed

    def _return(self, position: Position, delivery: Delivery) -> None:
        self._save_delivery(position, delivery.hidden_until(0))
        seconds = delivery.due / 1000 - delivery.received_at
        if delivery.group_id:
            self._tenants.give_back(delivery.group_id, position, seconds)
        else:
            self._tenants.spend("", seconds)
            self._put(keys.at(self._id, keys.VISIBLE, position))

    def _take_due(self, kind: str, limit: int) -> list[tuple[Position, str]]:
        prefix = keys.below(self._id, kind)
        found = []
        for key, value in self._transaction.range(prefix, (*prefix, self.now + 1), limit=limit):
            self._transaction.delete(key)
            found.append((_position(key), value.decode()))
        return found

    def next_due(self) -> float | None:
        """When the next message becomes visible by time alone, in seconds since 1970."""
        found = [due for kind in (keys.IN_FLIGHT, keys.DELAYED) if (due := self._first_due(kind)) is not None]
        return min(found) / 1000 if found else None

    def _first_due(self, kind: str) -> int | None:
        prefix = keys.below(self._id, kind)
        for key, _ in self._transaction.range(prefix, (*prefix, LAST), limit=1):
            return cast("int", key[4])
        return None

    def sent_before(self, seconds: float, limit: int) -> list[tuple[Position, Message]]:
        """Messages that were sent before a time."""
        prefix = keys.below(self._id, keys.MESSAGE)
        rows = self._transaction.range(prefix, (*prefix, order_of(seconds)), limit=limit)
        return [(_position(key), _MESSAGES.decode(row)) for key, row in rows]

    def counts(self) -> Counts:
        """How many messages are visible, in flight and delayed; what is due but not moved yet is visible."""
        total = counts.total(self._call, self._id)
        returned, begun = self._count_due(keys.IN_FLIGHT), self._count_due(keys.DELAYED)
        return Counts(total.visible + returned + begun, total.in_flight - returned, total.delayed - begun)

    def _count_due(self, kind: str) -> int:
        prefix = keys.below(self._id, kind)
        rows = self._transaction.range(prefix, (*prefix, self.now + 1), limit=1 << 30)
        return sum(1 for _ in rows)

    def save_counts(self) -> Counts | None:
        """Writes what has changed; the row that it went to."""
        if not (self._visible or self._in_flight or self._delayed):
            return None
        changed = Counts(self._visible, self._in_flight, self._delayed)
        self._visible = self._in_flight = self._delayed = 0
        return counts.change(self._call, self._id, self._shard, changed)

    def _save(self, position: Position, message: Message, delivery: Delivery | None) -> None:
        self._shard = position.id[0]
        self._transaction.put(keys.at(self._id, keys.MESSAGE, position), _ENCODER.encode(message))
        if delivery is not None:
            self._save_delivery(position, delivery)

    def _save_delivery(self, position: Position, delivery: Delivery) -> None:
        self._transaction.put(keys.at(self._id, keys.DELIVERY, position), _ENCODER.encode(delivery))

    def _put(self, key: Key) -> None:
        self._transaction.put(key, b"")


def _position(key: Key) -> Position:
    order, identifier = key[-2:]
    return Position(cast("int", order), cast("bytes", identifier))
