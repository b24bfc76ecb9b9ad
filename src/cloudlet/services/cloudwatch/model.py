"""Metrics and their datapoints: what they are, how long and how finely they are kept. Pure rules.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from cloudlet.core.distribution import Distribution
from cloudlet.core.metrics import Dimensions

MINUTE: Final = 60
_DAY: Final = 86_400
UNITS: Final = (
    "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
    "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second",
    "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second",
    "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None",
)  # fmt: skip
ACTIVE_STEP_SECONDS: Final = 600.0
_SHORT_PERIODS: Final = (1, 5, 10, 20, 30)


class Tier(Struct, frozen=True):
    """One of the resolutions in which datapoints are kept, and until what age."""

    resolution: int
    """In seconds."""
    kept_seconds: int


TIERS: Final = (
    Tier(1, 3 * 3600),
    Tier(MINUTE, 15 * _DAY),
    Tier(5 * MINUTE, 63 * _DAY),
    Tier(3600, 455 * _DAY),
)
"""The finest first. What is too old for one is aggregated into the next."""


class Metric(Struct, frozen=True):
    """A metric: a namespace, a name, and dimensions, which are sorted by name."""

    namespace: str
    name: str
    dimensions: Dimensions = ()

    def digest(self, account: str, region: str) -> bytes:
        """What stands for the metric of an account and region in keys."""
        parts = (
            account,
            region,
            self.namespace,
            self.name,
            *(part for pair in self.dimensions for part in pair),
        )
        return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()

    def describe(self) -> dict[str, Any]:
        """The metric as the API has it."""
        return {
            "Namespace": self.namespace,
            "MetricName": self.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
        }


class KnownMetric(Struct, frozen=True):
    """A metric that data were put for."""

    metric: Metric
    latest: float
    """When data came last, to within ACTIVE_STEP_SECONDS, in seconds since 1970."""


class Datapoint(Struct, frozen=True):
    """The values of a metric in one unit, over some seconds."""

    timestamp: int
    """When those seconds began, in seconds since 1970."""
    unit: str
    values: Distribution


class Measurement(Struct, frozen=True):
    """What was measured of a metric, on its way to the rows."""

    metric: Metric
    datapoint: Datapoint
    resolution: int
    """Of the tier that it goes to."""


def dimensions_of(given: Iterable[Mapping[str, str]]) -> Dimensions:
    """Dimensions from the API's form; of a name that comes twice the last value."""
    return tuple(sorted({each["Name"]: each["Value"] for each in given}.items()))


def aligned(timestamp: float, seconds: int) -> int:
    """When the period that a time lies in began."""
    return int(timestamp // seconds * seconds)


def usable(tier: Tier, period: int, age_seconds: float) -> bool:
    """Whether a tier's datapoint of an age can be told in periods of so many seconds.

    A datapoint that has outlived its tier counts as aggregated even where no sweep has come by yet. Metrics
    of standard resolution can be asked for in periods under a minute, and are then told at the full minute.
    """
    needed = next((each.resolution for each in TIERS if age_seconds <= each.kept_seconds), None)
    if needed is None:
        return False
    needed = max(needed, tier.resolution)
    if period < MINUTE and age_seconds <= TIERS[0].kept_seconds:
        return needed <= MINUTE
    return period % needed == 0


def in_periods(datapoints: Iterable[Datapoint], period: int, origin: int = 0) -> list[Datapoint]:
    """The datapoints of every unit, merged into periods counted from a time, in order of time."""
    found: dict[tuple[int, str], list[Distribution]] = {}
    for datapoint in datapoints:
        key = (origin + aligned(datapoint.timestamp - origin, period), datapoint.unit)
        found.setdefault(key, []).append(datapoint.values)
    return [
        Datapoint(timestamp, unit, Distribution.together(found[timestamp, unit]))
        for timestamp, unit in sorted(found)
    ]


def is_period(seconds: int) -> bool:
    """Whether statistics can be had over so many seconds."""
    return seconds in _SHORT_PERIODS or (seconds >= MINUTE and seconds % MINUTE == 0)


def rounded_start(start: float, period: int, now: float) -> int:
    """A start of a time range as CloudWatch rounds it down: the older, the coarser."""
    if now - start <= TIERS[1].kept_seconds:
        return aligned(start, min(period, MINUTE))
    tier = next((each for each in TIERS[2:] if now - start <= each.kept_seconds), TIERS[-1])
    return aligned(start, tier.resolution)


def matches(metric: Metric, filters: Sequence[Mapping[str, str]]) -> bool:
    """Whether a metric has every dimension of some filters, with the value where one is given."""
    dimensions = dict(metric.dimensions)
    return all(
        each["Name"] in dimensions and each.get("Value", dimensions[each["Name"]]) == dimensions[each["Name"]]
        for each in filters
    )
