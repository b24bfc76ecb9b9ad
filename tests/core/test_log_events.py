"""Batches are as large as CloudWatch Logs takes them, and no larger."""

from __future__ import annotations

from cloudlet.core.log_events import batches_of


def test_a_batch_ends_at_a_megabyte_or_ten_thousand_events():
    small = [len(batch) for batch in batches_of((number, "") for number in range(10_001))]
    assert small == [10_000, 1]
    large = [len(batch) for batch in batches_of((0, "x" * 300_000) for _ in range(7))]
    assert large == [3, 3, 1]
    assert list(batches_of([])) == []


def test_lines_keep_their_moments_and_their_order():
    assert list(batches_of([(1, "a"), (2, "b")])) == [
        [{"timestamp": 1, "message": "a"}, {"timestamp": 2, "message": "b"}]
    ]
