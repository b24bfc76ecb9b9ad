"""CloudWatch: metrics, alarms, dashboards."""

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.cloudwatch.gathered import keep
from cloudlet.services.cloudwatch.operations import metric_data, metrics, queries, statistics

__all__ = ["SERVICE"]

SERVICE = Service(
    name="cloudwatch",
    operations=operations_in(metric_data, metrics, statistics, queries),
    keeps_metrics=keep,
)
