"""Queues whose server is killed under load: nothing acknowledged is lost, groups keep their order."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cloud_process import CloudProcess
from faults.queue_load import Known, Load, make_queues


def run(home: Path, *, rounds: int, seed: int) -> Known:
    """Sends and receives through some kills, then receives until all is there or nothing comes any more."""
    source, known = random.Random(seed), Known()
    with CloudProcess(home) as cloud:
        load = Load(cloud, make_queues(cloud), known, seed)
        load.start()
        for _ in range(rounds):
            for _ in range(source.randint(100, 400)):
                assert known.progress.acquire(timeout=20), "nothing is sent or received"
            cloud.kill()
            cloud.start()
        load.stop_sending()
        while known.lost() and known.progress.acquire(timeout=10):
            pass
        load.stop()
    return known


def judge(known: Known, least: int) -> None:
    """What was promised."""
    grouped = sum(len(numbers) for numbers in known.sent_in_group.values())
    print(f"{len(known.sent)} and {grouped} in groups were acknowledged")
    assert len(known.sent) >= least, "there was no load"
    assert min(len(numbers) for numbers in known.sent_in_group.values()) >= least / 10
    assert known.lost() == []
    assert known.disordered() == []


def test_queues_survive_kills(tmp_path: Path) -> None:
    judge(run(tmp_path, rounds=2, seed=1), least=30)


@pytest.mark.endurance
def test_queues_survive_kills_for_five_minutes(tmp_path: Path) -> None:
    judge(run(tmp_path, rounds=200, seed=2), least=2000)
