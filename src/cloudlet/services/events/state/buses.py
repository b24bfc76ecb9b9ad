"""Event buses by their names. The default bus of an account and region has no row until something is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.services.events.errors import ResourceNotFoundException
from cloudlet.services.events.model import DEFAULT, BusAddress, EventBus

if TYPE_CHECKING:
    from cloudlet.core.call import Call

_BUSES: Final = Rows(("events", "bus"), EventBus)
"""account, region, name"""


def find_bus(call: Call, address: BusAddress) -> EventBus | None:
    """An event bus, or None."""
    found = _BUSES.find(call, address.account, address.region, address.name)
    return EventBus(address) if found is None and address.name == DEFAULT else found


def bus(call: Call, address: BusAddress) -> EventBus:
    """An event bus. Raises ResourceNotFoundException."""
    found = find_bus(call, address)
    if found is None:
        raise ResourceNotFoundException.of_bus(address.name)
    return found


def list_buses(call: Call) -> list[EventBus]:
    """The buses of the call's account and region, in the order of their names."""
    rows = list(_BUSES.below(call, call.account, call.region))
    if not any(row.address.name == DEFAULT for row in rows):
        rows.append(EventBus(BusAddress(call.account, call.region, DEFAULT)))
    return sorted(rows, key=lambda row: row.address.name)


def save_bus(call: Call, bus: EventBus) -> None:
    """Writes an event bus."""
    _BUSES.save(call, bus, bus.address.account, bus.address.region, bus.address.name)


def delete_bus(call: Call, address: BusAddress) -> None:
    """Removes an event bus; one that is not there is no error."""
    _BUSES.delete(call, address.account, address.region, address.name)
