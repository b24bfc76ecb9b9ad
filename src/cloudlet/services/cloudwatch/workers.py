"""What works in the background: evaluations of alarms, their actions, and the ageing of what is kept.

Everything it does is a short transaction on rows, so a killed server goes on where it was.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.arn import Arn
from cloudlet.core.errors import NotImplementedHere, ServiceError
from cloudlet.services.cloudwatch.alarms.evaluation import evaluate
from cloudlet.services.cloudwatch.alarms.model import HistoryItem, PendingAction
from cloudlet.services.cloudwatch.alarms.reading import next_evaluation, points
from cloudlet.services.cloudwatch.alarms.transitions import move
from cloudlet.services.cloudwatch.errors import ValidationException
from cloudlet.services.cloudwatch.state import alarms, metrics

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud

_SERVICE: Final = "cloudwatch"
_PRINCIPAL: Final = "cloudwatch.amazonaws.com"
_FUNCTIONS_PRINCIPAL: Final = "lambda.alarms.cloudwatch.amazonaws.com"
_SLOW_SWEEP_SECONDS: Final = 300.0
_RETENTION_SECONDS: Final = 3600.0
_AT_ONCE: Final = 50
_LONGEST_SUMMARY: Final = 255
_TOLD: Final = ("Unchecked: ", "Threshold Crossed: ", "Insufficient Data: ")


class AlarmWorker:
    """Evaluates each metric alarm when it is due, and sleeps until the next is."""

    name = "cloudwatch-alarms"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        call = _own_call(self._cloud)
        with self._cloud.wakeups.listening(alarms.ALARMS_TOPIC) as listener:
            while True:
                due = await call.transact(alarms.first_due, read_only=True)
                if due is None:
                    await listener.wait(call.clock, _SLOW_SWEEP_SECONDS)
                elif due[0] > call.time():
                    await listener.wait(call.clock, due[0] - call.time())
                else:
                    await self._evaluate(due[1])

    async def _evaluate(self, owned: alarms.Owned) -> None:
        await self._cloud.metrics.flush(self._cloud)
        call = _own_call(self._cloud, owned.account, owned.region)
        await call.transact(partial(_evaluate, name=owned.name))


def _evaluate(call: Call, name: str) -> None:
    alarm = alarms.find_alarm(call, name)
    if alarm is None or alarm.due_at is None or alarm.due_at > call.time():
        return
    alarm = replace(alarm, due_at=next_evaluation(alarm, call.time()))
    alarms.save_alarm(call, alarm)
    try:
        verdict = evaluate({"Period": alarm.period, **alarm.settings}, points(call, alarm), call.time())
    except ValidationException as error:
        move(call, alarm, "INSUFFICIENT_DATA", f"Insufficient Data: {error.message}", None)
        return
    # What SetAlarmState set lasts until now; what an evaluation told keeps the reason of its beginning.
    was_set = not alarm.state.reason.startswith(_TOLD)
    if verdict is not None and (was_set or verdict.value != alarm.state.value):
        move(call, alarm, verdict.value, verdict.reason, verdict.reason_data)


class ActionWorker:
    """Does what changes of alarms' states have asked for, at least once."""

    name = "cloudwatch-alarm-actions"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        call = _own_call(self._cloud)
        with self._cloud.wakeups.listening(alarms.ACTIONS_TOPIC) as listener:
            while True:
                pending = await call.transact(partial(alarms.list_actions, limit=_AT_ONCE), read_only=True)
                for account, region, action in pending:
                    await _act(_own_call(self._cloud, account, region), action)
                if not pending:
                    await listener.wait(call.clock, _SLOW_SWEEP_SECONDS)


async def _act(call: Call, action: PendingAction) -> None:
    """Does an action and notes in the alarm's history how it went."""
    try:
        await _tell(call, action)
    except ServiceError as error:
        await call.transact(partial(_note, action=action, failure=error.message))
    else:
        await call.transact(partial(_note, action=action, failure=None))


async def _tell(call: Call, action: PendingAction) -> None:
    arn = Arn.parse(action.action)
    match arn.service:
        case "sns":
            request: dict[str, Any] = {
                "TopicArn": str(arn),
                "Subject": action.subject,
                "Message": action.message,
            }
            await call.as_service(_PRINCIPAL, action.alarm_arn).ask("sns", "Publish", request)
        case "lambda":
            request = {"FunctionName": str(arn), "InvocationType": "Event", "Payload": action.event.encode()}
            await call.as_service(_FUNCTIONS_PRINCIPAL, action.alarm_arn).ask("lambda", "Invoke", request)
        case other:
            raise NotImplementedHere(f"cloudlet does not do alarm actions of {other} (yet).")


def _note(call: Call, action: PendingAction, failure: str | None) -> None:
    if alarms.find_action(call, action.id) is None:
        return
    alarms.delete_action(call, action.id)
    data: dict[str, Any] = {
        "actionState": "Succeeded" if failure is None else "Failed",
        "stateUpdateTimestamp": int(action.state_updated_at * 1000),
        "notificationResource": action.action,
        "publishedMessage": action.message,
    }
    summary = f"Successfully executed action {action.action}"
    if failure is not None:
        data["error"] = failure
        summary = f'Failed to execute action {action.action}. Received error: "{failure}"'
    alarms.add_history(
        call,
        HistoryItem(
            action.alarm_name,
            action.alarm_type,
            call.time(),
            "Action",
            summary[:_LONGEST_SUMMARY],
            json.dumps(data, separators=(",", ":")),
        ),
    )


class RetentionWorker:
    """Makes old datapoints coarser, and removes the oldest; every hour of the cloud's clock."""

    name = "cloudwatch-retention"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        call = _own_call(self._cloud)
        while True:
            await call.clock.sleep(_RETENTION_SECONDS)
            await metrics.age(call)
            await alarms.sweep_history(call)


def _own_call(cloud: Cloud, account: str = "", region: str = "") -> Call:
    return cloud.call(_SERVICE, Principal.of_service(_PRINCIPAL), account, region)
