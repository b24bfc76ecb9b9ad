"""What services count of themselves."""

from __future__ import annotations

import pytest

from cloudlet.core.clock import SystemClock
from cloudlet.core.distribution import Distribution
from cloudlet.core.metrics import Metrics


class StillClock(SystemClock):
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 600.0

    def time(self) -> float:
        return self.seconds


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture
def metrics(clock):
    return Metrics(clock)


def test_values_of_a_minute_are_taken_together(metrics):
    for value in (1.0, 2.0, 2.0):
        metrics.count("1", "us-east-1", "AWS/X", "Latency", (("a", "b"),), value, "Milliseconds")
    [gathered] = metrics.take()
    assert gathered.minute == 600
    assert gathered.key.dimensions == (("a", "b"),)
    assert gathered.values == Distribution(3, 5.0, 1.0, 2.0, {1.0: 1, 2.0: 2})
    assert metrics.take() == []


def test_each_minute_has_its_own_values(metrics, clock):
    series = metrics.series("1", "us-east-1", "AWS/X", "Calls")
    series.add()
    clock.seconds = 661.0
    series.add()
    series.add()
    assert [(each.minute, each.values.sample_count) for each in metrics.take()] == [(600, 1), (660, 2)]


def test_a_series_may_be_kept_over_flushes(metrics):
    series = metrics.series("1", "us-east-1", "AWS/X", "Calls")
    for _ in range(2):
        series.add()
        [gathered] = metrics.take()
        assert gathered.values.sample_count == 1


def test_many_different_values_take_little_room(metrics):
    series = metrics.series("1", "us-east-1", "AWS/X", "Latency")
    for number in range(10_000):
        series.add(10.0 + number / 100)
    [gathered] = metrics.take()
    assert gathered.values.sample_count == 10_000
    assert gathered.values.sum == pytest.approx(sum(10.0 + number / 100 for number in range(10_000)))
    assert (gathered.values.minimum, gathered.values.maximum) == (10.0, 109.99)
    assert len(gathered.values.values) < 250
