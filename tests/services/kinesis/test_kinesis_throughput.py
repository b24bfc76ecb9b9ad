"""A server that holds streams to AWS's throughput; the shared one does not."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from cloudlet.config import Config
from refusals import refusal
from running_server import RunningServer

SHARD = "shardId-000000000000"
SUBSCRIBED_SECONDS = 300


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = RunningServer(Config(data=tmp_path_factory.mktemp("limits"), port=0, throughput_limits=True))
    yield running
    running.close()


@pytest.fixture
def iterator_of(kinesis):
    def make():
        answer = kinesis.get_shard_iterator(
            StreamName="orders", ShardId=SHARD, ShardIteratorType="TRIM_HORIZON"
        )
        return answer["ShardIterator"]

    return make


def rate_exceeded(account):
    return f"Rate exceeded for shard {SHARD} in stream orders under account {account}."


def test_a_shard_takes_a_megabyte_a_second(server, kinesis, stream, account):
    stream()
    request = {"StreamName": "orders", "Data": b"x" * 1_000_000, "PartitionKey": "k"}
    server.advance(1)
    codes = [_code(kinesis.put_record, request) for _ in range(3)]
    # A second may end between two of them.
    assert codes.count("ProvisionedThroughputExceededException") >= 1
    server.advance(1)
    kinesis.put_record(**request)


def _code(call, request):
    try:
        call(**request)
    except ClientError as error:
        assert rate_exceeded("")[:30] in str(error)
        return error.response["Error"]["Code"]
    return None


def test_a_batch_is_taken_as_far_as_there_is_room(server, kinesis, stream, account):
    stream()
    server.advance(1)
    records = [{"Data": b"x" * 400_000, "PartitionKey": "k"}] * 4
    answer = kinesis.put_records(StreamName="orders", Records=records)
    taken, refused = answer["Records"][:2], answer["Records"][2:]
    assert answer["FailedRecordCount"] == 2
    assert all("SequenceNumber" in each for each in taken)
    assert (
        refused
        == [
            {
                "ErrorCode": "ProvisionedThroughputExceededException",
                "ErrorMessage": rate_exceeded(account),
            }
        ]
        * 2
    )
    server.advance(1)


def test_a_shard_is_read_five_times_a_second(server, kinesis, stream, iterator_of, account):
    stream()
    iterator = iterator_of()
    codes = [_code(kinesis.get_records, {"ShardIterator": iterator}) for _ in range(12)]
    assert "ProvisionedThroughputExceededException" in codes[5:]
    server.advance(1)
    kinesis.get_records(ShardIterator=iterator_of())


def test_who_read_much_has_to_wait(server, kinesis, stream, iterator_of, account):
    stream()
    for _ in range(6):
        kinesis.put_record(StreamName="orders", Data=b"x" * 1_000_000, PartitionKey="k")
        server.advance(1)
    assert len(kinesis.get_records(ShardIterator=iterator_of())["Records"]) == 6
    assert refusal(kinesis.get_records, ShardIterator=iterator_of()) == (
        "ProvisionedThroughputExceededException",
        rate_exceeded(account),
    )
    server.advance(3)
    kinesis.get_records(ShardIterator=iterator_of())


def test_many_small_reads_are_held_to_the_same_bytes_a_second(server, kinesis, stream, iterator_of, account):
    stream()
    kinesis.put_record(StreamName="orders", Data=b"x" * 1_000_000, PartitionKey="k")
    iterator = iterator_of()
    server.advance(1)
    codes = [_code(kinesis.get_records, {"ShardIterator": iterator, "Limit": 1}) for _ in range(6)]
    # A second may end between two of them.
    assert "ProvisionedThroughputExceededException" in codes[3:5]


def test_a_consumer_is_pushed_two_megabytes_a_second(server, kinesis, stream):
    stream()
    for number in range(6):
        kinesis.put_record(StreamName="orders", Data=b"%d" % number + b"x" * 1_000_000, PartitionKey="k")
        server.advance(1)
    arn = kinesis.describe_stream(StreamName="orders")["StreamDescription"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="app")["Consumer"]["ConsumerARN"]
    server.advance(1)
    position = {"Type": "TRIM_HORIZON"}
    begun = None
    while begun is None:
        begun = _subscribed(kinesis, ConsumerARN=consumer, ShardId=SHARD, StartingPosition=position)
    since, found = server.clock.time(), []
    for event in begun["EventStream"]:
        found += event["SubscribeToShardEvent"]["Records"]
        if len(found) == 6:
            break
    assert server.clock.time() - since > 1.5
    begun["EventStream"].close()
    server.advance(SUBSCRIBED_SECONDS)


def _subscribed(kinesis, **request):
    try:
        return kinesis.subscribe_to_shard(**request)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ResourceInUseException"
        return None


@pytest.mark.unverified("AWS is known to say this of streams; of accounts the same is assumed")
def test_operations_are_held_to_their_calls_a_second(server, kinesis, stream, account):
    stream()
    server.advance(1)
    codes = []
    for _ in range(3):
        codes += [_limited(kinesis.describe_limits), _limited(kinesis.describe_limits)]
        server.advance(1)
    assert codes.count(("LimitExceededException", f"Rate exceeded for account {account}.")) >= 2
    request = {"StreamName": "orders"}
    codes = [_limited(kinesis.describe_stream, **request) for _ in range(25)]
    rate = ("LimitExceededException", f"Rate exceeded for stream orders under account {account}.")
    assert rate in codes


def _limited(call, **request):
    try:
        call(**request)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return None
