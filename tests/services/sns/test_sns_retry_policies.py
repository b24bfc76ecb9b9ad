"""Retry policies: the phases, and how the delays rise."""

from __future__ import annotations

from itertools import count, takewhile

import pytest

from cloudlet.services.sns.retry_policies import AWS_MANAGED, BACKOFF_FUNCTIONS, RetryPolicy


def _delays(policy: RetryPolicy) -> list[float]:
    delays = (policy.delay_seconds(attempts) for attempts in count(1))
    return [delay for delay in takewhile(lambda delay: delay is not None, delays) if delay is not None]


def test_the_phases_follow_each_other() -> None:
    policy = RetryPolicy(
        no_delay=2,
        min_delay=1,
        backoff=4,
        max_delay=2,
        min_seconds=1,
        max_seconds=9,
        backoff_function="linear",
    )
    assert _delays(policy) == [0, 0, 1, 3, 5, 7, 9, 9, 9]
    assert policy.total_seconds() == 43


def test_queues_and_functions_are_tried_for_twenty_three_days() -> None:
    delays = _delays(AWS_MANAGED)
    assert len(delays) == 100_015
    assert delays[:5] == [0, 0, 0, 1, 1]
    assert delays[15:] == [20] * 100_000
    assert sum(delays) == pytest.approx(AWS_MANAGED.total_seconds())
    assert round(sum(delays) / 86_400) == 23


@pytest.mark.parametrize("backoff_function", BACKOFF_FUNCTIONS)
def test_every_backoff_rises_to_the_longest_delay(backoff_function: str) -> None:
    delays = _delays(RetryPolicy(0, 0, 8, 0, 2, 60, backoff_function))
    assert delays == sorted(delays)
    assert delays[0] >= 2
    assert delays[-1] == 60
