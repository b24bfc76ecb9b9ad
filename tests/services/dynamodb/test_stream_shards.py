from __future__ import annotations

import time
from itertools import count

import pytest
from botocore.exceptions import ClientError

from services.dynamodb.stream_readers import create_table, read, read_shard, shards

HOUR = 3600
UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


@pytest.fixture
def streams(client):
    return client("dynamodbstreams")


@pytest.fixture
def stream(dynamodb):
    return create_table(dynamodb)


@pytest.fixture
def eventually(advance):
    """Waits for what a worker does when its next sweep comes."""

    def wait(holds):
        deadline = time.monotonic() + 10
        for polls in count(1):
            if holds():
                return
            assert time.monotonic() < deadline
            advance(0 if polls % 200 else 60)

    return wait


def put(dynamodb, *names):
    for name in names:
        dynamodb.put_item(TableName="streamed", Item={"id": {"S": str(name)}})


def written(records):
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in records]


def ends(shard):
    numbers = shard["SequenceNumberRange"]
    return int(numbers["StartingSequenceNumber"]), int(numbers.get("EndingSequenceNumber", "0"))


@pytest.fixture
def rolled(dynamodb, streams, stream, advance, eventually):
    """A stream whose first shard has got a child; the shards."""
    put(dynamodb, "before")
    advance(4 * HOUR + 300)
    eventually(lambda: len(shards(streams, stream)) == 2)
    put(dynamodb, "after")
    return shards(streams, stream)


def test_a_shard_has_a_child_after_four_hours(streams, stream, rolled):
    parent, child = rolled
    assert child["ParentShardId"] == parent["ShardId"]
    assert parent["ShardId"] < child["ShardId"]
    assert ends(parent)[0] < ends(parent)[1] < ends(child)[0]
    assert ends(child)[1] == 0
    assert written(read_shard(streams, stream, parent["ShardId"])) == ["before"]
    assert written(read_shard(streams, stream, child["ShardId"])) == ["after"]


def test_the_end_of_a_closed_shard_gives_no_iterator(streams, stream, rolled):
    for kind in ("TRIM_HORIZON", "LATEST"):
        started = streams.get_shard_iterator(
            StreamArn=stream, ShardId=rolled[0]["ShardId"], ShardIteratorType=kind
        )
        answer = streams.get_records(ShardIterator=started["ShardIterator"])
        assert "NextShardIterator" not in answer


def test_shards_are_described_page_by_page(streams, stream, rolled):
    first = streams.describe_stream(StreamArn=stream, Limit=1)["StreamDescription"]
    assert first["Shards"] == rolled[:1]
    assert first["LastEvaluatedShardId"] == rolled[0]["ShardId"]
    start = {"StreamArn": stream, "ExclusiveStartShardId": rolled[0]["ShardId"]}
    last = streams.describe_stream(**start, Limit=1)["StreamDescription"]
    assert last["Shards"] == rolled[1:]
    assert "LastEvaluatedShardId" not in last
    beyond = streams.describe_stream(StreamArn=stream, ExclusiveStartShardId=rolled[1]["ShardId"])
    assert beyond["StreamDescription"]["Shards"] == []


def test_the_children_of_a_shard_can_be_asked_for(streams, stream, rolled):
    for parent, children in ((rolled[0], rolled[1:]), (rolled[1], [])):
        chosen = {"Type": "CHILD_SHARDS", "ShardId": parent["ShardId"]}
        described = streams.describe_stream(StreamArn=stream, ShardFilter=chosen)["StreamDescription"]
        assert described["Shards"] == children


def refusal_at(streams, stream, shard, number):
    """What AWS says to who wants to read from a number on, or None."""
    asked = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "AT_SEQUENCE_NUMBER"}
    try:
        streams.get_shard_iterator(**asked, SequenceNumber=number)
    except ClientError as refused:
        return refused.response["Error"]
    return None


def test_records_are_trimmed_after_a_day(dynamodb, streams, stream, advance, eventually):
    put(dynamodb, "old")
    (shard,) = shards(streams, stream)
    number = read(streams, stream)[0]["dynamodb"]["SequenceNumber"]
    advance(4 * HOUR)
    put(dynamodb, "young")
    advance(20 * HOUR)
    eventually(lambda: refusal_at(streams, stream, shard, number))
    assert refusal_at(streams, stream, shard, number) == {
        "Code": "TrimmedDataAccessException",
        "Message": "The data you are trying to access has been trimmed",
    }
    assert written(read(streams, stream)) == ["young"]


def test_what_an_iterator_pointed_to_may_be_trimmed(dynamodb, streams, stream, advance, eventually, refused):
    put(dynamodb, "old")
    (shard,) = shards(streams, stream)
    number = read(streams, stream)[0]["dynamodb"]["SequenceNumber"]
    advance(24 * HOUR - 300)
    asked = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(**asked)["ShardIterator"]
    advance(310)
    eventually(lambda: refusal_at(streams, stream, shard, number))
    code, _ = refused(streams.get_records, ShardIterator=iterator)
    assert code == "TrimmedDataAccessException"


def test_a_closed_shard_is_forgotten_once_its_records_are(streams, stream, rolled, advance, eventually):
    advance(25 * HOUR)
    eventually(lambda: rolled[0]["ShardId"] not in [each["ShardId"] for each in shards(streams, stream)])
    assert shards(streams, stream)[0]["ParentShardId"] == rolled[0]["ShardId"]


def test_a_stopped_stream_is_forgotten_after_a_day(dynamodb, streams, stream, advance, eventually, refused):
    put(dynamodb, "a")
    dynamodb.update_table(TableName="streamed", StreamSpecification={"StreamEnabled": False})
    advance(23 * HOUR)
    assert written(read(streams, stream)) == ["a"]
    advance(2 * HOUR)
    eventually(lambda: streams.list_streams()["Streams"] == [])
    code, _ = refused(streams.describe_stream, StreamArn=stream)
    assert code == "ResourceNotFoundException"
    assert dynamodb.describe_table(TableName="streamed")["Table"]["LatestStreamArn"] == stream


def provisioned(dynamodb, writes):
    definition = {
        "TableName": "streamed",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "ProvisionedThroughput": {**UNITS, "WriteCapacityUnits": writes},
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    }
    return dynamodb.create_table(**definition)["TableDescription"]["LatestStreamArn"]


def test_a_table_of_several_partitions_has_as_many_shards(dynamodb, streams):
    arn = provisioned(dynamodb, 3500)
    names = {str(number) for number in range(60)}
    put(dynamodb, *names)
    found = [set(written(read_shard(streams, arn, each["ShardId"]))) for each in shards(streams, arn)]
    assert len(found) == 4
    assert all(found)
    assert sum(map(len, found)) == 60
    assert set.union(*found) == names


def test_shards_split_when_a_table_gets_more_throughput(dynamodb, streams):
    arn = provisioned(dynamodb, 900)
    names = [str(number) for number in range(40)]
    put(dynamodb, *names)
    units = {**UNITS, "WriteCapacityUnits": 1800}
    dynamodb.update_table(TableName="streamed", ProvisionedThroughput=units)
    for name in names:
        dynamodb.update_item(
            TableName="streamed",
            Key={"id": {"S": name}},
            UpdateExpression="SET n = :n",
            ExpressionAttributeValues={":n": {"N": "1"}},
        )
    parent, *children = shards(streams, arn)
    assert [child["ParentShardId"] for child in children] == [parent["ShardId"]] * 2
    assert written(read_shard(streams, arn, parent["ShardId"])) == names
    later = [written(read_shard(streams, arn, child["ShardId"])) for child in children]
    assert all(later)
    assert sorted(later[0] + later[1]) == sorted(names)
    assert all(ends(child)[0] > ends(parent)[1] for child in children)
