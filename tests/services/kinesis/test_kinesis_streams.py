from __future__ import annotations

import pytest

from cloudlet.core.access import Principal
from refusals import refusal

LAST_HASH = str(2**128 - 1)


def test_a_new_stream_is_creating_and_has_no_shards_yet(server, account):
    call = server.app.cloud.call("kinesis", Principal.root(account), account, "us-east-1")

    async def create_and_look():
        await call.ask("kinesis", "CreateStream", {"StreamName": "s", "ShardCount": 2})
        return await call.ask("kinesis", "DescribeStream", {"StreamName": "s"})

    described = server.run(create_and_look())["StreamDescription"]
    assert (described["StreamStatus"], described["Shards"]) == ("CREATING", [])


def test_a_stream_of_three_shards_divides_the_hash_keys_as_aws_does(kinesis, account, stream):
    stream("three", 3)
    described = kinesis.describe_stream(StreamName="three")["StreamDescription"]
    shards = described.pop("Shards")
    del described["StreamCreationTimestamp"]
    assert described == {
        "StreamName": "three",
        "StreamARN": f"arn:aws:kinesis:us-east-1:{account}:stream/three",
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "HasMoreShards": False,
        "RetentionPeriodHours": 24,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE",
    }
    assert [shard["ShardId"] for shard in shards] == [f"shardId-00000000000{n}" for n in range(3)]
    assert [shard["HashKeyRange"] for shard in shards] == [
        {"StartingHashKey": "0", "EndingHashKey": "113427455640312821154458202477256070484"},
        {
            "StartingHashKey": "113427455640312821154458202477256070485",
            "EndingHashKey": "226854911280625642308916404954512140969",
        },
        {"StartingHashKey": "226854911280625642308916404954512140970", "EndingHashKey": LAST_HASH},
    ]
    starts = [int(shard["SequenceNumberRange"]["StartingSequenceNumber"]) for shard in shards]
    assert all(len(str(start)) == 56 and str(start).startswith("49") for start in starts)
    assert starts[1] - starts[0] == starts[2] - starts[1] == 22300745198530623141535718272648361505980432


def test_without_a_number_of_shards_a_stream_is_on_demand_and_has_four(kinesis, settle):
    kinesis.create_stream(StreamName="free")
    described = settle("free")
    assert described["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert len(described["Shards"]) == 4


def test_a_name_that_is_taken_is_refused(kinesis, account, stream):
    stream("taken")
    assert refusal(kinesis.create_stream, StreamName="taken", ShardCount=1) == (
        "ResourceInUseException",
        f"Stream taken under account {account} already exists.",
    )


@pytest.mark.parametrize("operation", ["describe_stream", "describe_stream_summary", "delete_stream"])
def test_a_stream_that_is_not_there_is_refused(kinesis, account, operation):
    assert refusal(getattr(kinesis, operation), StreamName="none") == (
        "ResourceNotFoundException",
        f"Stream none under account {account} not found.",
    )


def test_a_summary_counts_open_shards(kinesis, stream):
    stream("counted", 2)
    summary = kinesis.describe_stream_summary(StreamName="counted")["StreamDescriptionSummary"]
    assert (summary["OpenShardCount"], summary["ConsumerCount"]) == (2, 0)


def test_streams_are_listed_page_by_page(kinesis, stream):
    for name in ("a", "b", "c"):
        stream(name)
    first = kinesis.list_streams(Limit=2)
    assert (first["StreamNames"], first["HasMoreStreams"]) == (["a", "b"], True)
    second = kinesis.list_streams(Limit=2, NextToken=first["NextToken"])
    assert (second["StreamNames"], second["HasMoreStreams"]) == (["c"], False)
    assert "NextToken" not in second
    assert kinesis.list_streams(ExclusiveStartStreamName="a")["StreamNames"] == ["b", "c"]
    assert second["StreamSummaries"][0]["StreamStatus"] == "ACTIVE"


def test_shards_are_described_page_by_page(kinesis, stream):
    stream("many", 3)
    first = kinesis.describe_stream(StreamName="many", Limit=2)["StreamDescription"]
    assert (len(first["Shards"]), first["HasMoreShards"]) == (2, True)
    last = first["Shards"][-1]["ShardId"]
    rest = kinesis.describe_stream(StreamName="many", ExclusiveStartShardId=last)["StreamDescription"]
    assert [shard["ShardId"] for shard in rest["Shards"]] == ["shardId-000000000002"]


def test_a_deleted_stream_is_deleting_and_then_gone(server, kinesis, stream, account):
    stream("brief")
    kinesis.delete_stream(StreamName="brief")
    server.advance(1)
    while kinesis.list_streams()["StreamNames"]:
        pass
    assert refusal(kinesis.describe_stream, StreamName="brief")[0] == "ResourceNotFoundException"


def test_a_stream_is_found_by_its_arn(kinesis, stream, account):
    stream("named")
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/named"
    described = kinesis.describe_stream(StreamARN=arn)["StreamDescription"]
    assert described["StreamName"] == "named"


@pytest.mark.unverified("AWS's text for a request that names no stream could not be looked up")
def test_a_request_must_name_a_stream(kinesis):
    assert refusal(kinesis.describe_stream) == (
        "InvalidArgumentException",
        "Must provide either StreamName or StreamARN.",
    )
