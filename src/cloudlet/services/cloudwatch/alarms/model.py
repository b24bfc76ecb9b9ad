"""Alarms, their states and their history, as they are kept. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

OK: Final = "OK"
ALARM: Final = "ALARM"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"
METRIC_ALARM: Final = "MetricAlarm"
COMPOSITE_ALARM: Final = "CompositeAlarm"
ACTIONS: Final = {OK: "OKActions", ALARM: "AlarmActions", INSUFFICIENT_DATA: "InsufficientDataActions"}
"""Which actions of an alarm belong to a state."""
ACTION_LISTS: Final = tuple(ACTIONS.values())
HISTORY_KEPT_SECONDS: Final = 30 * 86_400


class AlarmState(Struct, frozen=True):
    """What state an alarm is in, since when and why."""

    value: str
    reason: str
    reason_data: str | None
    updated_at: float
    """When the state was last told, by an evaluation that changed the reason too; seconds since 1970."""
    transitioned_at: float
    """When the value last changed."""


class Alarm(Struct, frozen=True):
    """A metric alarm or a composite alarm."""

    name: str
    settings: dict[str, Any]
    """As PutMetricAlarm or PutCompositeAlarm gives them, without name and tags."""
    state: AlarmState
    configured_at: float
    due_at: float | None
    """When it is to be evaluated next; None for a composite alarm, which its children move."""
    tags: dict[str, str] = {}

    @property
    def kind(self) -> str:
        """MetricAlarm or CompositeAlarm."""
        return COMPOSITE_ALARM if "AlarmRule" in self.settings else METRIC_ALARM

    @property
    def period(self) -> int:
        """How long one datapoint of a metric alarm is, in seconds."""
        stats = [each["MetricStat"] for each in self.settings.get("Metrics", ()) if "MetricStat" in each]
        own: int = self.settings.get("Period") or max((stat["Period"] for stat in stats), default=60)
        return own

    def in_state(self, value: str, reason: str, reason_data: str | None, now: float) -> Alarm:
        """The same alarm in a state."""
        since = self.state.transitioned_at if value == self.state.value else now
        return replace(self, state=AlarmState(value, reason, reason_data, now, since))


class HistoryItem(Struct, frozen=True):
    """One thing that happened to an alarm."""

    alarm_name: str
    alarm_type: str
    at: float
    item_type: str
    """ConfigurationUpdate, StateUpdate or Action."""
    summary: str
    data: str
    """JSON."""


class PendingAction(Struct, frozen=True):
    """An action that a change of state has asked for and that is not done yet."""

    id: str
    alarm_name: str
    alarm_type: str
    alarm_arn: str
    action: str
    """The ARN of what is to be told."""
    subject: str
    message: str
    """What a topic gets, as JSON."""
    event: str
    """What a function gets, as JSON."""
    state_updated_at: float


def timestamp(seconds: float) -> str:
    """A time as alarms write it: 2019-10-02T17:04:40.985+0000."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}+0000"
