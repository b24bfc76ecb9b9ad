"""What CloudWatch knows of a metric, for tests of the services that count."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from running_server import RunningServer


class Readings:
    """The metrics of one namespace."""

    def __init__(self, cloudwatch: Any, server: RunningServer, namespace: str) -> None:
        self._cloudwatch = cloudwatch
        self._server = server
        self._namespace = namespace
        self._since = server.clock.now() - timedelta(minutes=1)

    def statistic(self, name: str, statistic: str = "Sum", **dimensions: str) -> float | None:
        """One statistic over all that was counted since the beginning; None where nothing was."""
        found = self._cloudwatch.get_metric_statistics(
            Namespace=self._namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=self._since.replace(second=0, microsecond=0),
            EndTime=self._server.clock.now() + timedelta(minutes=1),
            Period=86_400,
            Statistics=[statistic],
        )["Datapoints"]
        return sum(each[statistic] for each in found) if found else None

    def names(self) -> set[str]:
        """The names of all metrics that have values."""
        listed = self._cloudwatch.list_metrics(Namespace=self._namespace)["Metrics"]
        return {each["MetricName"] for each in listed}
