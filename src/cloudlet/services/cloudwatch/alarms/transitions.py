"""Changes of an alarm's state: its row, its history, its actions, and the composite alarms that watch it.

All of it happens in the open transaction; actions are done later, by a worker.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cloudlet.core.arn import Arn
from cloudlet.core.call import Call
from cloudlet.services.cloudwatch.alarms.messages import (
    configuration_update,
    event_bus_entry,
    function_event,
    state_update,
    subject,
    topic_message,
)
from cloudlet.services.cloudwatch.alarms.model import (
    ACTIONS,
    ALARM,
    OK,
    Alarm,
    AlarmState,
    HistoryItem,
    PendingAction,
    timestamp,
)
from cloudlet.services.cloudwatch.alarms.rules import parse_rule
from cloudlet.services.cloudwatch.state import alarms

_VERBS: Final = {"Create": "created", "Update": "updated", "Delete": "deleted"}


def move(call: Call, alarm: Alarm, value: str, reason: str, reason_data: str | None) -> None:
    """Brings an alarm into a state, and tells whom it concerns if that is another one."""
    _move(call, alarm, value, reason, reason_data, ())


def _move(
    call: Call, alarm: Alarm, value: str, reason: str, reason_data: str | None, path: Sequence[str]
) -> None:
    moved = alarm.in_state(value, reason, reason_data, call.time())
    alarms.save_alarm(call, moved)
    if value == alarm.state.value:
        return
    summary = f"Alarm updated from {alarm.state.value} to {value}"
    data = state_update(alarm.state, moved.state)
    alarms.add_history(call, HistoryItem(alarm.name, alarm.kind, call.time(), "StateUpdate", summary, data))
    _tell_event_bus(call, moved, alarm.state)
    _ask_for_actions(call, moved, alarm.state)
    for parent in alarms.list_parents(call, alarm.name):
        # A rule that leads back to where it began is not followed round again.
        if parent not in (*path, alarm.name):
            _evaluate_parent(call, parent, moved, (*path, alarm.name))


def _tell_event_bus(call: Call, alarm: Alarm, before: AlarmState) -> None:
    """Puts the change on the account's default event bus, whose rules may wait for it."""
    arn = Arn.parse(alarms.arn(call, alarm.name))
    there = call.as_service("cloudwatch.amazonaws.com", str(arn))
    there.ask_within("events", "PutEvents", {"Entries": [event_bus_entry(alarm, before, arn)]})


def _ask_for_actions(call: Call, alarm: Alarm, before: AlarmState) -> None:
    settings = alarm.settings
    if not settings["ActionsEnabled"]:
        return
    arn = Arn.parse(alarms.arn(call, alarm.name))
    for action in settings[ACTIONS[alarm.state.value]]:
        pending = PendingAction(
            call.ids.uuid(),
            alarm.name,
            alarm.kind,
            str(arn),
            action,
            subject(alarm, arn),
            topic_message(alarm, before, arn),
            function_event(alarm, before, arn),
            alarm.state.updated_at,
        )
        alarms.save_action(call, pending)


def _evaluate_parent(call: Call, name: str, child: Alarm, path: Sequence[str]) -> None:
    parent = alarms.find_alarm(call, name)
    if parent is None:
        return
    value = rule_value(call, parent)
    if value != parent.state.value:
        at = datetime.fromtimestamp(child.state.updated_at, UTC)
        arn = alarms.arn(call, child.name)
        reason = f"{arn} transitioned to {child.state.value} at {at:%A} {at.day:02} {at:%B, %Y %H:%M:%S} UTC"
        _move(call, parent, value, reason, _triggering(call, [child]), path)


def rule_value(call: Call, alarm: Alarm) -> str:
    """What a composite alarm's rule comes to now."""

    def state_of(name: str) -> str:
        found = alarms.find_alarm(call, name)
        return "" if found is None else found.state.value

    return ALARM if parse_rule(alarm.settings["AlarmRule"]).is_met(state_of) else OK


def evaluate_rule(call: Call, alarm: Alarm, verb: str) -> None:
    """Brings a composite alarm, just "created" or "updated", into the state that its rule tells."""
    value = rule_value(call, alarm)
    children = [alarms.find_alarm(call, name) for name in parse_rule(alarm.settings["AlarmRule"]).children]
    reason = f"{alarms.arn(call, alarm.name)} was {verb} and its alarm rule evaluates to {value}"
    move(call, alarm, value, reason, _triggering(call, [child for child in children if child is not None]))


def _triggering(call: Call, children: Sequence[Alarm]) -> str:
    told: list[dict[str, Any]] = [
        {
            "arn": alarms.arn(call, child.name),
            "state": {"value": child.state.value, "timestamp": timestamp(child.state.updated_at)},
        }
        for child in children
    ]
    return json.dumps({"triggeringAlarms": told}, separators=(",", ":"))


def note_configuration(call: Call, alarm: Alarm, kind: str) -> None:
    """Writes into an alarm's history that it was changed: "Create", "Update" or "Delete"."""
    data = configuration_update(kind, alarm, Arn.parse(alarms.arn(call, alarm.name)))
    summary = f'Alarm "{alarm.name}" {_VERBS[kind]}'
    item = HistoryItem(alarm.name, alarm.kind, call.time(), "ConfigurationUpdate", summary, data)
    alarms.add_history(call, item)
