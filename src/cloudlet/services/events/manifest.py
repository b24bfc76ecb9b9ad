"""The manifest of EventBridge; it holds no logic."""

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.events.delivery.carrier import Carrier
from cloudlet.services.events.operations import buses, events, permissions, rules, tags, targets
from cloudlet.services.events.resources import RESOURCES
from cloudlet.services.events.ticking import ScheduleWorker

SERVICE: Final = Service(
    name="events",
    operations=operations_in(buses, permissions, rules, targets, events, tags),
    resources=RESOURCES,
    workers=(Carrier, ScheduleWorker),
)
