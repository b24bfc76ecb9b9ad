"""The manifest of CloudWatch; it holds no logic."""

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.cloudwatch.gathered import keep
from cloudlet.services.cloudwatch.operations import (
    alarm_descriptions,
    alarms,
    dashboards,
    metric_data,
    metrics,
    queries,
    statistics,
    tags,
)
from cloudlet.services.cloudwatch.resources import AlarmType, CompositeAlarmType, DashboardType
from cloudlet.services.cloudwatch.workers import ActionWorker, AlarmWorker, RetentionWorker

SERVICE: Final = Service(
    name="cloudwatch",
    operations=operations_in(
        metric_data, metrics, statistics, queries, alarms, alarm_descriptions, dashboards, tags
    ),
    resources=(AlarmType(), CompositeAlarmType(), DashboardType()),
    workers=(AlarmWorker, ActionWorker, RetentionWorker),
    keeps_metrics=keep,
)
