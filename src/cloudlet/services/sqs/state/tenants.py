"""The message groups of a standard queue: they keep no order, but must not crowd each other out.

Every tenant with visible messages stands in one index by its first: a quiet one among the messages without
a group, by age; a noisy one in a second index, by how many it has in flight, which is looked at last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.store import LAST
from cloudlet.services.sqs import fairness
from cloudlet.services.sqs.fairness import ProcessingTimes
from cloudlet.services.sqs.model import Position
from cloudlet.services.sqs.state import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.call import Call
    from cloudlet.core.store import Key


class Tenant(Struct, frozen=True):
    """A message group that has messages."""

    in_flight: int = 0
    sent_at: float = 0.0
    head: int | None = None
    """The order of its first visible message."""
    rank: int | None = None
    """How many it had in flight when it took its place among the noisy ones; None for a quiet one."""


_ENCODER: Final = msgspec.msgpack.Encoder()
_TENANTS: Final = msgspec.msgpack.Decoder(Tenant)


class Tenants:
    """The tenants of one queue in one transaction."""

    def __init__(self, call: Call, queue_id: str, all_in_flight: Callable[[], int]) -> None:
        self._transaction = call.transaction
        self._id = queue_id
        self._now = call.time()
        self._times = call.cloud.component(ProcessingTimes)
        self._all_in_flight = all_in_flight

    def send(self, group_id: str, position: Position) -> None:
        """Takes note of a new message that is visible."""
        before = self._tenant(group_id)
        self._place(group_id, before, replace(self._with(group_id, before, position), sent_at=self._now))

    def show(self, group_id: str, position: Position) -> None:
        """Takes note of a message that was delayed and is visible now."""
        before = self._tenant(group_id)
        self._place(group_id, before, self._with(group_id, before, position))

    def take(self, group_id: str, position: Position, *, in_flight: int) -> None:
        """Takes a visible message out, which is in flight (1) or gone (0) then."""
        self._transaction.delete(keys.grouped(self._id, group_id, position))
        before = self._tenant(group_id)
        head = self.find_first(group_id)
        after = replace(
            before, in_flight=before.in_flight + in_flight, head=None if head is None else head.order
        )
        self._place(group_id, before, after)

    def end(self, group_id: str, seconds: float) -> None:
        """Takes note of a message that was in flight for some time and is gone."""
        self.spend(group_id, seconds)
        before = self._tenant(group_id)
        self._place(group_id, before, replace(before, in_flight=before.in_flight - 1), seconds)

    def give_back(self, group_id: str, position: Position, seconds: float) -> None:
        """Takes note of a message that was in flight for some time and is visible again."""
        self.spend(group_id, seconds)
        before = self._tenant(group_id)
        after = self._with(group_id, before, position)
        self._place(group_id, before, replace(after, in_flight=before.in_flight - 1), seconds)

    def spend(self, group_id: str, seconds: float) -> None:
        """Counts processing time; that of messages without a group only where there are tenants."""
        if group_id or self._times.watches(self._id):
            times, queue_id, now = self._times, self._id, self._now
            self._transaction.after_commit(lambda: times.add(queue_id, group_id, seconds, now))

    def find_first(self, group_id: str) -> Position | None:
        """A tenant's first visible message."""
        prefix = (*keys.below(self._id, keys.GROUPED), group_id)
        for key, _ in self._transaction.range(prefix, (*prefix, LAST), limit=1):
            return Position(cast("int", key[5]), cast("bytes", key[6]))
        return None

    def find_first_noisy(self) -> Position | None:
        """The first visible message of the noisy tenant with the fewest in flight."""
        prefix = keys.below(self._id, keys.NOISY)
        for key, _ in self._transaction.range(prefix, (*prefix, LAST), limit=1):
            return self.find_first(cast("str", key[6]))
        return None

    def _with(self, group_id: str, tenant: Tenant, position: Position) -> Tenant:
        self._transaction.put(keys.grouped(self._id, group_id, position), b"")
        first = position.order if tenant.head is None else min(tenant.head, position.order)
        return replace(tenant, head=first)

    def _place(self, group_id: str, before: Tenant, after: Tenant, spent_seconds: float = 0.0) -> None:
        """Writes a tenant, and where it stands now."""
        noisy = after.head is not None and self._is_noisy(group_id, after, spent_seconds)
        after = replace(after, rank=after.in_flight if noisy else None)
        old, new = self._entry(group_id, before), self._entry(group_id, after)
        if old != new:
            if old is not None:
                self._transaction.delete(old)
            if new is not None:
                self._transaction.put(new, b"")
        key = (*keys.below(self._id, keys.GROUP), group_id)
        if after.head is None and not after.in_flight:
            self._transaction.delete(key)
        else:
            self._transaction.put(key, _ENCODER.encode(after))

    def _is_noisy(self, group_id: str, tenant: Tenant, spent_seconds: float) -> bool:
        if fairness.is_forgiven(tenant.sent_at, self._now):
            return False
        if self._times.is_too_long(self._id, group_id, spent_seconds, self._now):
            return True
        return fairness.may_crowd(tenant.in_flight) and fairness.crowds(
            tenant.in_flight, self._all_in_flight()
        )

    def _entry(self, group_id: str, tenant: Tenant) -> Key | None:
        if tenant.head is None:
            return None
        if tenant.rank is None:
            return (*keys.below(self._id, keys.VISIBLE), tenant.head, group_id)
        return (*keys.below(self._id, keys.NOISY), tenant.rank, tenant.head, group_id)

    def _tenant(self, group_id: str) -> Tenant:
        row = self._transaction.get((*keys.below(self._id, keys.GROUP), group_id))
        return Tenant() if row is None else _TENANTS.decode(row)
