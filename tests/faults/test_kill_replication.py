"""The server killed while regions write to one global table: no write is lost, and the regions converge."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError

from cloud_process import CloudProcess

ROUNDS = 3
REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
SHARED_ITEMS = 5
CONVERGE_SECONDS = 20


def test_replicas_converge_after_every_kill(tmp_path: Path) -> None:
    source = random.Random("replication")
    acknowledged: dict[str, int] = {}
    with CloudProcess(tmp_path) as cloud:
        _create(cloud)
        for _ in range(ROUNDS):
            assert _write_until_killed(cloud, source, acknowledged) >= 50, "there was no load"
            cloud.start()
            held = _converged(cloud)
            for writer, count in acknowledged.items():
                # One that was under way at the kill may have been done as well.
                assert held[writer] in (count, count + 1)
            acknowledged |= {writer: held[writer] for writer in acknowledged}


def test_a_replica_is_made_whole_although_the_server_is_killed(tmp_path: Path) -> None:
    with CloudProcess(tmp_path) as cloud:
        _create_table(cloud)
        home = cloud.client("dynamodb")
        for start in range(0, 5000, 25):
            puts = [{"PutRequest": {"Item": {"id": {"S": str(each)}}}} for each in range(start, start + 25)]
            home.batch_write_item(RequestItems={"global": puts})
        _replicate(home, REGIONS[1])
        for _ in range(2):
            cloud.kill()
            cloud.start()
            home = cloud.client("dynamodb")
            home.put_item(TableName="global", Item={"id": {"S": "late"}})
            home.delete_item(TableName="global", Key={"id": {"S": "4999"}})
        _wait_for(home, REGIONS[1])
        assert len(_converged(cloud, REGIONS[:2])) == 5000


def _create(cloud: CloudProcess) -> None:
    _create_table(cloud)
    home = cloud.client("dynamodb")
    for region in REGIONS[1:]:
        _replicate(home, region)
        _wait_for(home, region)


def _create_table(cloud: CloudProcess) -> None:
    cloud.client("dynamodb").create_table(
        TableName="global",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )


def _replicate(home: Any, region: str) -> None:
    home.update_table(TableName="global", ReplicaUpdates=[{"Create": {"RegionName": region}}])


def _wait_for(home: Any, region: str) -> None:
    deadline = time.monotonic() + CONVERGE_SECONDS
    while True:
        replicas = home.describe_table(TableName="global")["Table"]["Replicas"]
        if {"RegionName": region, "ReplicaStatus": "ACTIVE"}.items() <= replicas[-1].items():
            return
        assert time.monotonic() < deadline


def _write_until_killed(cloud: CloudProcess, source: random.Random, acknowledged: dict[str, int]) -> int:
    """Writes in all regions, then kills the server; how many writes were acknowledged."""
    enough = threading.Semaphore(0)

    def write(region: str, seed: float) -> int:
        client, choices, done = cloud.client("dynamodb", region=region), random.Random(seed), 0
        while True:
            try:
                count = acknowledged.get(region, 0) + 1
                _put(client, region, count)
                acknowledged[region] = count
                _touch(client, choices)
            except BotoCoreError:
                return done
            done += 2
            enough.release()

    with ThreadPoolExecutor(len(REGIONS)) as pool:
        running = [pool.submit(write, region, source.random()) for region in REGIONS]
        for _ in range(source.randint(60, 200)):
            if not enough.acquire(timeout=5):
                break
        cloud.kill()
    return sum(each.result() for each in running)


def _put(client: Any, name: str, count: int) -> None:
    client.put_item(TableName="global", Item={"id": {"S": name}, "count": {"N": str(count)}})


def _touch(client: Any, choices: random.Random) -> None:
    """Puts or deletes an item that the writers of other regions put and delete, too."""
    name = f"shared {choices.randrange(SHARED_ITEMS)}"
    if choices.random() < 0.3:
        client.delete_item(TableName="global", Key={"id": {"S": name}})
    else:
        _put(client, name, choices.randrange(1000))


def _converged(cloud: CloudProcess, regions: tuple[str, ...] = REGIONS) -> dict[str, int]:
    """What all regions hold once they hold the same."""
    deadline = time.monotonic() + CONVERGE_SECONDS
    while True:
        held = [_held(cloud.client("dynamodb", region=region)) for region in regions]
        if all(each == held[0] for each in held):
            return held[0]
        assert time.monotonic() < deadline, "the regions hold different items"


def _held(client: Any) -> dict[str, int]:
    pages = client.get_paginator("scan").paginate(TableName="global", ConsistentRead=True)
    return {
        item["id"]["S"]: int(item.get("count", {}).get("N", 0)) for page in pages for item in page["Items"]
    }
