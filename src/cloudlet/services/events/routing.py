"""From a bus to the targets of its rules: which of them an event is for. Delivers nothing itself."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cloudlet.core import patterns
from cloudlet.services.events import metrics
from cloudlet.services.events.model import Delivery, milliseconds
from cloudlet.services.events.state import deliveries, rules

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.patterns import Pattern
    from cloudlet.services.events.model import BusAddress, Event, Rule


def route(call: Call, bus: BusAddress, event: Event) -> None:
    """Writes down that the targets of all rules that want an event are to get it."""
    document = event.document()
    for rule in list(rules.rules_of(call, bus)):
        if rule.enabled and rule.event_pattern and compiled(rule.event_pattern).matches(document):
            send_to_targets(call, rule, event)


def send_to_targets(call: Call, rule: Rule, event: Event) -> None:
    """Writes down that every target of a rule is to get an event."""
    metrics.count(call, rule.address, metrics.TRIGGERED)
    for target in rules.targets_of(call, rule.address):
        delivery = Delivery(
            call.ids.uuid(),
            event,
            rule.address,
            target,
            ingested_at=call.time(),
            due=milliseconds(call.time()),
            trace_id=call.trace_id,
        )
        deliveries.add_delivery(call, delivery)


@lru_cache(maxsize=1024)
def compiled(event_pattern: str) -> Pattern:
    """The pattern of a text. Raises InvalidPattern."""
    return patterns.parse(event_pattern)
