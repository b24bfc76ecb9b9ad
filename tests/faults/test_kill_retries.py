"""A batch that keeps failing while the server dies: attempts are counted on, its parts stay what they are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cloud_functions import Deployment, allow
from cloud_process import CloudProcess
from faults.event_sources import LEASE_SECONDS, advance

RETRIES = 5
_SOURCE = """
import json, boto3

table = boto3.client("dynamodb")

def handler(event, context):
    numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    table.update_item(
        TableName="tried",
        Key={"id": {"S": f"{numbers[0]} {numbers[-1]}"}},
        UpdateExpression="ADD times :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    raise ValueError("never")
"""
_READS = (
    allow(["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"]),
    allow(["dynamodb:UpdateItem", "sqs:SendMessage"]),
)


def create(cloud: CloudProcess, **settings: Any) -> str:
    """A stream that is read by a function that always fails, and the queue that is told of it in the end."""
    cloud.client("dynamodb").create_table(
        TableName="tried",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName="records", ShardCount=1)
    while kinesis.describe_stream(StreamName="records")["StreamDescription"]["StreamStatus"] != "ACTIVE":
        advance(cloud, 1)
    entries = [{"Data": b"x", "PartitionKey": "key"} for _ in range(4)]
    kinesis.put_records(StreamName="records", Records=entries)
    functions = cloud.client("lambda")
    Deployment(functions, cloud.client("iam")).python("failing", _SOURCE, *_READS)
    functions.create_event_source_mapping(
        FunctionName="failing",
        EventSourceArn="arn:aws:kinesis:us-east-1:000000000000:stream/records",
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=RETRIES,
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:dead"}},
        **settings,
    )
    return str(cloud.client("sqs").create_queue(QueueName="dead")["QueueUrl"])


def tried(cloud: CloudProcess) -> dict[str, int]:
    """How often each part of the batch was run."""
    items = cloud.client("dynamodb").scan(TableName="tried", ConsistentRead=True)["Items"]
    return {each["id"]["S"]: int(each["times"]["N"]) for each in items}


def advance_until(cloud: CloudProcess, done: Callable[[], bool]) -> None:
    """Moves the clock on until something is so."""
    until = time.monotonic() + 30
    while not done():
        assert time.monotonic() < until
        advance(cloud, 5)


def test_attempts_are_counted_on_after_a_kill(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        url = create(cloud)
        advance_until(cloud, lambda: sum(tried(cloud).values()) >= 3)
        cloud.kill()
        cloud.start()
        advance(cloud, LEASE_SECONDS)
        sqs, told = cloud.client("sqs"), []
        advance_until(cloud, lambda: bool(told.extend(_received(sqs, url)) or told))
        assert [each["requestContext"]["approximateInvokeCount"] for each in told] == [RETRIES + 1]
        [times] = tried(cloud).values()
        # A run that the kill cut off before its end was written is run again.
        assert times in (RETRIES + 1, RETRIES + 2)


def test_the_halves_of_a_batch_stay_halves_after_a_kill(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        url = create(cloud, BisectBatchOnFunctionError=True)
        advance_until(cloud, lambda: len(tried(cloud)) >= 3)
        cloud.kill()
        cloud.start()
        advance(cloud, LEASE_SECONDS)
        sqs, told = cloud.client("sqs"), []
        advance_until(cloud, lambda: len(told.extend(_received(sqs, url)) or told) >= 4)
        assert [each["KinesisBatchInfo"]["batchSize"] for each in told] == [1, 1, 1, 1]
        assert tried(cloud)[_whole(tried(cloud))] == 1


def _whole(parts: dict[str, int]) -> str:
    numbers = sorted({int(number) for part in parts for number in part.split()})
    return f"{numbers[0]} {numbers[-1]}"


def _received(sqs: Any, url: str) -> list[dict[str, Any]]:
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
    return [json.loads(each["Body"]) for each in messages]
