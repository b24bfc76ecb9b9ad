"""The values of a metric over some time: how many, their sum and extremes, and how they are spread.

Knows no metric and no time. Few values are kept as they are, many to within one percent.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

_EXACT_VALUES: Final = 150
"""As many different values as one MetricDatum has."""
_STEP: Final = math.log(1.02)


class Distribution(Struct, frozen=True):
    """What CloudWatch calls a statistic set, with the values themselves where they are known."""

    sample_count: float
    sum: float
    minimum: float
    maximum: float
    values: Mapping[float, float] | None
    """How often each value came; None where no more than the statistic set was told."""

    @classmethod
    def of(cls, values: Mapping[float, float]) -> Distribution:
        """The distribution of at least one value, each with how often it came."""
        return cls(
            sum(values.values()),
            math.fsum(value * count for value, count in values.items()),
            min(values),
            max(values),
            _few(values),
        )

    @classmethod
    def of_samples(cls, samples: Iterable[float]) -> Distribution:
        """The distribution of at least one sample."""
        return cls.of(Counter(samples))

    def merged(self, other: Distribution) -> Distribution:
        """Both together."""
        return Distribution(
            self.sample_count + other.sample_count,
            self.sum + other.sum,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            _together(self.values, other.values),
        )


def _together(
    some: Mapping[float, float] | None, more: Mapping[float, float] | None
) -> Mapping[float, float] | None:
    if some is None or more is None:
        return None
    values = dict(some)
    for value, count in more.items():
        values[value] = values.get(value, 0) + count
    return _few(values)


def _few(values: Mapping[float, float]) -> Mapping[float, float]:
    """The values themselves; where they are too many, each moved to the nearest of a scale."""
    if len(values) <= _EXACT_VALUES:
        return dict(values)
    few: dict[float, float] = {}
    for value, count in values.items():
        near = _on_scale(value)
        few[near] = few.get(near, 0) + count
    return few


def _on_scale(value: float) -> float:
    if value == 0:
        return 0.0
    return math.copysign(math.exp(round(math.log(abs(value)) / _STEP) * _STEP), value)
