"""Operations that tell of alarms, and of what happened to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.core.pagination import InvalidToken, page
from cloudlet.services.cloudwatch.alarms.model import (
    ACTION_LISTS,
    COMPOSITE_ALARM,
    METRIC_ALARM,
    Alarm,
    HistoryItem,
)
from cloudlet.services.cloudwatch.alarms.rules import parse_rule
from cloudlet.services.cloudwatch.errors import InvalidNextToken, ResourceNotFound, ValidationException
from cloudlet.services.cloudwatch.model import dimensions_of
from cloudlet.services.cloudwatch.state import alarms

if TYPE_CHECKING:
    from types_boto3_cloudwatch import type_defs as api

T = TypeVar("T")

_PAGE: Final = 50
_EVERY_ALARM: Final = "alarm:*"
_LISTS: Final[Mapping[str, str]] = {METRIC_ALARM: "MetricAlarms", COMPOSITE_ALARM: "CompositeAlarms"}
_RELATIVES: Final = ("ChildrenOfAlarmName", "ParentsOfAlarmName")
_NOT_BESIDE: Final = ("AlarmNames", "AlarmNamePrefix", "StateValue", "ActionPrefix")


@operation("DescribeAlarms", resource=_EVERY_ALARM, read_only=True)
def describe_alarms(call: Call, request: api.DescribeAlarmsInputTypeDef) -> dict[str, Any]:
    """Tells of alarms by name, prefix, state or action; metric alarms only unless asked otherwise."""
    if "AlarmNames" in request and "AlarmNamePrefix" in request:
        raise ValidationException("AlarmNamePrefix and AlarmNames.member are mutually exclusive")
    relative = next((name for name in _RELATIVES if name in request), None)
    if relative is not None:
        return _describe_relatives(call, request, relative)
    found, token = _page([alarm for alarm in _chosen(call, request) if _is_wanted(alarm, request)], request)
    answer: dict[str, Any] = {"CompositeAlarms": [], "MetricAlarms": []}
    for alarm in found:
        answer[_LISTS[alarm.kind]].append(describe(call, alarm))
    return {**answer, "NextToken": token} if token else answer


def _chosen(call: Call, request: Request) -> Sequence[Alarm]:
    if "AlarmNames" in request:
        found = (alarms.find_alarm(call, name) for name in sorted(set(request["AlarmNames"])))
        return [alarm for alarm in found if alarm is not None]
    prefix = request.get("AlarmNamePrefix", "")
    return [alarm for alarm in alarms.list_alarms(call) if alarm.name.startswith(prefix)]


def _is_wanted(alarm: Alarm, request: Request) -> bool:
    prefix = request.get("ActionPrefix")
    actions = [action for name in ACTION_LISTS for action in alarm.settings[name]]
    return (
        alarm.kind in request.get("AlarmTypes", (METRIC_ALARM,))
        and request.get("StateValue", alarm.state.value) == alarm.state.value
        and (prefix is None or any(action.startswith(prefix) for action in actions))
    )


def _describe_relatives(call: Call, request: Request, relative: str) -> dict[str, Any]:
    """Those that an alarm watches, or those that watch it, in few words."""
    if any(name in request for name in _NOT_BESIDE):
        raise ValidationException(f"{relative} cannot be combined with other filters")
    alarm = alarms.find_alarm(call, request[relative])
    if alarm is None:
        raise ResourceNotFound("")
    parents = relative == "ParentsOfAlarmName"
    rule = alarm.settings.get("AlarmRule")
    children = parse_rule(rule).children if rule else ()
    names = alarms.list_parents(call, alarm.name) if parents else children
    answer: dict[str, Any] = {"CompositeAlarms": [], "MetricAlarms": []}
    for found in (alarms.find_alarm(call, name) for name in names):
        if found is not None:
            told: dict[str, Any] = {"AlarmName": found.name, "AlarmArn": alarms.arn(call, found.name)}
            if not parents:
                told |= {
                    "StateValue": found.state.value,
                    "StateUpdatedTimestamp": _time(found.state.updated_at),
                }
            answer[_LISTS[found.kind]].append(told)
    return answer


def describe(call: Call, alarm: Alarm) -> dict[str, Any]:
    """An alarm as it is answered."""
    state = alarm.state
    described = {
        "AlarmName": alarm.name,
        "AlarmArn": alarms.arn(call, alarm.name),
        **alarm.settings,
        "AlarmConfigurationUpdatedTimestamp": _time(alarm.configured_at),
        "StateValue": state.value,
        "StateReason": state.reason,
        "StateUpdatedTimestamp": _time(state.updated_at),
        "StateTransitionedTimestamp": _time(state.transitioned_at),
    }
    if alarm.kind == METRIC_ALARM and "Metrics" not in alarm.settings:
        described["Dimensions"] = alarm.settings.get("Dimensions", [])
    if state.reason_data is not None:
        described["StateReasonData"] = state.reason_data
    return described


@operation("DescribeAlarmsForMetric", read_only=True)
def describe_alarms_for_metric(
    call: Call, request: api.DescribeAlarmsForMetricInputTypeDef
) -> dict[str, Any]:
    """Tells of the alarms on exactly one metric."""
    return {
        "MetricAlarms": [
            describe(call, alarm) for alarm in alarms.list_alarms(call) if _watches(alarm, request)
        ]
    }


def _watches(alarm: Alarm, request: Request) -> bool:
    settings = alarm.settings
    asked = ("Statistic", "ExtendedStatistic", "Period", "Unit")
    return (
        settings.get("MetricName") == request["MetricName"]
        and settings.get("Namespace") == request["Namespace"]
        and dimensions_of(settings.get("Dimensions", ())) == dimensions_of(request.get("Dimensions", ()))
        and all(request.get(name, settings.get(name)) == settings.get(name) for name in asked)
    )


@operation("DescribeAlarmHistory", resource=_EVERY_ALARM, read_only=True)
def describe_alarm_history(call: Call, request: api.DescribeAlarmHistoryInputTypeDef) -> dict[str, Any]:
    """What happened to an alarm, or to all of a kind, in the past month; the newest first."""
    kinds = request.get("AlarmTypes", (METRIC_ALARM,))
    items = [
        item
        for item in alarms.list_history(call, request.get("AlarmName"))
        if item.alarm_type in kinds and _is_told(item, request)
    ]
    newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    items.sort(key=lambda item: item.at, reverse=newest_first)
    found, token = _page(items, request)
    answer: dict[str, Any] = {"AlarmHistoryItems": [_describe_item(item) for item in found]}
    return {**answer, "NextToken": token} if token else answer


def _is_told(item: HistoryItem, request: Request) -> bool:
    start: datetime | None = request.get("StartDate")
    end: datetime | None = request.get("EndDate")
    return (
        request.get("HistoryItemType", item.item_type) == item.item_type
        and (start is None or item.at >= start.timestamp())
        and (end is None or item.at <= end.timestamp())
    )


def _describe_item(item: HistoryItem) -> dict[str, Any]:
    return {
        "AlarmName": item.alarm_name,
        "AlarmType": item.alarm_type,
        "Timestamp": _time(item.at),
        "HistoryItemType": item.item_type,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }


def _page(items: Sequence[T], request: Request) -> tuple[Sequence[T], str | None]:
    try:
        return page(items, request.get("NextToken"), request.get("MaxRecords", _PAGE))
    except InvalidToken as error:
        raise InvalidNextToken("The specified NextToken is invalid.") from error


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
