"""What IAM is asked about EventBridge's operations: which bus or rule, with whose policy, in which account.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html. It decides
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.access import LazyContext, Permission, PolicyDocument
from cloudlet.core.tags import tag_map
from cloudlet.services.events import addresses
from cloudlet.services.events.model import BusAddress
from cloudlet.services.events.state import buses, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.services.events.model import RuleAddress

    Judged = Callable[[Call, Mapping[str, Any]], Sequence[Permission]]


def on_bus(action: str, parameter: str = "Name") -> Judged:
    """The permission for an action on the bus that a parameter names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        address = addresses.bus(call, request.get(parameter))
        return [bus_permission(call, action, address, _asked_tags(request))]

    return judge


def on_rule(action: str, parameter: str = "Name") -> Judged:
    """The permission for an action on the rule that a parameter names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        address = addresses.rule(call, request[parameter], request.get("EventBusName"))
        return [rule_permission(call, action, address, _asked_tags(request))]

    return judge


def on_tagged(action: str) -> Judged:
    """The permission for an action on the bus or rule whose ARN is given."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        address = addresses.tagged(request["ResourceARN"])
        context = _asked_tags(request)
        if isinstance(address, BusAddress):
            return [bus_permission(call, action, address, context)]
        return [rule_permission(call, action, address, context)]

    return judge


def bus_permission(
    call: Call, action: str, address: BusAddress, context: Mapping[str, Sequence[str]] | None = None
) -> Permission:
    """The permission for an action on a bus; one that is not there is judged too."""
    bus = buses.find_bus(call, address)
    return Permission(
        f"events:{action}",
        address.arn,
        context=LazyContext(lambda: {**_own_tags({} if bus is None else bus.tags), **(context or {})}),
        resource_policy=_policy("" if bus is None else bus.policy),
        resource_account=address.account if address.account != call.account else None,
    )


def rule_permission(
    call: Call, action: str, address: RuleAddress, context: Mapping[str, Sequence[str]] | None = None
) -> Permission:
    """The permission for an action on a rule, for which the policy of its bus speaks."""
    rule, bus = rules.find_rule(call, address), buses.find_bus(call, address.bus)
    return Permission(
        f"events:{action}",
        address.arn,
        context=LazyContext(lambda: {**_own_tags({} if rule is None else rule.tags), **(context or {})}),
        resource_policy=_policy("" if bus is None else bus.policy),
        resource_account=address.bus.account if address.bus.account != call.account else None,
    )


def pass_role(role_arn: str) -> Permission:
    """The permission to hand a role to EventBridge."""
    return Permission("iam:PassRole", role_arn, context={"iam:PassedToService": ("events.amazonaws.com",)})


def _policy(text: str) -> PolicyDocument | None:
    return PolicyDocument("event bus policy", text) if text else None


def _own_tags(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {f"aws:ResourceTag/{key}": (value,) for key, value in tags.items()}


def _asked_tags(request: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    tags = tag_map(request.get("Tags"))
    context: dict[str, tuple[str, ...]] = {f"aws:RequestTag/{key}": (value,) for key, value in tags.items()}
    if keys := tuple(tags) or tuple(request.get("TagKeys") or ()):
        context["aws:TagKeys"] = keys
    return context
