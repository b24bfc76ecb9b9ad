from __future__ import annotations

import pytest

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
