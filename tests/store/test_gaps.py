from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlet.core.store import LAST
from cloudlet.store.gaps import Gaps
from cloudlet.store.rocksdb import open_rocksdb
from store.engines import unexpected

if TYPE_CHECKING:
    from pathlib import Path

    from cloudlet.core.store import Store, Transaction

NAMES = [bytes([letter]) for letter in range(16)]
STEPS = st.lists(st.tuples(st.sampled_from(["add", "fill"]), st.sampled_from(NAMES), st.sampled_from(NAMES)))


@given(STEPS, st.sampled_from(NAMES))
def test_gaps_know_exactly_what_they_were_told(steps: list[tuple[str, bytes, bytes]], asked: bytes) -> None:
    gaps, empty = Gaps(), set[bytes]()
    for step, one, other in steps:
        if step == "add" and one < other:
            gaps.add(one, other)
            empty |= {name for name in NAMES if one <= name < other}
        elif step == "fill":
            gaps.fill(one)
            empty.discard(one)
    following = [name for name in NAMES if name >= asked and name not in empty]
    after = gaps.after(asked)
    assert all(not asked <= name < after for name in NAMES if name not in empty)
    assert not following or after <= following[0]
    assert (after > asked) == (asked in empty)
    before = gaps.before(asked)
    assert all(not before <= name < asked for name in NAMES if name not in empty)


def test_only_so_many_gaps_are_kept_the_longest_unused_going_first() -> None:
    gaps = Gaps()
    for number in range(0, 20_000, 2):
        gaps.add(number.to_bytes(4, "big"), (number + 1).to_bytes(4, "big"))
        gaps.after(bytes(4))
    assert len(gaps) == 4096
    assert gaps.after(bytes(4)) == b"\0\0\0\1"
    assert gaps.after(b"\0\0\0\2") == b"\0\0\0\2"


def drain(directory: Path, *, reverse: bool, scan_between: bool) -> int:
    """Empties a queue of 4,000 rows, then scans it once more; no scan may cross 1,000 deleted keys."""

    async def main() -> int:
        store: Store = open_rocksdb(directory, unexpected, skippable=1000)
        await store.transact(lambda t: [t.put(("queue", number), b"") for number in range(4000)])
        start, end = ("queue",), ("queue", LAST)

        def receive(t: Transaction) -> int:
            rows = list(t.range(start, end, limit=500, reverse=reverse))
            for key, _ in rows:
                t.delete(key)
            return len(rows)

        def forget(t: Transaction) -> None:
            for number in range(4000):
                t.delete(("queue", number))

        received = 0
        if scan_between:
            while count := await store.transact(receive):
                received += count
        else:
            await store.transact(forget)
        late = [(("queue", number), b"late") for number in (2000, 9000)]
        for key, value in late:
            await store.transact(lambda t, key=key, value=value: t.put(key, value))
        found = await store.transact(
            lambda t: list(t.range(start, end, limit=2, reverse=reverse)), read_only=True
        )
        assert found == (late[::-1] if reverse else late)
        await store.close()
        return received

    return asyncio.run(main())


@pytest.mark.parametrize("reverse", [False, True])
def test_a_drained_queue_is_scanned_without_crossing_what_was_deleted(tmp_path: Path, reverse: bool) -> None:
    assert drain(tmp_path, reverse=reverse, scan_between=True) == 4000


def test_the_limit_on_crossed_keys_would_show_a_scan_that_crosses_them(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="Too many internal keys skipped"):
        drain(tmp_path, reverse=False, scan_between=False)


def test_filling_a_gap_leaves_no_more_than_are_kept() -> None:
    gaps = Gaps()
    gaps.add(b"", b"z")
    for number in range(10_000):
        gaps.fill(b"%08d" % (number * 7919 % 10_000))
    assert len(gaps) <= 4096
