"""The values of a metric over some time: how many, their sum and extremes, and how they are spread.

Knows no metric and no time. Few values are kept as they are, many to within two percent.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import mul
from typing import Final

from msgspec import Struct

_EXACT_VALUES: Final = 150
"""As many different values as one MetricDatum has."""
_KEPT_BITS: Final = bytes((0, 0, 0, 0, 0, 0xC0, 0xFF, 0xFF))
"""Of a double, its lowest byte first: sign, exponent and six bits of the mantissa: 1.6 percent."""


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
            math.fsum(map(mul, values.keys(), values.values())),
            min(values),
            max(values),
            _few(values),
        )

    @classmethod
    def of_samples(cls, samples: Sequence[float]) -> Distribution:
        """The distribution of at least one sample."""
        counted = _few(Counter(samples))
        return cls(len(samples), math.fsum(samples), min(samples), max(samples), counted)

    @classmethod
    def together(cls, parts: Sequence[Distribution]) -> Distribution:
        """The distribution of all that is in at least one other."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            sum([part.sample_count for part in parts]),
            math.fsum([part.sum for part in parts]),
            min([part.minimum for part in parts]),
            max([part.maximum for part in parts]),
            _together([part.values for part in parts]),
        )

    def merged(self, other: Distribution) -> Distribution:
        """Both together."""
        return Distribution.together((self, other))


def _together(parts: Iterable[Mapping[float, float] | None]) -> Mapping[float, float] | None:
    values: dict[float, float] = {}
    for part in parts:
        if part is None:
            return None
        for value, count in part.items():
            values[value] = values.get(value, 0) + count
    return _few(values)


def _few(values: Mapping[float, float]) -> Mapping[float, float]:
    """The values themselves; where they are too many, those that are alike as one."""
    if len(values) <= _EXACT_VALUES:
        return dict(values)
    few: dict[float, float] = {}
    for value, count in zip(_coarse(values), values.values(), strict=True):
        few[value] = few.get(value, 0) + count
    return few


def _coarse(values: Collection[float]) -> array[float]:
    """Each value cut to the first bits of its mantissa: all at once, as one number's digits."""
    digits = int.from_bytes(array("d", values).tobytes(), "little")
    kept = int.from_bytes(_KEPT_BITS * len(values), "little")
    return array("d", (digits & kept).to_bytes(8 * len(values), "little"))
