"""CloudFormation types of CloudWatch: alarms of both kinds, and dashboards."""

from __future__ import annotations

from typing import Any, Final

from cloudlet.core.call import Call
from cloudlet.core.resource import Properties, Provisioned, ResourceContext, ask_once, retag
from cloudlet.core.tags import tag_list, tag_map

_SERVICE: Final = "cloudwatch"
_LONGEST_NAME: Final = 255


class AlarmType:
    """AWS::CloudWatch::Alarm"""

    type_name = "AWS::CloudWatch::Alarm"
    properties = frozenset(
        {
            "ActionsEnabled",
            "AlarmActions",
            "AlarmDescription",
            "AlarmName",
            "ComparisonOperator",
            "DatapointsToAlarm",
            "Dimensions",
            "EvaluateLowSampleCountPercentile",
            "EvaluationPeriods",
            "ExtendedStatistic",
            "InsufficientDataActions",
            "MetricName",
            "Metrics",
            "Namespace",
            "OKActions",
            "Period",
            "Statistic",
            "Tags",
            "Threshold",
            "TreatMissingData",
            "Unit",
        }
    )
    required = frozenset({"ComparisonOperator", "EvaluationPeriods"})
    create_only = frozenset({"AlarmName"})
    operation = "PutMetricAlarm"

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the alarm; finds its own one again after a crash."""
        name = properties.get("AlarmName") or context.generated_name(_LONGEST_NAME)
        tags = tag_list({**context.tags, **tag_map(properties.get("Tags"))})
        request = {**properties, "AlarmName": name, **({"Tags": tags} if tags else {})}
        await ask_once(call, context, _SERVICE, self.operation, request, lambda _: name)
        return _alarm(call, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Replaces the alarm's settings, and its tags."""
        settings = {name: value for name, value in after.items() if name != "Tags"}
        await call.ask(_SERVICE, self.operation, {**settings, "AlarmName": physical_id})
        await _change_tags(call, _alarm_arn(call, physical_id), before, after)
        return _alarm(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the alarm; one that is gone is no error."""
        await call.ask(_SERVICE, "DeleteAlarms", {"AlarmNames": [physical_id]})


class CompositeAlarmType(AlarmType):
    """AWS::CloudWatch::CompositeAlarm"""

    type_name = "AWS::CloudWatch::CompositeAlarm"
    properties = frozenset(
        {
            "ActionsEnabled",
            "AlarmActions",
            "AlarmDescription",
            "AlarmName",
            "AlarmRule",
            "InsufficientDataActions",
            "OKActions",
            "Tags",
        }
    )
    required = frozenset({"AlarmRule"})
    operation = "PutCompositeAlarm"


class DashboardType:
    """AWS::CloudWatch::Dashboard"""

    type_name = "AWS::CloudWatch::Dashboard"
    properties = frozenset({"DashboardBody", "DashboardName", "Tags"})
    required = frozenset({"DashboardBody"})
    create_only = frozenset({"DashboardName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the dashboard; finds its own one again after a crash."""
        name = properties.get("DashboardName") or context.generated_name(_LONGEST_NAME)
        tags = tag_list({**context.tags, **tag_map(properties.get("Tags"))})
        request: dict[str, Any] = {"DashboardName": name, "DashboardBody": properties["DashboardBody"]}
        if tags:
            request["Tags"] = tags
        return Provisioned(await ask_once(call, context, _SERVICE, "PutDashboard", request, lambda _: name))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Replaces the dashboard's body, and its tags."""
        request = {"DashboardName": physical_id, "DashboardBody": after["DashboardBody"]}
        await call.ask(_SERVICE, "PutDashboard", request)
        arn = f"arn:aws:cloudwatch::{call.account}:dashboard/{physical_id}"
        await _change_tags(call, arn, before, after)
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the dashboard; one that is gone already is no error."""
        listed = await call.ask(_SERVICE, "ListDashboards", {"DashboardNamePrefix": physical_id})
        if any(each["DashboardName"] == physical_id for each in listed["DashboardEntries"]):
            await call.ask(_SERVICE, "DeleteDashboards", {"DashboardNames": [physical_id]})


def _alarm(call: Call, name: str) -> Provisioned:
    return Provisioned(name, {"Arn": _alarm_arn(call, name)})


def _alarm_arn(call: Call, name: str) -> str:
    return f"arn:aws:cloudwatch:{call.region}:{call.account}:alarm:{name}"


async def _change_tags(call: Call, arn: str, before: Properties, after: Properties) -> None:
    old, new = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
    await retag(call, _SERVICE, {"ResourceARN": arn}, old, new, tag_list)
