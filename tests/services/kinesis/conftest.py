"""Streams for the tests: made, active, and read from the beginning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from iam_fixtures import as_user, iam, refusal, with_session
from running_server import Client, RunningServer

__all__ = ["as_user", "iam", "refusal", "with_session"]


@pytest.fixture
def kinesis(client: Client) -> Any:
    return client("kinesis", parameter_validation=False)


@pytest.fixture
def settle(server: RunningServer, kinesis: Any) -> Callable[[str], dict[str, Any]]:
    """Lets a stream's change come to its end; what DescribeStream then tells."""

    def wait(name: str) -> dict[str, Any]:
        server.advance(1)
        while True:
            described = kinesis.describe_stream(StreamName=name)["StreamDescription"]
            if described["StreamStatus"] == "ACTIVE":
                return described

    return wait


@pytest.fixture
def stream(kinesis: Any, settle: Callable[[str], dict[str, Any]]) -> Callable[..., str]:
    """Makes a stream that is active."""

    def make(name: str = "orders", shards: int = 1, **more: Any) -> str:
        kinesis.create_stream(StreamName=name, ShardCount=shards, **more)
        settle(name)
        return name

    return make


@pytest.fixture
def read(kinesis: Any) -> Callable[..., list[bytes]]:
    """What a shard holds from its beginning on."""

    def data(name: str, shard_id: str = "shardId-000000000000") -> list[bytes]:
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]

    return data
