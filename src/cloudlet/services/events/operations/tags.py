"""Operations on the tags of event buses and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.core.tags import tag_list, tag_map
from cloudlet.services.events import addresses
from cloudlet.services.events.model import BusAddress, EventBus, Rule
from cloudlet.services.events.permissions import on_tagged
from cloudlet.services.events.state import buses, rules

if TYPE_CHECKING:
    from cloudlet.core.operation import Request


@operation("TagResource", permissions=on_tagged("TagResource"))
def tag_resource(call: Call, request: Request) -> None:
    """Adds tags to a bus or a rule."""
    _save(call, _asked(call, request).tagged(tag_map(request["Tags"])))


@operation("UntagResource", permissions=on_tagged("UntagResource"))
def untag_resource(call: Call, request: Request) -> None:
    """Takes tags from a bus or a rule."""
    _save(call, _asked(call, request).untagged(request["TagKeys"]))


@operation("ListTagsForResource", permissions=on_tagged("ListTagsForResource"), read_only=True)
def list_tags_for_resource(call: Call, request: Request) -> dict[str, Any]:
    """The tags of a bus or a rule."""
    return {"Tags": tag_list(_asked(call, request).tags)}


def _asked(call: Call, request: Request) -> EventBus | Rule:
    address = addresses.tagged(request["ResourceARN"])
    return buses.bus(call, address) if isinstance(address, BusAddress) else rules.rule(call, address)


def _save(call: Call, thing: EventBus | Rule) -> None:
    if isinstance(thing, EventBus):
        buses.save_bus(call, thing)
    else:
        rules.save_rule(call, thing)
