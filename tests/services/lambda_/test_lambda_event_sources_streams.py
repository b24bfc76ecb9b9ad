"""Streams that functions read: order, positions, retries, splitting, age, destinations, windows, lanes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from event_source_functions import Bench

from cloud_functions import allow
from refusals import refusal


@pytest.fixture
def kinesis(client) -> Any:
    return client("kinesis")


def data(records: list[dict[str, Any]]) -> list[str]:
    return [base64.b64decode(each["kinesis"]["data"]).decode() for each in records]


def put(kinesis: Any, *texts: str, key: str = "key", stream: str = "orders") -> list[str]:
    """Writes records; their sequence numbers."""
    entries = [{"Data": text.encode(), "PartitionKey": key} for text in texts]
    return [
        each["SequenceNumber"] for each in kinesis.put_records(StreamName=stream, Records=entries)["Records"]
    ]


def account_of(bench: Bench, url: str) -> dict[str, Any]:
    """The account of a discarded batch that has come to a queue."""
    [message] = bench.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=15)["Messages"]
    return dict(json.loads(message["Body"]))


# --- events


def test_a_record_of_kinesis_reaches_the_function_in_the_form_of_aws(bench, kinesis, account) -> None:
    heard = bench.function()
    arn = bench.stream()
    bench.mapping(arn, StartingPosition="LATEST")
    [number] = put(kinesis, "hello", key="test_0")
    [record] = heard.next()["Records"]
    arrived = record["kinesis"].pop("approximateArrivalTimestamp")
    assert isinstance(arrived, float)
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "test_0",
            "sequenceNumber": number,
            "data": "aGVsbG8=",
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{account}:role/reader",
        "awsRegion": "us-east-1",
        "eventSourceARN": arn,
    }


def test_a_change_of_a_table_reaches_the_function_in_the_form_of_aws(bench, client) -> None:
    heard = bench.function()
    arn = bench.table_stream("orders", "NEW_IMAGE")
    bench.mapping(arn, StartingPosition="TRIM_HORIZON")
    item = {"id": {"S": "hello world"}, "binary_key": {"B": b"foobar"}}
    client("dynamodb").put_item(TableName="orders", Item=item)
    [record] = heard.next()["Records"]
    change = record.pop("dynamodb")
    assert isinstance(change.pop("ApproximateCreationDateTime"), float)
    assert change.pop("SequenceNumber").isdecimal()
    assert change == {
        "Keys": {"id": {"S": "hello world"}},
        "NewImage": {"binary_key": {"B": "Zm9vYmFy"}, "id": {"S": "hello world"}},
        "SizeBytes": 42,
        "StreamViewType": "NEW_IMAGE",
    }
    assert len(record.pop("eventID")) == 32
    assert record == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "eventSourceARN": arn,
    }


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ({"eventName": ["MODIFY"]}, [{"S": "two"}]),
        ({"dynamodb": {"NewImage": {"n": {"S": [{"prefix": "o"}]}}}}, [{"S": "one"}]),
        ({"dynamodb": {"OldImage": {"n": {"S": [{"exists": False}]}}}}, [{"S": "one"}]),
    ],
)
def test_changes_pass_a_filter(bench, client, pattern: Any, wanted: Any) -> None:
    heard = bench.function()
    arn = bench.table_stream("orders")
    criteria = {"Filters": [{"Pattern": json.dumps(pattern)}]}
    bench.mapping(arn, StartingPosition="TRIM_HORIZON", FilterCriteria=criteria)
    for value in ("one", "two"):
        client("dynamodb").put_item(TableName="orders", Item={"id": {"S": "1"}, "n": {"S": value}})
    records = heard.until(len(wanted))
    assert [each["dynamodb"]["NewImage"]["n"] for each in records] == wanted


def test_records_pass_a_filter_by_what_their_data_say(bench, kinesis) -> None:
    heard = bench.function()
    arn = bench.stream()
    criteria = {"Filters": [{"Pattern": '{"data": {"kind": ["b"]}}'}, {"Pattern": '{"partitionKey": ["k"]}'}]}
    bench.mapping(arn, StartingPosition="TRIM_HORIZON", FilterCriteria=criteria)
    put(kinesis, '{"kind": "a"}', "no JSON", '{"kind": "b"}')
    put(kinesis, "any", key="k")
    assert data(heard.until(2)) == ['{"kind": "b"}', "any"]


# --- positions


def test_a_mapping_begins_where_it_is_told_to(bench, kinesis, server) -> None:
    arn = bench.stream()
    put(kinesis, "old")
    server.advance(10)
    since = server.clock.now()
    put(kinesis, "middle")
    heard = {}
    for name, position in (
        ("first", {"StartingPosition": "TRIM_HORIZON"}),
        ("second", {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": since}),
        ("third", {"StartingPosition": "LATEST"}),
    ):
        heard[name] = bench.function(name)
        bench.mapping(arn, name, **position)
    put(kinesis, "new")
    assert data(heard["first"].until(3)) == ["old", "middle", "new"]
    assert data(heard["second"].until(2)) == ["middle", "new"]
    assert data(heard["third"].until(1)) == ["new"]


def test_a_disabled_mapping_keeps_its_place(bench, kinesis) -> None:
    heard = bench.function()
    arn = bench.stream()
    uuid = bench.mapping(arn, StartingPosition="LATEST")
    put(kinesis, "1")
    heard.next()
    bench.functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    bench.settled(uuid)
    put(kinesis, "2")
    assert heard.is_silent()
    bench.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    put(kinesis, "3")
    assert data(heard.until(2)) == ["2", "3"]
    assert bench.settled(uuid)["LastProcessingResult"] == "OK"


def test_one_that_begins_with_the_latest_keeps_that_place_before_its_first_record(
    bench, client, server
) -> None:
    heard = bench.function()
    arn = bench.table_stream("orders")
    uuid = bench.mapping(arn, StartingPosition="LATEST")
    bench.functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    bench.settled(uuid)
    client("dynamodb").put_item(TableName="orders", Item={"id": {"S": "1"}})
    server.advance(3600)  # by then the place that it was given is no longer known
    bench.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert len(heard.until(1)) == 1


def test_children_of_a_split_shard_wait_for_their_parent(bench, kinesis, server) -> None:
    heard = bench.function()
    arn = bench.stream()
    uuid = bench.mapping(arn, StartingPosition="TRIM_HORIZON", Enabled=False)
    put(kinesis, "parent")
    kinesis.split_shard(
        StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(1 << 127)
    )
    while kinesis.describe_stream(StreamName="orders")["StreamDescription"]["StreamStatus"] != "ACTIVE":
        server.advance(1)
    put(kinesis, "child a", key="a")
    put(kinesis, "child b", key="b")
    put(kinesis, "child c", key="c")
    bench.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    texts = data(heard.until(4))
    assert texts[0] == "parent"
    assert sorted(texts[1:]) == ["child a", "child b", "child c"]


# --- batches


def test_a_batching_window_gathers_records(bench, kinesis, server) -> None:
    heard = bench.function()
    arn = bench.stream()
    bench.mapping(arn, StartingPosition="TRIM_HORIZON", BatchSize=3, MaximumBatchingWindowInSeconds=30)
    for text in ("1", "2"):
        put(kinesis, text)
    assert heard.is_silent()
    put(kinesis, "3", "4")
    assert data(heard.next()["Records"]) == ["1", "2", "3"]
    assert data(heard.next_in_time(30)["Records"]) == ["4"]


def test_lanes_of_one_shard_run_at_once_and_keep_the_order_of_each_key(bench, kinesis) -> None:
    heard = bench.function()
    arn = bench.stream()
    uuid = bench.mapping(arn, StartingPosition="TRIM_HORIZON", BatchSize=1, ParallelizationFactor=4)
    for number in range(5):
        for key in "abc":
            put(kinesis, f"{key}{number}", key=key)
    texts = data(heard.until(15))
    for key in "abc":
        assert [each for each in texts if each[0] == key] == [f"{key}{number}" for number in range(5)]
    for lanes in (1, 3):
        bench.functions.update_event_source_mapping(UUID=uuid, ParallelizationFactor=lanes)
        bench.settled(uuid)
        put(kinesis, f"then {lanes}")
        texts = []
        while f"then {lanes}" not in texts:
            texts += data(heard.next()["Records"])


# --- failures


def test_a_batch_that_fails_too_often_is_given_up_and_told_of(bench, kinesis, account) -> None:
    heard = bench.function(answer="fail()")
    arn = bench.stream()
    url, dead = bench.queue("dead")
    uuid = bench.mapping(
        arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": dead}},
    )
    numbers = put(kinesis, "1", "2")
    heard.next()
    heard.next_in_time(64)
    told = account_of(bench, url)
    assert told.pop("timestamp").endswith("Z")
    info = told["KinesisBatchInfo"]
    assert info.pop("approximateArrivalOfFirstRecord") == info.pop("approximateArrivalOfLastRecord")
    assert told["requestContext"].pop("requestId")
    assert told == {
        "requestContext": {
            "functionArn": f"arn:aws:lambda:us-east-1:{account}:function:reader",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": numbers[0],
            "endSequenceNumber": numbers[1],
            "batchSize": 2,
            "streamArn": arn,
        },
    }
    assert bench.settled(uuid)["LastProcessingResult"] == "PROBLEM: Function call failed"
    put(kinesis, "3")
    assert data(heard.next()["Records"]) == ["3"]


def test_changes_that_are_given_up_are_told_of_as_aws_does(bench, client) -> None:
    bench.function(answer="fail()")
    arn = bench.table_stream("orders")
    url, dead = bench.queue("dead")
    destination = {"OnFailure": {"Destination": dead}}
    bench.mapping(arn, StartingPosition="TRIM_HORIZON", MaximumRetryAttempts=0, DestinationConfig=destination)
    client("dynamodb").put_item(TableName="orders", Item={"id": {"S": "1"}})
    told = account_of(bench, url)
    assert told["requestContext"]["approximateInvokeCount"] == 1
    info = told["DDBStreamBatchInfo"]
    assert len(info["approximateArrivalOfFirstRecord"]) == len("2022-07-13T13:48:01Z")
    assert (info["batchSize"], info["streamArn"]) == (1, arn)


def test_a_bucket_gets_the_records_themselves_too(bench, kinesis, client) -> None:
    bench.function(answer="fail()")
    arn = bench.stream()
    s3 = client("s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="given-up")
    destination = {"OnFailure": {"Destination": "arn:aws:s3:::given-up"}}
    uuid = bench.mapping(
        arn, StartingPosition="TRIM_HORIZON", MaximumRetryAttempts=0, DestinationConfig=destination
    )
    put(kinesis, "lost")
    while not (listed := s3.list_objects_v2(Bucket="given-up").get("Contents")):
        pass
    assert listed[0]["Key"].startswith(f"aws/lambda/{uuid}/shardId-000000000000/20")
    told = json.load(s3.get_object(Bucket="given-up", Key=listed[0]["Key"])["Body"])
    assert data(told["payload"]["Records"]) == ["lost"]
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_partial_failures_are_tried_again_from_the_lowest_on(bench, kinesis) -> None:
    bad = "[{'itemIdentifier': each['kinesis']['sequenceNumber']} for each in event['Records'][::-1]"
    heard = bench.function(
        answer=f"{{'batchItemFailures': {bad} if each['kinesis']['data'] in ('Mg==', 'Mw==')]}}"
    )
    arn = bench.stream()
    url, dead = bench.queue("dead")
    bench.mapping(
        arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=2,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": dead}},
    )
    put(kinesis, "1", "2", "3")
    assert data(heard.next()["Records"]) == ["1", "2", "3"]
    for _ in range(2):
        assert data(heard.next_in_time(64)["Records"]) == ["2", "3"]
    told = account_of(bench, url)
    assert told["requestContext"]["approximateInvokeCount"] == 3
    assert told["responseContext"]["functionError"] is None


def test_a_batch_is_split_until_the_bad_record_stands_alone(bench, kinesis) -> None:
    heard = bench.function(
        answer="fail() if any(r['kinesis']['data'] == 'Mw==' for r in event['Records']) else 0"
    )
    arn = bench.stream()
    url, dead = bench.queue("dead")
    bench.mapping(
        arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": dead}},
    )
    numbers = put(kinesis, "1", "2", "3", "4")
    assert data(heard.next()["Records"]) == ["1", "2", "3", "4"]
    assert data(heard.next_in_time(64)["Records"]) == ["1", "2"]
    assert data(heard.next()["Records"]) == ["3", "4"]
    assert data(heard.next_in_time(64)["Records"]) == ["3"]
    assert data(heard.next()["Records"]) == ["4"]
    info = account_of(bench, url)["KinesisBatchInfo"]
    assert (info["startSequenceNumber"], info["batchSize"]) == (numbers[2], 1)


def test_records_that_have_become_too_old_are_given_up(bench, kinesis, server) -> None:
    heard = bench.function()
    arn = bench.stream()
    url, dead = bench.queue("dead")
    put(kinesis, "old")
    server.advance(61)
    put(kinesis, "new")
    bench.mapping(
        arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRecordAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": dead}},
    )
    assert data(heard.next()["Records"]) == ["new"]
    told = account_of(bench, url)
    assert told["requestContext"]["condition"] == "RecordAgeExceeded"
    assert told["requestContext"]["approximateInvokeCount"] == 1
    assert "responseContext" not in told


def test_what_fails_forever_holds_up_its_shard(bench, kinesis) -> None:
    heard = bench.function(answer="fail() if event['Records'][0]['kinesis']['data'] == 'MQ==' else 0")
    arn = bench.stream()
    uuid = bench.mapping(arn, StartingPosition="TRIM_HORIZON", BatchSize=1)
    put(kinesis, "1", "2")
    assert data(heard.next()["Records"]) == ["1"]
    for _ in range(12):
        heard.next_in_time(64)
    assert {json.dumps(each["event"]) for each in heard.heard} == {json.dumps(heard.heard[0]["event"])}
    bench.removed(uuid)


# --- consumers with throughput of their own


def test_a_consumer_is_pushed_records_beyond_the_end_of_its_subscription(bench, kinesis, server) -> None:
    heard = bench.function()
    stream = bench.stream()
    consumer = bench.consumer(stream)
    bench.mapping(consumer, StartingPosition="LATEST")
    put(kinesis, "1", "2")
    [first, second] = heard.until(2)
    assert data([first, second]) == ["1", "2"]
    assert first["eventSourceARN"] == consumer
    server.advance(301)
    put(kinesis, "3")
    assert data(heard.until(1)) == ["3"]


def test_a_consumer_needs_the_right_to_subscribe(bench, kinesis) -> None:
    bench.function("reader", "None", allow("kinesis:ListShards"))
    consumer = bench.consumer(bench.stream())
    request = {"FunctionName": "reader", "EventSourceArn": consumer, "StartingPosition": "LATEST"}
    code, text = refusal(bench.functions.create_event_source_mapping, **request)
    assert (code, text[:20]) == ("InvalidParameterValueException", "Cannot access stream")


def test_a_consumer_has_one_lane(bench, kinesis) -> None:
    bench.function()
    request = {"EventSourceArn": bench.consumer(bench.stream()), "StartingPosition": "LATEST"}
    refused = refusal(
        bench.functions.create_event_source_mapping,
        FunctionName="reader",
        ParallelizationFactor=2,
        **request,
    )
    assert refused == (
        "NotImplemented",
        "A ParallelizationFactor above 1 is not supported for stream consumers.",
    )


# --- windows


def test_a_tumbling_window_hands_its_state_on_to_its_end(bench, kinesis, server) -> None:
    heard = bench.function(answer="{'state': {'n': event['state'].get('n', 0) + len(event['Records'])}}")
    arn = bench.stream()
    bench.mapping(arn, StartingPosition="TRIM_HORIZON", BatchSize=1, TumblingWindowInSeconds=120)
    server.advance(120 - server.clock.time() % 120)
    put(kinesis, "1", "2")
    first, second = heard.next(), heard.next()
    assert first["state"] == {}
    assert second["state"] == {"n": 1}
    assert (second["isFinalInvokeForWindow"], second["isWindowTerminatedEarly"]) == (False, False)
    assert (second["shardId"], second["eventSourceARN"]) == ("shardId-000000000000", arn)
    last = heard.next_in_time(121)
    assert (last["Records"], last["state"], last["isFinalInvokeForWindow"]) == ([], {"n": 2}, True)
    assert last["window"] == first["window"]
    put(kinesis, "3")
    after = heard.next()
    assert after["state"] == {}
    assert after["window"]["start"] >= first["window"]["end"]


def test_shards_that_are_gone_are_forgotten(bench, kinesis, server) -> None:
    heard = bench.function()
    arn = bench.stream()
    uuid = bench.mapping(arn, StartingPosition="TRIM_HORIZON")
    put(kinesis, "parent")
    heard.next()
    kinesis.split_shard(
        StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(1 << 127)
    )
    while kinesis.describe_stream(StreamName="orders")["StreamDescription"]["StreamStatus"] != "ACTIVE":
        server.advance(1)
    put(kinesis, "child")
    assert data(heard.until(1)) == ["child"]
    assert any("shardId-000000000000" in key for key in rows_of(server, uuid))
    server.advance(26 * 3600)
    while "shardId-000000000000" in {
        each["ShardId"] for each in kinesis.list_shards(StreamName="orders")["Shards"]
    }:
        server.advance(60)
    bench.functions.update_event_source_mapping(UUID=uuid, BatchSize=7)
    bench.settled(uuid)
    put(kinesis, "later")
    assert data(heard.until(1)) == ["later"]
    assert not any("shardId-000000000000" in key for key in rows_of(server, uuid))


def test_a_removed_mapping_leaves_nothing_behind(bench, kinesis, server) -> None:
    heard = bench.function()
    arn = bench.stream()
    uuid = bench.mapping(arn, StartingPosition="TRIM_HORIZON")
    put(kinesis, "1")
    heard.next()
    bench.removed(uuid)
    assert rows_of(server, uuid) == []


def rows_of(server: Any, uuid: str) -> list[Any]:
    """The keys of all that is stored of a mapping."""

    def rows(transaction: Any) -> list[Any]:
        found = transaction.range(("lambda", "event-source"), ("lambda", "event-source~"), limit=1000)
        return [key for key, _ in found if uuid in key]

    return list(server.run(server.app.cloud.store.transact(rows, read_only=True)))
