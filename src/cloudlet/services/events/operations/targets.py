"""Operations on the targets of rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.events import addresses, target_checks
from cloudlet.services.events.errors import LimitExceededException
from cloudlet.services.events.model import Target
from cloudlet.services.events.operations.rules import asked_rule
from cloudlet.services.events.pages import one_page
from cloudlet.services.events.permissions import on_bus, on_rule, pass_role
from cloudlet.services.events.state import buses, rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.access import Permission
    from cloudlet.core.operation import Request

_MOST_TARGETS: Final = 5


def _may_put(call: Call, request: Request) -> Sequence[Permission]:
    roles = dict.fromkeys(target["RoleArn"] for target in request["Targets"] if target.get("RoleArn"))
    return [*on_rule("PutTargets", "Rule")(call, request), *map(pass_role, roles)]


@operation("PutTargets", permissions=_may_put)
def put_targets(call: Call, request: Request) -> dict[str, Any]:
    """Adds targets to a rule; those of ids that are there are replaced."""
    rule = asked_rule(call, request, "Rule")
    for given in request["Targets"]:
        target_checks.check(given)
    ids = {target.id for target in rules.targets_of(call, rule.address)}
    if len(ids | {given["Id"] for given in request["Targets"]}) > _MOST_TARGETS:
        raise LimitExceededException
    for given in request["Targets"]:
        settings = {name: value for name, value in given.items() if name not in ("Id", "Arn")}
        rules.save_target(call, rule.address, Target(given["Id"], given["Arn"], settings))
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operation("RemoveTargets", permissions=on_rule("RemoveTargets", "Rule"))
def remove_targets(call: Call, request: Request) -> dict[str, Any]:
    """Takes targets from a rule; one that is not there is no error."""
    rule = asked_rule(call, request, "Rule")
    for target_id in request["Ids"]:
        rules.delete_target(call, rule.address, target_id)
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operation("ListTargetsByRule", permissions=on_rule("ListTargetsByRule", "Rule"), read_only=True)
def list_targets_by_rule(call: Call, request: Request) -> dict[str, Any]:
    """The targets of a rule."""
    rule = asked_rule(call, request, "Rule")
    shown, more = one_page(rules.targets_of(call, rule.address), request)
    return {"Targets": [target.describe() for target in shown], **more}


@operation(
    "ListRuleNamesByTarget", permissions=on_bus("ListRuleNamesByTarget", "EventBusName"), read_only=True
)
def list_rule_names_by_target(call: Call, request: Request) -> dict[str, Any]:
    """The rules of a bus that have something for a target."""
    bus = buses.bus(call, addresses.bus(call, request.get("EventBusName")))
    names = [
        rule.address.name
        for rule in list(rules.rules_of(call, bus.address))
        if any(target.arn == request["TargetArn"] for target in rules.targets_of(call, rule.address))
    ]
    shown, more = one_page(names, request)
    return {"RuleNames": list(shown), **more}
