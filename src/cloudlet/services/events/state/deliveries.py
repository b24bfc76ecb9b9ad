"""The outbox: what has still to reach its target, written by the transaction that took the event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.core.store import LAST
from cloudlet.services.events.model import Delivery, milliseconds

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.store import Key

TOPIC: Final = "events deliveries"
"""Woken when there is something to deliver."""
_SWEEP_SECONDS: Final = 300.0
_DELIVERIES: Final = Rows(("events", "delivery"), Delivery)
"""id"""
_DUE: Final = ("events", "due-delivery")
"""when, id"""


def add_delivery(call: Call, delivery: Delivery) -> None:
    """Writes down that an event is to be delivered, and wakes who does it."""
    save_delivery(call, delivery, None)
    call.wake(TOPIC)


def due_deliveries(call: Call, limit: int) -> list[Delivery]:
    """What may be tried now, the longest due first."""
    end = (*_DUE, milliseconds(call.time()) + 1)
    found = (find_delivery(call, str(key[-1])) for key, _ in call.transaction.range(_DUE, end, limit=limit))
    return [delivery for delivery in found if delivery is not None]


def seconds_until_due(call: Call) -> float:
    """How long one may wait before one looks again, if nobody wakes."""
    for key, _ in call.transaction.range(_DUE, (*_DUE, LAST), limit=1):
        due = int(str(key[len(_DUE)])) / 1000
        return min(max(due - call.time(), 0.0), _SWEEP_SECONDS)
    return _SWEEP_SECONDS


def find_delivery(call: Call, delivery_id: str) -> Delivery | None:
    """A delivery that is not done yet, or None."""
    return _DELIVERIES.find(call, delivery_id)


def save_delivery(call: Call, delivery: Delivery, before: Delivery | None) -> None:
    """Writes a delivery, and when it is due."""
    if before is not None:
        call.transaction.delete(_due_key(before))
    _DELIVERIES.save(call, delivery, delivery.id)
    call.transaction.put(_due_key(delivery), b"")


def delete_delivery(call: Call, delivery: Delivery) -> None:
    """Forgets a delivery that is done or given up."""
    call.transaction.delete(_due_key(delivery))
    _DELIVERIES.delete(call, delivery.id)


def _due_key(delivery: Delivery) -> Key:
    return (*_DUE, delivery.due, delivery.id)
