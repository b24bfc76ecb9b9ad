"""PutPermission and RemovePermission: who else may put events on a bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.events import addresses, bus_policies
from cloudlet.services.events.errors import ValidationException
from cloudlet.services.events.operations.buses import touched
from cloudlet.services.events.permissions import on_bus
from cloudlet.services.events.state import buses

if TYPE_CHECKING:
    from cloudlet.core.operation import Request


@operation("PutPermission", permissions=on_bus("PutPermission", "EventBusName"))
def put_permission(call: Call, request: Request) -> None:
    """Adds a statement to the policy of a bus, or replaces the whole policy."""
    bus = buses.bus(call, addresses.bus(call, request.get("EventBusName")))
    if (given := request.get("Policy")) is not None:
        policy = bus_policies.whole(call.cloud.access, given)
    else:
        policy = bus_policies.with_statement(bus, request)
    buses.save_bus(call, touched(call, replace(bus, policy=policy)))


@operation("RemovePermission", permissions=on_bus("RemovePermission", "EventBusName"))
def remove_permission(call: Call, request: Request) -> None:
    """Takes a statement from the policy of a bus, or all of them."""
    bus = buses.bus(call, addresses.bus(call, request.get("EventBusName")))
    policy = ""
    if not request.get("RemoveAllPermissions"):
        statement_id = request.get("StatementId")
        if statement_id is None:
            raise ValidationException("Parameter(s) StatementId must be specified.")
        policy = bus_policies.without_statement(bus, statement_id)
    buses.save_bus(call, touched(call, replace(bus, policy=policy)))
