"""The protocol that AWS's Java SDKs speak to Kinesis, by hand: no SDK of Python's speaks it."""

from __future__ import annotations

import http.client
from datetime import UTC, datetime
from urllib.parse import urlsplit

import cbor2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer

CBOR = "application/x-amz-cbor-1.1"
SHARD = "shardId-000000000000"


@pytest.fixture
def ask(server, account):
    """Sends a document; the response."""

    def send(operation, document):
        headers = {"Content-Type": CBOR, "X-Amz-Target": f"Kinesis_20131202.{operation}"}
        body = document if isinstance(document, bytes) else cbor2.dumps(document)
        request = AWSRequest("POST", f"{server.endpoint}/", headers, body)
        SigV4Auth(Credentials(account, "secret"), "kinesis", "us-east-1").add_auth(request)
        prepared = request.prepare()
        connection = http.client.HTTPConnection(urlsplit(server.endpoint).netloc, timeout=20)
        connection.request("POST", "/", prepared.body, dict(prepared.headers))
        return connection.getresponse()

    return send


@pytest.fixture
def answer(ask):
    """Sends a document; the document that answers it."""

    def send(operation, document):
        response = ask(operation, document)
        assert response.getheader("Content-Type") == CBOR
        return cbor2.loads(response.read())

    return send


def test_records_are_bytes_and_times_are_milliseconds(kinesis, stream, answer):
    stream()
    put = answer("PutRecord", {"StreamName": "orders", "Data": b"\x00\xff", "PartitionKey": "k"})
    position = {"StreamName": "orders", "ShardId": SHARD, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = answer("GetShardIterator", position)["ShardIterator"]
    (record,) = answer("GetRecords", {"ShardIterator": iterator})["Records"]
    iterator = kinesis.get_shard_iterator(**position)["ShardIterator"]
    (same,) = kinesis.get_records(ShardIterator=iterator)["Records"]
    assert record["Data"] == b"\x00\xff"
    assert record["SequenceNumber"] == put["SequenceNumber"]
    arrived_at = same["ApproximateArrivalTimestamp"]
    assert record["ApproximateArrivalTimestamp"] == round(arrived_at.timestamp() * 1000)


@pytest.mark.parametrize("tagged", [True, False])
def test_times_are_read_in_milliseconds_tagged_or_not(server, stream, answer, tagged):
    stream()
    answer("PutRecord", {"StreamName": "orders", "Data": b"old", "PartitionKey": "k"})
    server.advance(10)
    milliseconds = int(server.app.cloud.clock.time() * 1000) - 5000
    answer("PutRecord", {"StreamName": "orders", "Data": b"new", "PartitionKey": "k"})
    iterator = answer(
        "GetShardIterator",
        {
            "StreamName": "orders",
            "ShardId": SHARD,
            "ShardIteratorType": "AT_TIMESTAMP",
            "Timestamp": cbor2.CBORTag(1, milliseconds) if tagged else milliseconds,
        },
    )["ShardIterator"]
    records = answer("GetRecords", {"ShardIterator": iterator})["Records"]
    assert [record["Data"] for record in records] == [b"new"]


def test_errors_are_cbor_too(ask, account):
    response = ask("DescribeStream", {"StreamName": "none"})
    assert (response.status, response.getheader("Content-Type")) == (400, CBOR)
    assert cbor2.loads(response.read()) == {
        "__type": "ResourceNotFoundException",
        "message": f"Stream none under account {account} not found.",
    }


@pytest.mark.parametrize("body", [b"\xff", cbor2.dumps({"StreamName": 5}), cbor2.dumps([1])])
def test_what_is_no_request_is_refused(ask, body):
    response = ask("DescribeStream", body)
    assert response.status == 400
    assert cbor2.loads(response.read())["__type"] == "SerializationException"


def test_subscriptions_push_cbor(server, kinesis, stream, account, ask):
    stream()
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/orders"
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="app")["Consumer"]["ConsumerARN"]
    server.advance(1)
    while kinesis.list_stream_consumers(StreamARN=arn)["Consumers"][0]["ConsumerStatus"] != "ACTIVE":
        pass
    kinesis.put_record(StreamName="orders", Data=b"\x00\xff", PartitionKey="k")
    began = datetime(2020, 1, 1, tzinfo=UTC)
    response = ask(
        "SubscribeToShard",
        {
            "ConsumerARN": consumer,
            "ShardId": SHARD,
            "StartingPosition": {"Type": "AT_TIMESTAMP", "Timestamp": int(began.timestamp() * 1000)},
        },
    )
    frames = EventStreamBuffer()
    events = []
    while len(events) < 2:
        frames.add_data(response.read1())
        events += list(frames)
    pushed = cbor2.loads(events[1].payload)
    assert events[1].headers[":event-type"] == "SubscribeToShardEvent"
    assert [record["Data"] for record in pushed["Records"]] == [b"\x00\xff"]
