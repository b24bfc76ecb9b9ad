"""The manifest of CloudWatch; it holds no logic."""

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.cloudwatch.gathered import keep
from cloudlet.services.cloudwatch.operations import metric_data, metrics, queries, statistics

SERVICE: Final = Service(
    name="cloudwatch",
    operations=operations_in(metric_data, metrics, statistics, queries),
    keeps_metrics=keep,
)
