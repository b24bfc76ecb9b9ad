"""Rules by their bus, and their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.services.events.errors import ResourceNotFoundException
from cloudlet.services.events.model import BusAddress, Rule, RuleAddress, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call

_RULES: Final = Rows(("events", "rule"), Rule)
"""account, region, bus, name"""
_TARGETS: Final = Rows(("events", "target"), Target)
"""account, region, bus, rule, id"""


def find_rule(call: Call, address: RuleAddress) -> Rule | None:
    """A rule, or None."""
    return _RULES.find(call, *_key(address))


def rule(call: Call, address: RuleAddress) -> Rule:
    """A rule. Raises ResourceNotFoundException."""
    found = find_rule(call, address)
    if found is None:
        raise ResourceNotFoundException.of_rule(address.name, address.bus.name)
    return found


def rules_of(call: Call, bus: BusAddress) -> Iterator[Rule]:
    """The rules of a bus, in the order of their names."""
    return _RULES.below(call, bus.account, bus.region, bus.name)


def save_rule(call: Call, rule: Rule) -> None:
    """Writes a rule."""
    _RULES.save(call, rule, *_key(rule.address))


def delete_rule(call: Call, address: RuleAddress) -> None:
    """Removes a rule, and its targets."""
    _RULES.delete(call, *_key(address))
    _TARGETS.delete_below(call, *_key(address))


def targets_of(call: Call, address: RuleAddress) -> list[Target]:
    """A rule's targets, in the order of their ids."""
    return list(_TARGETS.below(call, *_key(address)))


def save_target(call: Call, address: RuleAddress, target: Target) -> None:
    """Writes a target of a rule."""
    _TARGETS.save(call, target, *_key(address), target.id)


def delete_target(call: Call, address: RuleAddress, target_id: str) -> None:
    """Removes a target of a rule; one that is not there is no error."""
    _TARGETS.delete(call, *_key(address), target_id)


def _key(address: RuleAddress) -> tuple[str, str, str, str]:
    return address.bus.account, address.bus.region, address.bus.name, address.name
