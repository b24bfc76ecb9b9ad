"""Operations on rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.core.pattern_operators import InvalidPattern
from cloudlet.core.tags import tag_map
from cloudlet.services.events import addresses, schedules
from cloudlet.services.events.errors import (
    InvalidEventPatternException,
    LimitExceededException,
    ValidationException,
)
from cloudlet.services.events.model import DEFAULT, DISABLED, ENABLED, Rule, RuleAddress
from cloudlet.services.events.pages import one_page
from cloudlet.services.events.permissions import on_bus, on_rule, pass_role
from cloudlet.services.events.routing import compiled
from cloudlet.services.events.state import buses, rules, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.access import Permission
    from cloudlet.core.operation import Request

_MOST_RULES: Final = 300
_SCHEDULES_PER_BUS: Final = "ScheduleExpression is supported only on the default event bus."


def asked_address(call: Call, request: Request, parameter: str = "Name") -> RuleAddress:
    """Which rule a request names, on a bus that is there. Raises ResourceNotFoundException."""
    address = addresses.rule(call, request[parameter], request.get("EventBusName"))
    buses.bus(call, address.bus)
    return address


def asked_rule(call: Call, request: Request, parameter: str = "Name") -> Rule:
    """The rule that a request names. Raises ResourceNotFoundException."""
    return rules.rule(call, asked_address(call, request, parameter))


def _may_put(call: Call, request: Request) -> Sequence[Permission]:
    role = request.get("RoleArn")
    return [*on_rule("PutRule")(call, request), *([pass_role(role)] if role else [])]


@operation("PutRule", permissions=_may_put)
def put_rule(call: Call, request: Request) -> dict[str, Any]:
    """Makes a rule, or replaces one; its tags and targets stay."""
    address = asked_address(call, request)
    _check(address, request)
    found = rules.find_rule(call, address)
    if found is None and sum(1 for _ in rules.rules_of(call, address.bus)) >= _MOST_RULES:
        raise LimitExceededException
    rule = Rule(
        address,
        request.get("State", ENABLED),
        found.created_by if found else call.account,
        request.get("EventPattern", ""),
        request.get("ScheduleExpression", ""),
        request.get("Description", ""),
        request.get("RoleArn", ""),
        found.tags if found else tag_map(request.get("Tags")),
    )
    _save(call, rule, found)
    return {"RuleArn": address.arn}


def _check(address: RuleAddress, request: Request) -> None:
    """Raises what AWS says to a rule that could never do anything."""
    pattern, schedule = request.get("EventPattern"), request.get("ScheduleExpression")
    if not pattern and not schedule:
        raise ValidationException("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if request.get("State", ENABLED) not in (ENABLED, DISABLED):
        raise NotImplementedHere("cloudlet has no CloudTrail whose events a rule could ask for (yet).")
    if schedule:
        if address.bus.name != DEFAULT:
            raise ValidationException(_SCHEDULES_PER_BUS)
        schedules.parse(schedule)
    if pattern:
        check_pattern(pattern)


def check_pattern(text: str) -> None:
    """Raises InvalidEventPatternException for what is no pattern."""
    try:
        compiled(text)
    except InvalidPattern as error:
        raise InvalidEventPatternException(str(error)) from error


@operation("EnableRule", permissions=on_rule("EnableRule"))
def enable_rule(call: Call, request: Request) -> None:
    """Lets a rule do its work."""
    _set_state(call, asked_rule(call, request), ENABLED)


@operation("DisableRule", permissions=on_rule("DisableRule"))
def disable_rule(call: Call, request: Request) -> None:
    """Keeps a rule from doing its work."""
    _set_state(call, asked_rule(call, request), DISABLED)


def _set_state(call: Call, rule: Rule, state: str) -> None:
    _save(call, replace(rule, state=state), rule)


def _save(call: Call, rule: Rule, before: Rule | None) -> None:
    """Writes a rule, and when its schedule is due next."""
    rules.save_rule(call, rule)
    if not rule.enabled or not rule.schedule_expression:
        ticks.stop(call, rule.address)
    elif before is None or not before.enabled or before.schedule_expression != rule.schedule_expression:
        ticks.start(call, rule.address, schedules.parse(rule.schedule_expression))


@operation("DeleteRule", permissions=on_rule("DeleteRule"))
def delete_rule(call: Call, request: Request) -> None:
    """Removes a rule that has no targets; one that is not there is no error."""
    address = asked_address(call, request)
    if rules.targets_of(call, address):
        raise ValidationException("Rule can't be deleted since it has targets.")
    ticks.stop(call, address)
    rules.delete_rule(call, address)


@operation("DescribeRule", permissions=on_rule("DescribeRule"), read_only=True)
def describe_rule(call: Call, request: Request) -> dict[str, Any]:
    """All that there is to know of a rule."""
    rule = asked_rule(call, request)
    return {**_described(rule), "CreatedBy": rule.created_by}


@operation("ListRules", permissions=on_bus("ListRules", "EventBusName"), read_only=True)
def list_rules(call: Call, request: Request) -> dict[str, Any]:
    """The rules of a bus."""
    bus = buses.bus(call, addresses.bus(call, request.get("EventBusName")))
    prefix = request.get("NamePrefix", "")
    found = [rule for rule in rules.rules_of(call, bus.address) if rule.address.name.startswith(prefix)]
    shown, more = one_page(found, request)
    return {"Rules": [_described(rule) for rule in shown], **more}


def _described(rule: Rule) -> dict[str, Any]:
    told = {
        "Name": rule.address.name,
        "Arn": rule.address.arn,
        "EventPattern": rule.event_pattern,
        "ScheduleExpression": rule.schedule_expression,
        "State": rule.state,
        "Description": rule.description,
        "RoleArn": rule.role_arn,
        "EventBusName": rule.address.bus.name,
    }
    return {name: value for name, value in told.items() if value}
