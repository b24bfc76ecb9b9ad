"""Statistics of values: the five basic ones, and extended ones such as p99, tm90, TM(10%:90%), PR(:300).

Pure. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from msgspec import Struct

from cloudlet.core.distribution import Distribution

Statistic: TypeAlias = Callable[[Distribution], "float | None"]
"""What computes it; None where the values are not told finely enough."""

BASIC: Final[Mapping[str, Statistic]] = {
    "SampleCount": lambda values: values.sample_count,
    "Average": lambda values: values.sum / values.sample_count,
    "Sum": lambda values: values.sum,
    "Minimum": lambda values: values.minimum,
    "Maximum": lambda values: values.maximum,
}
_NUMBER: Final = r"\d+(?:\.\d+)?"
_SHORT: Final = re.compile(rf"(p|tm|tc|ts|wm)({_NUMBER})")
_LONG: Final = re.compile(rf"(TM|TC|TS|WM|PR)\(({_NUMBER})?(%?):({_NUMBER})?(%?)\)")
_INTERQUARTILE_MEAN: Final = "IQM"


class _Share(Struct, frozen=True):
    """A value and how many samples of it lie within the bounds."""

    value: float
    count: float


_Computation: TypeAlias = Callable[[Distribution, list[_Share]], "float | None"]
"""From the samples, and those of them within bounds."""


class _Bounds(Struct, frozen=True):
    """What of the samples counts: ranks between two percentages, or values beyond one and up to another."""

    low: float | None
    high: float | None
    percent: bool

    def within(self, values: Mapping[float, float]) -> Iterator[_Share]:
        """The values in order, with as many of their samples as lie within."""
        if self.percent:
            yield from self._ranked(values)
            return
        for value in sorted(values):
            if (self.low is None or value > self.low) and (self.high is None or value <= self.high):
                yield _Share(value, values[value])

    def _ranked(self, values: Mapping[float, float]) -> Iterator[_Share]:
        total, passed = sum(values.values()), 0.0
        first = total * (0.0 if self.low is None else self.low) / 100
        last = total * (100.0 if self.high is None else self.high) / 100
        for value in sorted(values):
            count = min(passed + values[value], last) - max(passed, first)
            passed += values[value]
            if count > 0:
                yield _Share(value, count)


def find_statistic(name: str) -> Statistic | None:
    """The statistic of a name, basic or extended, or None."""
    return BASIC.get(name) or find_extended(name)


def find_extended(name: str) -> Statistic | None:
    """The extended statistic of a name, or None."""
    if name == _INTERQUARTILE_MEAN:
        return _extended(_trimmed_mean, _Bounds(25.0, 75.0, percent=True))
    short = _SHORT.fullmatch(name)
    if short:
        percentage = float(short[2])
        bounds = _Bounds(None, percentage, percent=True) if percentage <= 100 else None
        return _extended(_KINDS[short[1].lower()], bounds) if bounds else None
    long = _LONG.fullmatch(name)
    bounds = _bounds(long) if long else None
    return _extended(_KINDS[long[1].lower()], bounds) if long and bounds else None


def _bounds(found: re.Match[str]) -> _Bounds | None:
    """The bounds in brackets, or None for those that cannot be: none, mixed, or the wrong way round."""
    low = float(found[2]) if found[2] else None
    high = float(found[4]) if found[4] else None
    signs = {bool(sign) for number, sign in ((found[2], found[3]), (found[4], found[5])) if number}
    stray = (found[3] and not found[2]) or (found[5] and not found[4])
    if len(signs) != 1 or stray or (low is not None and high is not None and low >= high):
        return None
    percent = signs.pop()
    if percent and (found[1].lower() == "pr" or max(low or 0.0, high or 0.0) > 100):
        return None
    return _Bounds(low, high, percent)


def _extended(compute: _Computation, bounds: _Bounds) -> Statistic:
    """None of values that are not known each, or of which some are negative."""

    def statistic(values: Distribution) -> float | None:
        if values.values is None or values.minimum < 0:
            return None
        return compute(values, list(bounds.within(values.values)))

    return statistic


def _percentile(values: Distribution, shares: list[_Share]) -> float:
    return min(max(shares[-1].value, values.minimum), values.maximum) if shares else values.minimum


def _trimmed_mean(values: Distribution, shares: list[_Share]) -> float | None:
    return _trimmed_sum(values, shares) / _trimmed_count(values, shares) if shares else None


def _trimmed_count(values: Distribution, shares: list[_Share]) -> float:
    return sum(share.count for share in shares)


def _trimmed_sum(values: Distribution, shares: list[_Share]) -> float:
    return sum(share.value * share.count for share in shares)


def _winsorized_mean(values: Distribution, shares: list[_Share]) -> float | None:
    if not shares or values.values is None:
        return None
    low, high = shares[0].value, shares[-1].value
    total = sum(min(max(value, low), high) * count for value, count in values.values.items())
    return total / values.sample_count


def _percentile_rank(values: Distribution, shares: list[_Share]) -> float:
    return 100 * _trimmed_count(values, shares) / values.sample_count


_KINDS: Final[Mapping[str, _Computation]] = {
    "p": _percentile,
    "tm": _trimmed_mean,
    "tc": _trimmed_count,
    "ts": _trimmed_sum,
    "wm": _winsorized_mean,
    "pr": _percentile_rank,
}
