"""The messages of a FIFO queue in one transaction: a row a group, and an index of the groups that are free.

A group is free while none of its messages is in flight; then its first messages may be received, in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.store import LAST
from cloudlet.services.sqs.model import Delivery, Message, Position, order_of
from cloudlet.services.sqs.state import counts, keys
from cloudlet.services.sqs.state.counts import Counts
from cloudlet.services.sqs.state.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVERYTHING: Final = 1 << 30


class Group(Struct, frozen=True):
    """A message group that has messages."""

    last_order: int = 0
    in_flight: int = 0
    ready: int | None = None
    """The order under which it stands among the free groups."""


_ENCODER: Final = msgspec.msgpack.Encoder()
_GROUPS: Final = msgspec.msgpack.Decoder(Group)


class GroupedMessages(Messages):
    """The messages of a FIFO queue. A delay is the queue's, counted from when a message was sent."""

    def order(self, group_id: str, now: float) -> int:
        """The order of the next message of a group: above every one before, whatever the clock says."""
        return max(order_of(now), self._group(group_id).last_order + 1)

    def add(self, position: Position, message: Message, delivery: Delivery | None = None) -> None:
        """Puts a message at the end of its group."""
        group_id = message.group_id or ""
        self._save(position, message, delivery)
        self._put(keys.grouped(self._id, group_id, position))
        self._visible += 1
        group = replace(self._group(group_id), last_order=position.order)
        if group.in_flight == 0 and group.ready is None:
            group = self._free(group_id, group, position.order)
        self._save_group(group_id, group)

    def candidates(self, wanted: int) -> Iterator[Position]:
        """The messages that may be received now: of free groups, from the first on, without a gap."""
        prefix = keys.below(self._id, keys.READY)
        latest = order_of(self.now / 1000 - self.queue.seconds("DelaySeconds")) + 1000
        start = prefix
        while True:
            rows = list(self._transaction.range(start, (*prefix, latest), limit=wanted))
            for key, _ in rows:
                yield from self._in_group(cast("str", key[5]), latest, wanted)
            if len(rows) < wanted:
                return
            start = (*rows[-1][0], LAST)

    def _in_group(self, group_id: str, latest: int, wanted: int) -> Iterator[Position]:
        prefix = (*keys.below(self._id, keys.GROUPED), group_id)
        start = prefix
        while True:
            rows = list(self._transaction.range(start, (*prefix, latest), limit=wanted))
            for key, _ in rows:
                yield Position(cast("int", key[5]), cast("bytes", key[6]))
            if len(rows) < wanted:
                return
            start = (*rows[-1][0], LAST)

    def receive(self, position: Position, delivery: Delivery) -> None:
        """Takes a message out of sight, and with it its group."""
        self._put(keys.due_at(self._id, keys.IN_FLIGHT, delivery.due, position))
        self._save_delivery(position, delivery)
        self._visible -= 1
        self._in_flight += 1
        self._shard = position.id[0]
        group = self._group(delivery.group_id)
        self._save_group(delivery.group_id, self._bind(delivery.group_id, group))

    def remove(self, position: Position, message: Message | None, delivery: Delivery | None) -> None:
        """Takes a message out; a group without messages in flight is free."""
        self._shard = position.id[0]
        group_id = delivery.group_id if delivery is not None else (message.group_id if message else "") or ""
        self._transaction.delete(keys.at(self._id, keys.MESSAGE, position))
        self._transaction.delete(keys.grouped(self._id, group_id, position))
        group = self._group(group_id)
        if delivery is not None:
            self._transaction.delete(keys.at(self._id, keys.DELIVERY, position))
        if delivery is not None and delivery.in_flight:
            self._transaction.delete(keys.due_at(self._id, keys.IN_FLIGHT, delivery.due, position))
            self._in_flight -= 1
            group = replace(group, in_flight=group.in_flight - 1)
        else:
            self._visible -= 1
        self._settle_group(group_id, group)

    def _return(self, position: Position, delivery: Delivery) -> None:
        self._save_delivery(position, delivery.hidden_until(0))
        group = self._group(delivery.group_id)
        self._settle_group(delivery.group_id, replace(group, in_flight=group.in_flight - 1))

    def next_due(self) -> float | None:
        """When the next message becomes visible by time alone, in seconds since 1970."""
        flying = self._first_due(keys.IN_FLIGHT)
        found = [] if flying is None else [flying / 1000]
        prefix = keys.below(self._id, keys.READY)
        for key, _ in self._transaction.range(prefix, (*prefix, LAST), limit=1):
            found.append(cast("int", key[4]) / 1_000_000 + self.queue.seconds("DelaySeconds"))
        return min(found) if found else None

    def counts(self) -> Counts:
        """How many messages are visible, in flight and delayed."""
        total = counts.total(self._call, self._id)
        returned, delayed = self._count_due(keys.IN_FLIGHT), self._count_delayed()
        return Counts(total.visible + returned - delayed, total.in_flight - returned, delayed)

    def _count_delayed(self) -> int:
        delay = self.queue.seconds("DelaySeconds")
        if not delay:
            return 0
        prefix = keys.below(self._id, keys.MESSAGE)
        start = (*prefix, order_of(self.now / 1000 - delay) + 1000)
        return sum(1 for _ in self._transaction.range(start, (*prefix, LAST), limit=_EVERYTHING))

    def _group(self, group_id: str) -> Group:
        row = self._transaction.get((*keys.below(self._id, keys.GROUP), group_id))
        return Group() if row is None else _GROUPS.decode(row)

    def _save_group(self, group_id: str, group: Group) -> None:
        self._transaction.put((*keys.below(self._id, keys.GROUP), group_id), _ENCODER.encode(group))

    def _settle_group(self, group_id: str, group: Group) -> None:
        """Brings a group's place among the free ones in line with what it holds."""
        first = self._first_of(group_id)
        if first is None:
            self._bind_row(group_id, group)
            self._transaction.delete((*keys.below(self._id, keys.GROUP), group_id))
            return
        if group.in_flight:
            self._bind_row(group_id, group)
            group = replace(group, ready=None)
        elif group.ready != first:
            self._bind_row(group_id, group)
            group = self._free(group_id, group, first)
        self._save_group(group_id, group)

    def _first_of(self, group_id: str) -> int | None:
        prefix = (*keys.below(self._id, keys.GROUPED), group_id)
        for key, _ in self._transaction.range(prefix, (*prefix, LAST), limit=1):
            return cast("int", key[5])
        return None

    def _free(self, group_id: str, group: Group, order: int) -> Group:
        self._put(keys.ready(self._id, order, group_id))
        return replace(group, ready=order)

    def _bind(self, group_id: str, group: Group) -> Group:
        self._bind_row(group_id, group)
        return replace(group, in_flight=group.in_flight + 1, ready=None)

    def _bind_row(self, group_id: str, group: Group) -> None:
        if group.ready is not None:
            self._transaction.delete(keys.ready(self._id, group.ready, group_id))
