"""Which event bus or rule a request means, by a name or an ARN. Looks nothing up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.core.arn import find_arn
from cloudlet.services.events.errors import ValidationException
from cloudlet.services.events.model import DEFAULT, BusAddress, RuleAddress

if TYPE_CHECKING:
    from cloudlet.core.call import Call


def bus(call: Call, text: str | None) -> BusAddress:
    """The bus that a name or an ARN means; the default one for nothing."""
    arn = find_arn(text or "")
    if arn is None:
        return BusAddress(call.account, call.region, text or DEFAULT)
    return BusAddress(arn.account, arn.region, arn.resource.partition("/")[2])


def rule(call: Call, name: str, bus_text: str | None) -> RuleAddress:
    """The rule of a name on the bus that a name or an ARN means."""
    return RuleAddress(bus(call, bus_text), name)


def tagged(text: str) -> BusAddress | RuleAddress:
    """The bus or the rule that an ARN means. Raises ValidationException for another ARN."""
    arn = find_arn(text)
    if arn is None or arn.service != "events":
        raise ValidationException.of(text, "Provided Arn is not in correct format.")
    kind, _, path = arn.resource.partition("/")
    if kind == "event-bus":
        return BusAddress(arn.account, arn.region, path)
    bus_name, _, name = path.rpartition("/")
    if kind != "rule" or not name:
        raise ValidationException.of(text, "Provided Arn is not in correct format.")
    return RuleAddress(BusAddress(arn.account, arn.region, bus_name or DEFAULT), name)
