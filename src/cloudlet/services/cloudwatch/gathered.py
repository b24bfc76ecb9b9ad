"""Keeps what the other services counted of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cloudlet.core.metrics import Gathered
from cloudlet.services.cloudwatch.model import MINUTE, Datapoint, Measurement, Metric
from cloudlet.services.cloudwatch.state import metrics

if TYPE_CHECKING:
    from cloudlet.core.call import Call


def keep(call: Call, gathered: Sequence[Gathered]) -> None:
    """Adds it to the metrics of the accounts it is about, in the open transaction."""
    for each in gathered:
        key = each.key
        metric = Metric(key.namespace, key.name, tuple(sorted(key.dimensions)))
        measured = Measurement(metric, Datapoint(each.minute, key.unit, each.values), MINUTE)
        metrics.add(call, key.account, key.region, [measured])
