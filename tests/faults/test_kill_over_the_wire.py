"""The server killed under load: every write that a client was told of is there after the next start."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cloud_process import CloudProcess
from faults.writers import Acknowledged, create, lost, write_until_killed

ROUNDS = 25


@pytest.mark.slow
@pytest.mark.parametrize("state", ["rocksdb", "sqlite"])
def test_no_acknowledged_write_is_lost_by_a_kill(tmp_path: Path, state: str) -> None:
    source = random.Random(f"wire {state}")
    known = Acknowledged()
    with CloudProcess(tmp_path, "--state", state) as cloud:
        create(cloud)
        for round_ in range(ROUNDS):
            before = len(known)
            write_until_killed(cloud, round_, source, known)
            assert len(known) >= before + 20, "there was no load"
            cloud.start()
            assert lost(cloud, known) == []
            known.counters |= counters_now(cloud)


def counters_now(cloud: CloudProcess) -> dict[str, int]:
    """What the counters say, which includes writes that were done and never acknowledged."""
    items = cloud.client("dynamodb").scan(TableName="counters", ConsistentRead=True)["Items"]
    return {item["id"]["S"]: int(item["total"]["N"]) for item in items}
