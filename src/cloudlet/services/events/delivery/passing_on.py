"""From one event bus to another: the event itself goes on, with its id, its account and its time.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cloudlet.core.access import Principal, PrincipalKind
from cloudlet.services.events.model import BusAddress
from cloudlet.services.events.permissions import bus_permission
from cloudlet.services.events.routing import route
from cloudlet.services.events.state import buses

if TYPE_CHECKING:
    from cloudlet.core.arn import Arn
    from cloudlet.core.call import Call
    from cloudlet.services.events.model import Delivery


class ThirdAccount(Exception):
    """Raised for an event that came from another account, and would go to a third one."""


def pass_on(call: Call, delivery: Delivery, arn: Arn) -> None:
    """Puts an event on another bus, in the open transaction. Raises ServiceError and ThirdAccount."""
    target = BusAddress(arn.account, arn.region, arn.resource.partition("/")[2])
    owner, crosses = delivery.rule.bus.account, arn.account != delivery.rule.bus.account
    if crosses and delivery.event.sent_on:
        raise ThirdAccount("An event goes from one account to another only once.")
    if call.principal.kind is PrincipalKind.SERVICE:
        # Without a role it is the rule's account that the bus must let in.
        call = call.as_principal(Principal.root(owner))
    asked = bus_permission(call, "PutEvents", target, {"events:eventBusInvocation": ("true",)})
    call.cloud.api.check_within(call, [asked])
    bus = buses.bus(call, target)
    event = replace(delivery.event, sent_on=delivery.event.sent_on or crosses)
    route(call.where(target.account, target.region), bus.address, event)
