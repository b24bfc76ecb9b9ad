from __future__ import annotations

import pytest

from cloudlet.core.access import Principal
from cloudlet.services.kinesis import manifest
from cloudlet.services.kinesis.errors import ResourceInUseException
from refusals import refusal


def ids(answer):
    return [int(shard["ShardId"][-12:]) for shard in answer["Shards"]]


def test_shards_are_listed_as_they_are_described(kinesis, stream):
    stream("three", 3)
    listed = kinesis.list_shards(StreamName="three")
    assert listed["Shards"] == kinesis.describe_stream(StreamName="three")["StreamDescription"]["Shards"]
    assert "NextToken" not in listed


def test_shards_are_listed_page_by_page(kinesis, stream):
    stream("three", 3)
    first = kinesis.list_shards(StreamName="three", MaxResults=2)
    assert ids(first) == [0, 1]
    second = kinesis.list_shards(NextToken=first["NextToken"], MaxResults=2)
    assert (ids(second), "NextToken" in second) == ([2], False)
    assert ids(kinesis.list_shards(StreamName="three", ExclusiveStartShardId="shardId-000000000000")) == [
        1,
        2,
    ]


def test_a_token_says_alone_which_stream_is_meant(kinesis, stream):
    stream("three", 3)
    token = kinesis.list_shards(StreamName="three", MaxResults=1)["NextToken"]
    assert refusal(kinesis.list_shards, StreamName="three", NextToken=token) == (
        "InvalidArgumentException",
        "NextToken and StreamName cannot be provided together.",
    )


@pytest.mark.unverified("AWS's text for an expired token could not be looked up")
def test_a_token_expires_after_five_minutes(server, kinesis, stream):
    stream("three", 3)
    token = kinesis.list_shards(StreamName="three", MaxResults=1)["NextToken"]
    server.advance(300)
    assert refusal(kinesis.list_shards, NextToken=token) == (
        "ExpiredNextTokenException",
        "NextToken expired.",
    )


@pytest.mark.unverified("AWS's text for a token that is none could not be looked up")
def test_what_is_no_token_is_refused(kinesis):
    assert refusal(kinesis.list_shards, NextToken="nonsense")[0] == "InvalidArgumentException"


def test_shards_of_a_stream_that_is_not_there_are_refused(kinesis, account):
    assert refusal(kinesis.list_shards, StreamName="none") == (
        "ResourceNotFoundException",
        f"Stream none under account {account} not found.",
    )


def hashes(shards):
    return [
        (int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"]))
        for shard in shards
    ]


def is_open(shard):
    return "EndingSequenceNumber" not in shard["SequenceNumberRange"]


def test_a_split_shard_ends_and_its_children_begin(kinesis, stream, settle):
    stream("s")
    kinesis.put_record(StreamName="s", Data="before", PartitionKey="a", ExplicitHashKey="1")
    assert kinesis.split_shard(StreamName="s", ShardToSplit="any-0", NewStartingHashKey="2") is not None
    parent, low, high = settle("s")["Shards"]
    assert hashes([parent, low, high]) == [(0, 2**128 - 1), (0, 1), (2, 2**128 - 1)]
    assert [is_open(shard) for shard in (parent, low, high)] == [False, True, True]
    assert low["ParentShardId"] == high["ParentShardId"] == "shardId-000000000000"
    assert "AdjacentParentShardId" not in low
    ending = int(parent["SequenceNumberRange"]["EndingSequenceNumber"])
    starting = int(low["SequenceNumberRange"]["StartingSequenceNumber"])
    assert f"{ending:x}"[11:27] == "7fffffffffffffff"
    assert int(f"{starting:x}"[1:10], 16) - int(f"{ending:x}"[29:38], 16) == 1
    put = kinesis.put_record(StreamName="s", Data="after", PartitionKey="a", ExplicitHashKey="1")
    assert put["ShardId"] == "shardId-000000000001"


def test_a_closed_shard_is_read_to_its_end_which_tells_the_children(kinesis, stream, settle):
    stream("s")
    kinesis.put_record(StreamName="s", Data="before", PartitionKey="a")
    iterator = kinesis.get_shard_iterator(
        StreamName="s", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey="2")
    settle("s")
    first = kinesis.get_records(ShardIterator=iterator)
    assert [record["Data"] for record in first["Records"]] == [b"before"]
    assert "ChildShards" not in first
    end = kinesis.get_records(ShardIterator=first["NextShardIterator"])
    assert end["Records"] == []
    assert "NextShardIterator" not in end
    assert end["ChildShards"] == [
        {
            "ShardId": "shardId-000000000001",
            "ParentShards": ["shardId-000000000000"],
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "1"},
        },
        {
            "ShardId": "shardId-000000000002",
            "ParentShards": ["shardId-000000000000"],
            "HashKeyRange": {"StartingHashKey": "2", "EndingHashKey": str(2**128 - 1)},
        },
    ]


def test_merged_shards_have_one_child(kinesis, stream, settle):
    stream("s", 3)
    kinesis.merge_shards(StreamName="s", ShardToMerge="x-0", AdjacentShardToMerge="x-1")
    shards = settle("s")["Shards"]
    assert [is_open(shard) for shard in shards] == [False, False, True, True]
    assert shards[3]["ParentShardId"] == "shardId-000000000000"
    assert shards[3]["AdjacentParentShardId"] == "shardId-000000000001"
    assert hashes(shards[3:]) == [(0, 226854911280625642308916404954512140969)]


@pytest.mark.parametrize(
    ("hash_key", "shard", "first", "last"),
    [
        ("1", 0, 0, 113427455640312821154458202477256070484),
        ("113427455640312821154458202477256070484", 0, 0, 113427455640312821154458202477256070484),
        ("9" * 39, 2, 226854911280625642308916404954512140970, 2**128 - 1),
    ],
)
def test_a_split_outside_of_the_shard_is_refused(kinesis, stream, account, hash_key, shard, first, last):
    stream("s", 3)
    assert refusal(
        kinesis.split_shard, StreamName="s", ShardToSplit=f"shard-{shard}", NewStartingHashKey=hash_key
    ) == (
        "InvalidArgumentException",
        f"NewStartingHashKey {hash_key} used in SplitShard() on shard shardId-{shard:012d} in stream s under "
        f"account {account} is not both greater than one plus the shard's StartingHashKey {first} and less "
        f"than the shard's EndingHashKey {last}.",
    )


@pytest.mark.parametrize(("one", "other"), [(0, 2), (1, 0)])
def test_shards_that_are_no_neighbours_are_not_merged(kinesis, stream, account, one, other):
    stream("s", 3)
    assert refusal(
        kinesis.merge_shards, StreamName="s", ShardToMerge=f"x-{one}", AdjacentShardToMerge=f"x-{other}"
    ) == (
        "InvalidArgumentException",
        f"Shards shardId-{one:012d} and shardId-{other:012d} in stream s under account {account} are not an "
        "adjacent pair of shards eligible for merging",
    )


@pytest.mark.parametrize(
    ("name", "shard", "text"),
    [
        ("none", "2147483647", "Stream none under account {} not found."),
        ("none", "2147483648", "Could not find shard 2147483648 in stream none under account {}."),
        ("s", "shardId-5", "Could not find shard shardId-000000000005 in stream s under account {}."),
    ],
)
def test_a_shard_that_is_not_there_is_neither_split_nor_merged(kinesis, stream, account, name, shard, text):
    stream("s", 2)
    refused = ("ResourceNotFoundException", text.format(account))
    assert (
        refusal(kinesis.split_shard, StreamName=name, ShardToSplit=shard, NewStartingHashKey="0") == refused
    )
    assert (
        refusal(kinesis.merge_shards, StreamName=name, ShardToMerge="x-0", AdjacentShardToMerge=shard)
        == refused
    )


def test_a_shard_that_was_split_is_not_split_again(kinesis, stream, settle, account):
    stream("s")
    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-0", NewStartingHashKey="9")
    settle("s")
    assert refusal(
        kinesis.split_shard, StreamName="s", ShardToSplit="shardId-0", NewStartingHashKey="99"
    ) == (
        "InvalidArgumentException",
        f"Shard shardId-000000000000 in stream s under account {account} has already been merged or split, "
        "and thus is not eligible for merging or splitting.",
    )


def test_a_stream_that_changes_is_not_changed_again(server, account, stream):
    stream("s")
    call = server.app.cloud.call("kinesis", Principal.root(account), account, "us-east-1")

    async def split_twice():
        request = {"StreamName": "s", "ShardToSplit": "shardId-0", "NewStartingHashKey": "9"}
        await call.ask("kinesis", "SplitShard", request)
        described = await call.ask("kinesis", "DescribeStream", {"StreamName": "s"})
        assert described["StreamDescription"]["StreamStatus"] == "UPDATING"
        assert len(described["StreamDescription"]["Shards"]) == 1
        await call.ask("kinesis", "PutRecord", {"StreamName": "s", "Data": b"", "PartitionKey": "k"})
        await call.ask("kinesis", "SplitShard", request)

    with pytest.raises(ResourceInUseException) as refused:
        server.run(split_twice())
    assert refused.value.message == f"Stream s under account {account} not ACTIVE, instead in state UPDATING"


@pytest.mark.parametrize(("count", "target", "total"), [(2, 4, 6), (4, 2, 6), (4, 5, 15), (1, 2, 3)])
def test_a_new_number_of_shards_makes_them_equal(kinesis, stream, settle, count, target, total):
    stream("s", count)
    answer = kinesis.update_shard_count(
        StreamName="s", TargetShardCount=target, ScalingType="UNIFORM_SCALING"
    )
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (count, target)
    shards = settle("s")["Shards"]
    width = 2**128 // target
    expected = [width * n for n in range(target)]
    assert len(shards) == total
    assert sorted(first for first, _ in hashes(filter(is_open, shards))) == expected
    summary = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == target


@pytest.mark.parametrize(
    ("count", "target", "text"),
    [
        (2, 6, "UpdateShardCount cannot scale up over double your current open shard count."),
        (6, 2, "UpdateShardCount cannot scale down below half your current open shard count."),
        (2, 10_001, "Target shard count or number of open shards cannot be greater than 10000."),
    ],
)
def test_a_number_of_shards_too_far_away_is_refused(kinesis, stream, count, target, text):
    stream("s", count)
    assert refusal(
        kinesis.update_shard_count,
        StreamName="s",
        TargetShardCount=target,
        ScalingType="UNIFORM_SCALING",
    ) == (
        "LimitExceededException",
        f"{text} Current open shard count: {count}, Target shard count: {target}",
    )


@pytest.mark.unverified("AWS documents the quota, but its text could not be looked up")
def test_the_number_of_shards_changes_ten_times_a_day(server, kinesis, stream, settle):
    stream("s")
    for target in (2, 1) * 5:
        kinesis.update_shard_count(StreamName="s", TargetShardCount=target, ScalingType="UNIFORM_SCALING")
        settle("s")
    request = {"StreamName": "s", "TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}
    assert refusal(kinesis.update_shard_count, **request)[0] == "LimitExceededException"
    server.advance(86400)
    kinesis.update_shard_count(**request)


def test_more_shards_than_an_account_may_have_are_refused(kinesis, account, stream):
    stream("s", 3)
    assert refusal(kinesis.create_stream, StreamName="t", ShardCount=20_000) == (
        "LimitExceededException",
        f"This request would exceed the shard limit for the account {account} in us-east-1. Current shard "
        "count for the account: 3. Limit: 20000. Number of additional shards that would have resulted from "
        "this request: 20000. Refer to the AWS Service Limits page "
        "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how "
        "to request higher limits.",
    )


def test_filters_choose_shards_by_their_life(server, kinesis, stream, settle):
    stream("s")
    server.advance(60)
    before = server.app.cloud.clock.time()
    server.advance(60)
    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-0", NewStartingHashKey="9")
    settle("s")
    server.advance(60)

    def listed(kind, **more):
        return ids(kinesis.list_shards(StreamName="s", ShardFilter={"Type": kind, **more}))

    now = server.app.cloud.clock.time()
    assert listed("AT_LATEST") == [1, 2]
    assert listed("AT_TRIM_HORIZON") == [0]
    assert listed("FROM_TRIM_HORIZON") == [0, 1, 2]
    assert listed("AT_TIMESTAMP", Timestamp=before) == [0]
    assert listed("AT_TIMESTAMP", Timestamp=now) == [1, 2]
    assert listed("FROM_TIMESTAMP", Timestamp=before) == [0, 1, 2]
    assert listed("FROM_TIMESTAMP", Timestamp=now) == [1, 2]
    assert listed("AFTER_SHARD_ID", ShardId="shardId-000000000001") == [2]


def test_what_has_expired_is_removed_hour_by_hour(server, kinesis, stream, settle):
    stream("s")
    kinesis.put_record(StreamName="s", Data="old", PartitionKey="k")
    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-0", NewStartingHashKey="9")
    settle("s")
    server.advance(25 * 3600)
    (retention,) = [worker for worker in manifest.SERVICE.workers if worker.name == "kinesis-retention"]
    server.run(retention(server.app.cloud).sweep())
    assert ids(kinesis.list_shards(StreamName="s")) == [1, 2]


@pytest.mark.unverified("AWS's text for shards of on-demand streams could not be looked up")
def test_shards_of_an_on_demand_stream_are_its_own_affair(kinesis, settle, account):
    kinesis.create_stream(StreamName="free")
    settle("free")
    assert refusal(
        kinesis.split_shard, StreamName="free", ShardToSplit="shardId-0", NewStartingHashKey="9"
    ) == (
        "ValidationException",
        f"Request is invalid. Stream free under account {account} is in On-Demand mode.",
    )
