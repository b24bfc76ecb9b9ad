"""Lets the schedules of rules send their events: each tick once, in the transaction that notes the next.

A tick that nobody was there for, as the server was down or the clock was moved, is made up for, unless it is
more than an hour ago.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.services.events import schedules
from cloudlet.services.events.model import Event
from cloudlet.services.events.routing import send_to_targets
from cloudlet.services.events.state import rules, ticks

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.events.model import Rule

_SWEEP_SECONDS: Final = 300.0
_MADE_UP_SECONDS: Final = 3600.0


class ScheduleWorker:
    """Sleeps until the next schedule is due."""

    name = "events-schedules"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        call = self._cloud.call("events", Principal.of_service("events.amazonaws.com"), "", "")
        with self._cloud.wakeups.listening(ticks.TOPIC) as listener:
            while True:
                due = await call.transact(_tick)
                if due is None:
                    await listener.wait(call.clock, _SWEEP_SECONDS)
                elif due > call.time():
                    await listener.wait(call.clock, min(due - call.time(), _SWEEP_SECONDS))


def _tick(call: Call) -> float | None:
    """Does what is due first, if it is; when the first one is, or was due."""
    first = ticks.first_due(call)
    if first is None or first[0] > call.time():
        return None if first is None else first[0]
    at, address = first
    rule = rules.find_rule(call, address)
    if rule is None or not rule.enabled or not rule.schedule_expression:
        ticks.stop(call, address)
        return at
    oldest = call.time() - _MADE_UP_SECONDS
    if at >= oldest:
        there = call.where(address.bus.account, address.bus.region)
        send_to_targets(there, rule, _event(there, rule, at))
    ticks.set_next(call, address, _following(rule.schedule_expression, at, oldest))
    return at


def _following(expression: str, at: float, oldest: float) -> float | None:
    """The tick after one, but none that is too old."""
    schedule = schedules.parse(expression)
    if isinstance(schedule, schedules.Rate):
        skipped = max(int((oldest - at) // schedule.seconds), 0)
        return at + (skipped + 1) * schedule.seconds
    return schedule.next_after(max(at, oldest))


def _event(call: Call, rule: Rule, at: float) -> Event:
    return Event(
        call.ids.uuid(),
        "Scheduled Event",
        "aws.events",
        call.account,
        at,
        call.region,
        (rule.address.arn,),
        "{}",
    )
