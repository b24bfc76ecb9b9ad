"""The manifest of CloudWatch; it holds no logic."""

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.cloudwatch.gathered import keep
from cloudlet.services.cloudwatch.operations import (
    alarm_descriptions,
    alarms,
    metric_data,
    metrics,
    queries,
    statistics,
)
from cloudlet.services.cloudwatch.workers import ActionWorker, AlarmWorker

SERVICE: Final = Service(
    name="cloudwatch",
    operations=operations_in(metric_data, metrics, statistics, queries, alarms, alarm_descriptions),
    workers=(AlarmWorker, ActionWorker),
    keeps_metrics=keep,
)
