"""What alarms tell: to topics, to functions, and of themselves in their history. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cloudlet.core.arn import Arn
from cloudlet.services.cloudwatch.alarms.model import ACTION_LISTS, ACTIONS, Alarm, AlarmState, timestamp

_LONGEST_SUBJECT: Final = 100
_REGIONS: Final[Mapping[str, str]] = {
    "af-south-1": "Africa (Cape Town)",
    "ap-east-1": "Asia Pacific (Hong Kong)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)",
    "eu-south-1": "EU (Milan)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "sa-east-1": "South America (Sao Paulo)",
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
}


def subject(alarm: Alarm, arn: Arn) -> str:
    """The subject of the message to a topic."""
    return f'{alarm.state.value}: "{alarm.name}" in {_region(arn)}'[:_LONGEST_SUBJECT]


def _region(arn: Arn) -> str:
    return _REGIONS.get(arn.region, arn.region)


def topic_message(alarm: Alarm, before: AlarmState, arn: Arn) -> str:
    """The message to a topic."""
    settings, state = alarm.settings, alarm.state
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": settings.get("AlarmDescription"),
        "AWSAccountId": arn.account,
        "AlarmConfigurationUpdatedTimestamp": timestamp(alarm.configured_at),
        "NewStateValue": state.value,
        "NewStateReason": state.reason,
        "StateChangeTime": timestamp(state.updated_at),
        "Region": _region(arn),
        "AlarmArn": str(arn),
        "OldStateValue": before.value,
        **{name: settings.get(name, []) for name in ACTION_LISTS},
    }
    if "AlarmRule" in settings:
        message["AlarmRule"] = settings["AlarmRule"]
    else:
        message["Trigger"] = _trigger(settings)
    return json.dumps(message, separators=(",", ":"))


def _trigger(settings: Mapping[str, Any]) -> dict[str, Any]:
    trigger: dict[str, Any] = {} if "Metrics" in settings else _metric_trigger(settings)
    if "Metrics" in settings:
        trigger["Metrics"] = [_trigger_query(query) for query in settings["Metrics"]]
    trigger |= {name: settings[name] for name in ("Period", "EvaluationPeriods") if name in settings}
    if "DatapointsToAlarm" in settings:
        trigger["DatapointsToAlarm"] = settings["DatapointsToAlarm"]
    return {
        **trigger,
        "ComparisonOperator": settings["ComparisonOperator"],
        "Threshold": settings["Threshold"],
        "TreatMissingData": settings.get("TreatMissingData", "missing"),
        "EvaluateLowSampleCountPercentile": settings.get("EvaluateLowSampleCountPercentile", ""),
    }


def _metric_trigger(settings: Mapping[str, Any]) -> dict[str, Any]:
    kind = "Statistic" if "Statistic" in settings else "ExtendedStatistic"
    statistic = settings[kind]
    return {
        "MetricName": settings["MetricName"],
        "Namespace": settings["Namespace"],
        "StatisticType": kind,
        kind: _constant(statistic) if kind == "Statistic" else statistic,
        "Unit": settings.get("Unit"),
        "Dimensions": _dimensions(settings.get("Dimensions", ())),
    }


def _constant(name: str) -> str:
    """SampleCount as SAMPLE_COUNT."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def _dimensions(given: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{"value": each["Value"], "name": each["Name"]} for each in given]


def _trigger_query(query: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: query[name] for name in ("Expression", "Id", "Label", "Period") if name in query}
    if "MetricStat" in query:
        stat = query["MetricStat"]
        metric = {**stat["Metric"], "Dimensions": _dimensions(stat["Metric"].get("Dimensions", ()))}
        told["MetricStat"] = {**stat, "Metric": metric}
    return {**told, "ReturnData": query.get("ReturnData", True)}


def function_event(alarm: Alarm, before: AlarmState, arn: Arn) -> str:
    """The event that a function gets."""
    event = {
        "source": "aws.cloudwatch",
        "alarmArn": str(arn),
        "accountId": arn.account,
        "time": timestamp(alarm.state.updated_at),
        "region": arn.region,
        "alarmData": _alarm_data(alarm, before, arn),
    }
    return json.dumps(event, separators=(",", ":"))


def event_bus_entry(alarm: Alarm, before: AlarmState, arn: Arn) -> dict[str, Any]:
    """What the default event bus is told of a change of state.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    return {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Time": datetime.fromtimestamp(alarm.state.updated_at, UTC),
        "Resources": [str(arn)],
        "Detail": json.dumps(_alarm_data(alarm, before, arn), separators=(",", ":")),
    }


def _alarm_data(alarm: Alarm, before: AlarmState, arn: Arn) -> dict[str, Any]:
    settings = alarm.settings
    configuration: dict[str, Any] = {}
    if "AlarmDescription" in settings:
        configuration["description"] = settings["AlarmDescription"]
    if "AlarmRule" in settings:
        configuration["alarmRule"] = settings["AlarmRule"]
    else:
        configuration["metrics"] = _event_metrics(settings, str(arn))
    return {
        "alarmName": alarm.name,
        "state": _event_state(alarm.state),
        "previousState": _event_state(before),
        "configuration": configuration,
    }


def _event_state(state: AlarmState) -> dict[str, str]:
    told = {"value": state.value, "reason": state.reason}
    if state.reason_data is not None:
        told["reasonData"] = state.reason_data
    return {**told, "timestamp": timestamp(state.updated_at)}


def _event_metrics(settings: Mapping[str, Any], arn: str) -> list[dict[str, Any]]:
    if "Metrics" in settings:
        return [_event_query(query) for query in settings["Metrics"]]
    stat = {
        "Metric": {
            name: settings[name] for name in ("Namespace", "MetricName", "Dimensions") if name in settings
        },
        "Period": settings["Period"],
        "Stat": settings.get("Statistic") or settings["ExtendedStatistic"],
        **({"Unit": settings["Unit"]} if "Unit" in settings else {}),
    }
    # An alarm on one metric has no id of its own for it; CloudWatch makes one up that stays.
    return [_event_query({"Id": str(uuid.uuid5(uuid.NAMESPACE_URL, arn)), "MetricStat": stat})]


def _event_query(query: Mapping[str, Any]) -> dict[str, Any]:
    told = {name.lower(): query[name] for name in ("Expression", "Id", "Label") if name in query}
    if "MetricStat" in query:
        told["metricStat"] = _event_stat(query["MetricStat"])
    return {**told, "returnData": query.get("ReturnData", True)}


def _event_stat(stat: Mapping[str, Any]) -> dict[str, Any]:
    metric = stat["Metric"]
    told = {
        "metric": {
            "namespace": metric["Namespace"],
            "name": metric["MetricName"],
            "dimensions": {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())},
        },
        "period": stat["Period"],
        "stat": stat["Stat"],
    }
    return {**told, "unit": stat["Unit"]} if "Unit" in stat else told


def state_update(before: AlarmState, after: AlarmState) -> str:
    """The history data of a change of state."""
    data = {"version": "1.0", "oldState": _history_state(before), "newState": _history_state(after)}
    return json.dumps(data, separators=(",", ":"))


def _history_state(state: AlarmState) -> dict[str, Any]:
    told: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
    if state.reason_data is not None:
        told["stateReasonData"] = json.loads(state.reason_data)
    return told


def configuration_update(kind: str, alarm: Alarm, arn: Arn) -> str:
    """The history data of an alarm that was created, updated or deleted."""
    described = {
        "alarmName": alarm.name,
        "alarmArn": str(arn),
        "alarmConfigurationUpdatedTimestamp": timestamp(alarm.configured_at),
        **{_history_name(name): value for name, value in alarm.settings.items()},
        "stateValue": alarm.state.value,
        "stateUpdatedTimestamp": timestamp(alarm.state.updated_at),
    }
    member = {"Create": "createdAlarm", "Update": "updatedAlarm", "Delete": "deletedAlarm"}[kind]
    return json.dumps({"version": "1.0", "type": kind, member: described}, separators=(",", ":"))


def _history_name(name: str) -> str:
    return "okactions" if name == ACTIONS["OK"] else name[:1].lower() + name[1:]
