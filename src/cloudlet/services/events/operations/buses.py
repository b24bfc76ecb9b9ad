"""Operations on event buses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.core.tags import tag_map
from cloudlet.services.events import addresses
from cloudlet.services.events.errors import (
    LimitExceededException,
    ResourceAlreadyExistsException,
    ValidationException,
)
from cloudlet.services.events.model import DEFAULT, EventBus
from cloudlet.services.events.pages import one_page
from cloudlet.services.events.permissions import on_bus
from cloudlet.services.events.state import buses, rules

if TYPE_CHECKING:
    from cloudlet.core.operation import Request

_MOST_BUSES: Final = 100
_NOT_HONOURED: Final = ("DeadLetterConfig", "EventSourceName", "KmsKeyIdentifier", "LogConfig")


def _check_honoured(request: Request) -> None:
    """Raises NotImplementedHere for settings of buses that would do nothing here."""
    for name in _NOT_HONOURED:
        if request.get(name):
            raise NotImplementedHere(f"cloudlet does not implement {name} of event buses (yet).")


@operation("CreateEventBus", permissions=on_bus("CreateEventBus"))
def create_event_bus(call: Call, request: Request) -> dict[str, Any]:
    """Makes an event bus."""
    _check_honoured(request)
    name = request["Name"]
    if "/" in name:
        raise ValidationException("Event bus name must not contain '/'.")
    address = addresses.bus(call, name)
    if buses.find_bus(call, address) is not None:
        raise ResourceAlreadyExistsException(f"Event bus {name} already exists.")
    if len(buses.list_buses(call)) >= _MOST_BUSES:
        raise LimitExceededException
    now, description = call.time(), request.get("Description", "")
    buses.save_bus(call, EventBus(address, now, now, description, tags=tag_map(request.get("Tags"))))
    return {"EventBusArn": address.arn, **({"Description": description} if description else {})}


@operation("UpdateEventBus", permissions=on_bus("UpdateEventBus"))
def update_event_bus(call: Call, request: Request) -> dict[str, Any]:
    """Changes the description of an event bus."""
    _check_honoured(request)
    bus = buses.bus(call, addresses.bus(call, request.get("Name")))
    bus = touched(call, replace(bus, description=request.get("Description", bus.description)))
    buses.save_bus(call, bus)
    return {"Name": bus.address.name, "Arn": bus.address.arn, **_description(bus)}


@operation("DeleteEventBus", permissions=on_bus("DeleteEventBus"))
def delete_event_bus(call: Call, request: Request) -> None:
    """Removes an event bus; one that is not there is no error."""
    address = addresses.bus(call, request["Name"])
    if address.name == DEFAULT:
        raise ValidationException("Cannot delete event bus default.")
    if any(True for _ in rules.rules_of(call, address)):
        raise ValidationException(f"Cannot delete event bus {address.name} since it has rules.")
    buses.delete_bus(call, address)


@operation("DescribeEventBus", permissions=on_bus("DescribeEventBus"), read_only=True)
def describe_event_bus(call: Call, request: Request) -> dict[str, Any]:
    """All that there is to know of an event bus."""
    return _described(buses.bus(call, addresses.bus(call, request.get("Name"))))


@operation("ListEventBuses", read_only=True)
def list_event_buses(call: Call, request: Request) -> dict[str, Any]:
    """The event buses of the account in the region."""
    prefix = request.get("NamePrefix", "")
    found = [bus for bus in buses.list_buses(call) if bus.address.name.startswith(prefix)]
    shown, more = one_page(found, request)
    return {"EventBuses": [_described(bus) for bus in shown], **more}


def touched(call: Call, bus: EventBus) -> EventBus:
    """A bus that is changed now."""
    now = call.time()
    return replace(bus, created_at=bus.created_at or now, modified_at=now)


def _described(bus: EventBus) -> dict[str, Any]:
    told: dict[str, Any] = {"Name": bus.address.name, "Arn": bus.address.arn, **_description(bus)}
    if bus.policy:
        told["Policy"] = bus.policy
    if bus.created_at is not None:
        told |= {"CreationTime": bus.created_at, "LastModifiedTime": bus.modified_at}
    return told


def _description(bus: EventBus) -> dict[str, str]:
    return {"Description": bus.description} if bus.description else {}
