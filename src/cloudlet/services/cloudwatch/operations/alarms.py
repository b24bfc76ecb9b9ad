"""Operations that make, change and remove alarms of both kinds, and that set their state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.core.tags import tag_map
from cloudlet.services.cloudwatch.alarms.model import (
    ACTION_LISTS,
    INSUFFICIENT_DATA,
    METRIC_ALARM,
    Alarm,
    AlarmState,
)
from cloudlet.services.cloudwatch.alarms.reading import next_evaluation
from cloudlet.services.cloudwatch.alarms.rules import Rule, RuleError, parse_rule
from cloudlet.services.cloudwatch.alarms.settings import check_actions, metric_alarm_settings, refuse_by_name
from cloudlet.services.cloudwatch.alarms.transitions import evaluate_rule, move, note_configuration
from cloudlet.services.cloudwatch.errors import InvalidFormatFault, ResourceNotFound, ValidationException
from cloudlet.services.cloudwatch.state import alarms

if TYPE_CHECKING:
    from types_boto3_cloudwatch import type_defs as api

ALARM_ARN: Final = "alarm:{AlarmName}"
_UNCHECKED: Final = "Unchecked: Initial alarm creation"
_SUPPRESSION: Final = (
    "ActionConfiguration",
    "ActionsSuppressor",
    "ActionsSuppressorExtensionPeriod",
    "ActionsSuppressorWaitPeriod",
)


def named_alarms(call: Call, request: Request) -> list[str]:
    """The ARNs of the alarms that a request names."""
    return [alarms.arn(call, name) for name in request["AlarmNames"]]


@operation("PutMetricAlarm", resource=ALARM_ARN)
def put_metric_alarm(call: Call, request: api.PutMetricAlarmInputTypeDef) -> None:
    """Makes or changes an alarm on a metric or an expression; it is evaluated within a minute."""
    alarm = _configured(call, request, metric_alarm_settings(request))
    alarms.save_alarm(call, replace(alarm, due_at=next_evaluation(alarm, call.time())))
    call.wake(alarms.ALARMS_TOPIC)


@operation("PutCompositeAlarm", resource=ALARM_ARN)
def put_composite_alarm(call: Call, request: api.PutCompositeAlarmInputTypeDef) -> None:
    """Makes or changes an alarm on other alarms' states."""
    refuse_by_name(request, _SUPPRESSION)
    check_actions(request)
    name, rule = request["AlarmName"], _rule(call, request)
    before = alarms.find_alarm(call, name)
    settings = {key: value for key, value in request.items() if key not in ("AlarmName", "Tags")}
    lists = {key: settings.get(key, []) for key in ACTION_LISTS}
    alarm = _configured(call, request, {"ActionsEnabled": True, **settings, **lists})
    if before is not None:
        alarms.delete_children(call, name, parse_rule(before.settings["AlarmRule"]).children)
    alarms.save_children(call, name, rule.children)
    alarms.save_alarm(call, alarm)
    evaluate_rule(call, alarm, "created" if before is None else "updated")


def _rule(call: Call, request: Request) -> Rule:
    try:
        rule = parse_rule(request["AlarmRule"])
    except RuleError as error:
        raise ValidationException(f"Error in AlarmRule [{error}]") from error
    missing = [name for name in rule.children if alarms.find_alarm(call, name) is None]
    if missing:
        raise ValidationException(
            f"Could not save the composite alarm as alarms [{', '.join(missing)}] "
            "in the alarm rule do not exist"
        )
    if request["AlarmName"] in rule.children:
        raise ValidationException("AlarmRule must not refer to the alarm itself")
    return rule


def _configured(call: Call, request: Request, settings: dict[str, Any]) -> Alarm:
    """The alarm with new settings, noted in its history. Tags count for a new one only."""
    before, now = alarms.find_alarm(call, request["AlarmName"]), call.time()
    if before is None:
        state = AlarmState(INSUFFICIENT_DATA, _UNCHECKED, None, now, now)
        alarm = Alarm(request["AlarmName"], settings, state, now, None, tag_map(request.get("Tags")))
    else:
        if ("AlarmRule" in before.settings) != ("AlarmRule" in settings):
            raise ValidationException(f"An alarm of another type has the name {before.name} already")
        alarm = replace(before, settings=settings, configured_at=now)
    note_configuration(call, alarm, "Create" if before is None else "Update")
    return alarm


@operation("DeleteAlarms", resource=named_alarms)
def delete_alarms(call: Call, request: api.DeleteAlarmsInputTypeDef) -> None:
    """Removes alarms; those that are not there are no error, those that others watch are."""
    found = [alarm for name in request["AlarmNames"] if (alarm := alarms.find_alarm(call, name)) is not None]
    if sum(alarm.kind != METRIC_ALARM for alarm in found) > 1:
        raise ValidationException("Only one composite alarm can be deleted at a time")
    watched = [alarm.name for alarm in found if alarms.list_parents(call, alarm.name)]
    if watched:
        them = "it" if len(watched) == 1 else "them"
        raise ValidationException(
            f"Cannot delete {','.join(watched)} as there are composite alarm(s) depending on {them}."
        )
    for alarm in found:
        if alarm.kind != METRIC_ALARM:
            alarms.delete_children(call, alarm.name, parse_rule(alarm.settings["AlarmRule"]).children)
        alarms.delete_alarm(call, alarm)
        note_configuration(call, alarm, "Delete")


@operation("SetAlarmState", resource=ALARM_ARN)
def set_alarm_state(call: Call, request: api.SetAlarmStateInputTypeDef) -> None:
    """Brings an alarm into a state, until the next evaluation."""
    alarm = alarms.find_alarm(call, request["AlarmName"])
    if alarm is None:
        raise ResourceNotFound("")
    reason_data = request.get("StateReasonData")
    if reason_data is not None:
        _check_json(reason_data)
    move(call, alarm, request["StateValue"], request["StateReason"], reason_data)


def _check_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise InvalidFormatFault("StateReasonData was not syntactically valid JSON") from error


@operation("EnableAlarmActions", resource=named_alarms)
def enable_alarm_actions(call: Call, request: api.EnableAlarmActionsInputTypeDef) -> None:
    """Lets alarms do their actions again."""
    _switch_actions(call, request["AlarmNames"], enabled=True)


@operation("DisableAlarmActions", resource=named_alarms)
def disable_alarm_actions(call: Call, request: api.DisableAlarmActionsInputTypeDef) -> None:
    """Keeps alarms from doing their actions."""
    _switch_actions(call, request["AlarmNames"], enabled=False)


def _switch_actions(call: Call, names: Sequence[str], *, enabled: bool) -> None:
    for name in names:
        alarm = alarms.find_alarm(call, name)
        if alarm is not None and alarm.settings["ActionsEnabled"] is not enabled:
            settings = {**alarm.settings, "ActionsEnabled": enabled}
            alarm = replace(alarm, settings=settings, configured_at=call.time())
            alarms.save_alarm(call, alarm)
            note_configuration(call, alarm, "Update")
