"""Alarms, which of them are due, which watch which, their history, and actions not done yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from msgspec import Struct

from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.core.store import Key
from cloudlet.services.cloudwatch.alarms.model import HISTORY_KEPT_SECONDS, Alarm, HistoryItem, PendingAction

ALARMS_TOPIC: Final = "cloudwatch alarms"
"""Woken when an alarm may be due earlier than was known."""
ACTIONS_TOPIC: Final = "cloudwatch alarm actions"
"""Woken when there is an action to do."""


class Owned(Struct, frozen=True):
    """The name of an alarm, and whose it is."""

    account: str
    region: str
    name: str


_ALARMS: Final = Rows(("cloudwatch", "alarm"), Alarm)
"""account, region, name"""
_DUE: Final = Rows(("cloudwatch", "due-alarm"), Owned)
"""milliseconds since 1970, account, region, name"""
_WATCHED: Final = Rows(("cloudwatch", "watched-alarm"), str)
"""account, region, name of the child, name of the composite alarm -> that name"""
_HISTORY: Final = Rows(("cloudwatch", "alarm-history"), HistoryItem)
"""account, region, name, microseconds since 1970, id"""
_ACTIONS: Final = Rows(("cloudwatch", "alarm-action"), PendingAction)
"""account, region, id"""


def arn(call: Call, name: str) -> str:
    """An alarm's ARN."""
    return call.arn(f"alarm:{name}")


def find_alarm(call: Call, name: str) -> Alarm | None:
    """An alarm, or None."""
    return _ALARMS.find(call, call.account, call.region, name)


def save_alarm(call: Call, alarm: Alarm) -> None:
    """Writes an alarm, with when it is due."""
    before = find_alarm(call, alarm.name)
    if before is not None and before.due_at is not None:
        _DUE.delete(call, _milliseconds(before.due_at), call.account, call.region, alarm.name)
    _ALARMS.save(call, alarm, call.account, call.region, alarm.name)
    if alarm.due_at is not None:
        owned = Owned(call.account, call.region, alarm.name)
        _DUE.save(call, owned, _milliseconds(alarm.due_at), call.account, call.region, alarm.name)


def delete_alarm(call: Call, alarm: Alarm) -> None:
    """Removes an alarm; its history stays."""
    if alarm.due_at is not None:
        _DUE.delete(call, _milliseconds(alarm.due_at), call.account, call.region, alarm.name)
    _ALARMS.delete(call, call.account, call.region, alarm.name)


def list_alarms(call: Call) -> Iterator[Alarm]:
    """The call's alarms by name."""
    return _ALARMS.below(call, call.account, call.region)


def first_due(call: Call) -> tuple[float, Owned] | None:
    """The alarm of all accounts and regions that is due first, and when."""
    for key, owned in _DUE.items_below(call, limit=1):
        return int(str(key[0])) / 1000, owned
    return None


def save_children(call: Call, name: str, children: Iterable[str]) -> None:
    """Notes which alarms a composite alarm watches."""
    for child in children:
        _WATCHED.save(call, name, call.account, call.region, child, name)


def delete_children(call: Call, name: str, children: Iterable[str]) -> None:
    """Forgets what a composite alarm watched."""
    for child in children:
        _WATCHED.delete(call, call.account, call.region, child, name)


def list_parents(call: Call, name: str) -> list[str]:
    """The names of the composite alarms that watch an alarm."""
    return list(_WATCHED.below(call, call.account, call.region, name))


def add_history(call: Call, item: HistoryItem) -> None:
    """Writes what happened to an alarm."""
    at = int(item.at * 1_000_000)
    _HISTORY.save(call, item, call.account, call.region, item.alarm_name, at, call.ids.uuid())


def list_history(call: Call, name: str | None) -> Iterator[HistoryItem]:
    """What happened to an alarm, or to all of the call's, each in order of time."""
    oldest = call.time() - HISTORY_KEPT_SECONDS
    key = (call.account, call.region, *((name,) if name else ()))
    return (item for item in _HISTORY.below(call, *key) if item.at >= oldest)


async def sweep_history(call: Call) -> None:
    """Removes what is too old to be told, in all accounts and regions."""
    oldest = call.time() - HISTORY_KEPT_SECONDS
    async for key, item in _HISTORY.scan(call):
        if item.at < oldest:
            await call.transact(partial(_delete_history, key=key))


def _delete_history(call: Call, key: Key) -> None:
    _HISTORY.delete(call, *key)


def save_action(call: Call, action: PendingAction) -> None:
    """Writes an action that is to be done, and wakes who does it."""
    _ACTIONS.save(call, action, call.account, call.region, action.id)
    call.wake(ACTIONS_TOPIC)


def find_action(call: Call, action_id: str) -> PendingAction | None:
    """An action that is not done yet, or None."""
    return _ACTIONS.find(call, call.account, call.region, action_id)


def delete_action(call: Call, action_id: str) -> None:
    """Forgets an action that is done."""
    _ACTIONS.delete(call, call.account, call.region, action_id)


def list_actions(call: Call, limit: int) -> list[tuple[str, str, PendingAction]]:
    """Actions of all accounts and regions that are not done yet, with these."""
    return [(str(key[0]), str(key[1]), action) for key, action in _ACTIONS.items_below(call, limit=limit)]


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
