"""Lines are held within a bound, and put in batches as large as CloudWatch Logs takes them."""

from __future__ import annotations

import asyncio

from cloudlet.core.log_events import HeldLines, batches_of


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


def test_lines_are_held_for_each_target_until_they_are_taken():
    held: HeldLines[str] = HeldLines("tests", limit_bytes=100)
    held.add("a", 1.5, "one")
    held.add("b", 2, "two")
    held.add("a", 3, "three")
    asyncio.run(held.gather())
    taken = held.take()
    assert {target: list(lines) for target, lines in taken.items()} == {
        "a": [(1500, "one"), (3000, "three")],
        "b": [(2000, "two")],
    }
    assert held.take() == {}


def test_lines_beyond_the_bound_are_lost_and_told(caplog):
    held: HeldLines[str] = HeldLines("tests", limit_bytes=4)
    for message in ("three", "lost", "lost"):
        held.add("a", 0, message)
    assert list(held.take()["a"]) == [(0, "three")]
    assert caplog.messages == ["2 lines of tests' logs were lost: they came too fast"]
    held.add("a", 0, "room again")
    assert list(held.take()["a"]) == [(0, "room again")]
