"""Dry runs: they are refused whatever they are, and leave nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

TRIED = ("DryRunOperationException", "The request was rejected because the DryRun parameter was specified.")
SHARD = "shardId-000000000000"


def test_a_dry_run_writes_nothing(kinesis, stream, read, refusal) -> None:
    stream()
    record = {"Data": b"x", "PartitionKey": "k"}
    assert refusal(kinesis.put_record, StreamName="orders", DryRun=True, **record) == TRIED
    assert refusal(kinesis.put_records, StreamName="orders", DryRun=True, Records=[record]) == TRIED
    assert read("orders") == []


def test_a_dry_run_reads_nothing(kinesis, stream, refusal) -> None:
    stream()
    request = {"StreamName": "orders", "ShardId": SHARD, "ShardIteratorType": "LATEST"}
    assert refusal(kinesis.get_shard_iterator, DryRun=True, **request) == TRIED
    iterator = kinesis.get_shard_iterator(**request)["ShardIterator"]
    assert refusal(kinesis.get_records, ShardIterator=iterator, DryRun=True) == TRIED


def test_a_dry_run_takes_no_subscription_over(kinesis, stream, server, refusal) -> None:
    stream()
    arn = kinesis.describe_stream(StreamName="orders")["StreamDescription"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="app")["Consumer"]["ConsumerARN"]
    server.advance(1)
    while not _is_active(kinesis, consumer):
        pass
    request: dict[str, Any] = {
        "ConsumerARN": consumer,
        "ShardId": SHARD,
        "StartingPosition": {"Type": "LATEST"},
    }
    assert refusal(kinesis.subscribe_to_shard, DryRun=True, **request) == TRIED
    kinesis.subscribe_to_shard(**request)["EventStream"].close()


def _is_active(kinesis: Any, consumer: str) -> bool:
    told = kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]
    return bool(told["ConsumerStatus"] == "ACTIVE")


@pytest.mark.parametrize("name", ["nobody", "orders"])
def test_what_would_fail_fails_in_its_own_words(kinesis, stream, as_user, refusal, name: str) -> None:
    stream()
    user = as_user("u", "kinesis:PutRecord", resource="arn:aws:kinesis:*:*:stream/nobody")("kinesis")
    code, _ = refusal(user.put_record, StreamName=name, Data=b"x", PartitionKey="k", DryRun=True)
    assert code == ("ResourceNotFoundException" if name == "nobody" else "AccessDeniedException")
