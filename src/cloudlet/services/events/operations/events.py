"""PutEvents and TestEventPattern. An event is written with its deliveries, in one transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.events import addresses, entries
from cloudlet.services.events.errors import ValidationException
from cloudlet.services.events.operations.rules import check_pattern
from cloudlet.services.events.permissions import bus_permission
from cloudlet.services.events.routing import compiled, route
from cloudlet.services.events.state import buses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudlet.core.access import Permission
    from cloudlet.core.operation import Request

_LIMIT_BYTES: Final = 1024 * 1024
_MANDATORY: Final = ("id", "account", "source", "time", "region", "detail-type")


def _may_put(call: Call, request: Request) -> Sequence[Permission]:
    """The permissions for every bus; services put their own events without asking anybody."""
    if entries.own_source(call.principal) is not None:
        return []
    return [
        bus_permission(call, "PutEvents", addresses.bus(call, entry.get("EventBusName")), _told(entry))
        for entry in request["Entries"]
    ]


def _told(entry: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    keys = {"events:source": entry.get("Source"), "events:detail-type": entry.get("DetailType")}
    return {key: (value,) for key, value in keys.items() if value}


@operation("PutEvents", permissions=_may_put)
def put_events(call: Call, request: Request) -> dict[str, Any]:
    """Takes events; what is wrong with one of them does not concern the others."""
    if request.get("EndpointId"):
        raise NotImplementedHere("cloudlet does not implement global endpoints of EventBridge (yet).")
    if sum(map(entries.size_bytes, request["Entries"])) > _LIMIT_BYTES:
        raise ValidationException("Total size of the entries in the request is over the limit.")
    told = [_put(call, entry) for entry in request["Entries"]]
    return {"FailedEntryCount": sum("ErrorCode" in each for each in told), "Entries": told}


def _put(call: Call, entry: Mapping[str, Any]) -> dict[str, str]:
    failure = entries.find_failure(entry, entries.own_source(call.principal))
    if failure is not None:
        return {"ErrorCode": failure.code, "ErrorMessage": failure.message}
    event = entries.event(call, entry)
    bus = buses.find_bus(call, addresses.bus(call, entry.get("EventBusName")))
    # AWS takes what is for a bus that is not there, and forgets it.
    if bus is not None:
        route(call, bus.address, event)
    return {"EventId": event.id}


@operation("TestEventPattern", read_only=True)
def test_event_pattern(call: Call, request: Request) -> dict[str, Any]:
    """Whether an event is what a pattern describes."""
    try:
        event = json.loads(request["Event"])
    except (ValueError, RecursionError) as error:
        raise ValidationException.of("Event", "Event is not valid JSON.") from error
    missing = [name for name in _MANDATORY if not isinstance(event, dict) or name not in event]
    if missing:
        raise ValidationException.of("Event", f"Event must have {', '.join(missing)}.")
    check_pattern(request["EventPattern"])
    return {"Result": compiled(request["EventPattern"]).matches(event)}
