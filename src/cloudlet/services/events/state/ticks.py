"""When the schedules of rules are due next. Only rules that are enabled have a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.services.events.model import RuleAddress, milliseconds

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.events.schedules import Schedule

TOPIC: Final = "events schedules"
"""Woken when a schedule may be due earlier than was known."""
_NEXT: Final = Rows(("events", "next-tick"), float)
"""account, region, bus, rule -> when its schedule is due, in seconds since 1970"""
_DUE: Final = Rows(("events", "due-tick"), RuleAddress)
"""milliseconds since 1970, account, region, bus, rule"""


def start(call: Call, address: RuleAddress, schedule: Schedule) -> None:
    """Notes when a schedule that begins now is due first."""
    set_next(call, address, schedule.next_after(call.time()))
    call.wake(TOPIC)


def stop(call: Call, address: RuleAddress) -> None:
    """Forgets a schedule."""
    set_next(call, address, None)


def set_next(call: Call, address: RuleAddress, at: float | None) -> None:
    """Notes when a schedule is due next; None for never."""
    key = (address.bus.account, address.bus.region, address.bus.name, address.name)
    before = _NEXT.find(call, *key)
    if before is not None:
        _DUE.delete(call, milliseconds(before), *key)
    if at is None:
        _NEXT.delete(call, *key)
        return
    _NEXT.save(call, at, *key)
    _DUE.save(call, address, milliseconds(at), *key)


def first_due(call: Call) -> tuple[float, RuleAddress] | None:
    """The schedule of all accounts and regions that is due first, and when."""
    for _, address in _DUE.items_below(call, limit=1):
        key = (address.bus.account, address.bus.region, address.bus.name, address.name)
        return _NEXT.find(call, *key) or 0.0, address
    return None
