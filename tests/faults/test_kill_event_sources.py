"""Producers, functions and the server are killed: what was acknowledged is handled, and in its order."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from cloud_process import CloudProcess
from faults import event_sources
from faults.event_sources import LEASE_SECONDS, VISIBILITY_SECONDS, Sent

FIVE_MINUTES = 300


def survive(folder: Path, source: random.Random, seconds: float, least: float, most: float) -> None:
    """Kills the server again and again for so long; then nothing may be lost, stuck or out of order."""
    sent = Sent()
    with CloudProcess(folder, "--data", str(folder / "data")) as cloud:
        urls = event_sources.create(cloud)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            event_sources.produce(cloud, urls, sent, source.uniform(least, most))
            cloud.start()
            # The leases of the dead server, and the messages that it had received.
            event_sources.advance(cloud, LEASE_SECONDS + VISIBILITY_SECONDS)
        missing = event_sources.missing_in_time(cloud, sent, 30)
        print(f"{len(sent.names)} were acknowledged in {sent.kills} lives of the server")
        assert missing == set(), f"{len(missing)} of {len(sent.names)} are not handled"
        assert event_sources.out_of_order(sent, event_sources.handled(cloud)) == []


def test_what_was_sent_before_a_kill_is_handled_after_it(tmp_path: Path) -> None:
    survive(tmp_path, random.Random("event sources"), seconds=1, least=1, most=1.5)


@pytest.mark.endurance
def test_nothing_is_lost_stuck_or_out_of_order_in_five_minutes_of_kills(tmp_path: Path) -> None:
    survive(tmp_path, random.Random("five minutes"), seconds=FIVE_MINUTES, least=1, most=8)
