"""The server killed while a table changes: its indexes and its stream agree with it exactly, every time."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cloud_process import CloudProcess
from faults import table_writers

ROUNDS = 6


@pytest.mark.slow
@pytest.mark.parametrize("state", ["rocksdb", "sqlite"])
def test_indexes_and_stream_agree_with_the_table_after_every_kill(tmp_path: Path, state: str) -> None:
    source = random.Random(f"tables {state}")
    counted: dict[str, int] = {}
    with CloudProcess(tmp_path, "--state", state) as cloud:
        table_writers.create(cloud)
        for _ in range(ROUNDS):
            assert table_writers.write_until_killed(cloud, source, counted) >= 50, "there was no load"
            cloud.start()
            whole = table_writers.items(cloud)
            assert table_writers.replayed(cloud) == whole
            for index in table_writers.indexes():
                assert table_writers.items(cloud, index) == table_writers.projected(whole, index)
            totals = {item["name"]["S"]: int(item["total"]["N"]) for item in whole if "total" in item}
            for writer, total in counted.items():
                # One that was under way at the kill may have been done as well.
                assert totals[writer] in (total, total + 1)
            counted |= totals
