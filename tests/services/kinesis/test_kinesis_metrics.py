"""What CloudWatch knows of streams, shards and consumers."""

from __future__ import annotations

from typing import Any

import pytest

from metric_readings import Readings

SHARD = "shardId-000000000000"


@pytest.fixture
def readings(client, server) -> Readings:
    return Readings(client("cloudwatch"), server, "AWS/Kinesis")


def get(kinesis: Any) -> None:
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId=SHARD, ShardIteratorType="TRIM_HORIZON"
    )
    kinesis.get_records(ShardIterator=iterator["ShardIterator"])


def test_writes_and_reads_are_counted(kinesis, stream, readings) -> None:
    stream()
    kinesis.put_record(StreamName="orders", Data=b"12345", PartitionKey="k")
    kinesis.put_records(StreamName="orders", Records=[{"Data": b"1", "PartitionKey": "k"}] * 3)
    get(kinesis)
    wanted = {
        "IncomingBytes": 12.0,
        "IncomingRecords": 4.0,
        "PutRecord.Bytes": 6.0,
        "PutRecord.Success": 1.0,
        "PutRecords.Bytes": 6.0,
        "PutRecords.Success": 1.0,
        "PutRecords.Records": 3.0,
        "PutRecords.TotalRecords": 3.0,
        "PutRecords.SuccessfulRecords": 3.0,
        "PutRecords.FailedRecords": 0.0,
        "PutRecords.ThrottledRecords": 0.0,
        "GetRecords.Bytes": 12.0,
        "GetRecords.Records": 4.0,
        "GetRecords.Success": 1.0,
        "GetRecords.IteratorAgeMilliseconds": 0.0,
        "ReadProvisionedThroughputExceeded": 0.0,
        "WriteProvisionedThroughputExceeded": 0.0,
    }
    assert {name: readings.statistic(name, StreamName="orders") for name in wanted} == wanted
    latencies = {f"{name}.Latency" for name in ("PutRecord", "PutRecords", "GetRecords")}
    assert readings.names() == wanted.keys() | latencies


def test_shards_are_counted_where_that_is_wished_for(kinesis, stream, readings) -> None:
    stream()
    kinesis.enable_enhanced_monitoring(
        StreamName="orders", ShardLevelMetrics=["IncomingRecords", "OutgoingBytes", "IteratorAgeMilliseconds"]
    )
    kinesis.put_record(StreamName="orders", Data=b"12345", PartitionKey="k")
    get(kinesis)
    of_shard = {"StreamName": "orders", "ShardId": SHARD}
    assert readings.statistic("IncomingRecords", **of_shard) == 1.0
    assert readings.statistic("OutgoingBytes", **of_shard) == 6.0
    assert readings.statistic("IteratorAgeMilliseconds", **of_shard) == 0.0
    assert readings.statistic("IncomingBytes", **of_shard) is None


def test_what_is_pushed_is_counted_for_the_consumer(kinesis, stream, readings, server) -> None:
    stream()
    kinesis.put_record(StreamName="orders", Data=b"12345", PartitionKey="k")
    arn = kinesis.describe_stream(StreamName="orders")["StreamDescription"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="app")["Consumer"]["ConsumerARN"]
    while (
        kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]["ConsumerStatus"]
        != "ACTIVE"
    ):
        server.advance(1)
    events = kinesis.subscribe_to_shard(
        ConsumerARN=consumer, ShardId=SHARD, StartingPosition={"Type": "TRIM_HORIZON"}
    )["EventStream"]
    next(iter(events))
    events.close()
    of_consumer = {"StreamName": "orders", "ConsumerName": "app"}
    assert readings.statistic("SubscribeToShardEvent.Records", **of_consumer) == 1.0
    assert readings.statistic("SubscribeToShardEvent.Bytes", **of_consumer) == 6.0
