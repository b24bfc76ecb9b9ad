"""Producers of messages and records, and a function that says what it handled; both while the server dies."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cloud_functions import Deployment, allow
from cloud_process import CloudProcess

VISIBILITY_SECONDS = 30
TIMEOUT_SECONDS = 10
LEASE_SECONDS = 6
GROUPS = ("a", "b", "c")
SOURCES = ("plain", "fifo", "kinesis", "table")
_SOURCE = """
import base64, json, os, random, time, boto3

table = boto3.client("dynamodb")

def handler(event, context):
    if random.random() < 0.02:
        os._exit(1)
    for record in event["Records"]:
        if random.random() < 0.01:
            raise ValueError("by chance")
        table.update_item(
            TableName="handled",
            Key={"id": {"S": name(record)}},
            UpdateExpression="SET firstly = if_not_exists(firstly, :now) ADD times :one",
            ExpressionAttributeValues={":now": {"N": str(time.time_ns())}, ":one": {"N": "1"}},
        )

def name(record):
    if "body" in record:
        return record["body"]
    if "kinesis" in record:
        return base64.b64decode(record["kinesis"]["data"]).decode()
    return record["dynamodb"]["Keys"]["id"]["S"]
"""
_SETTINGS = {
    "kinesis": {
        "StartingPosition": "TRIM_HORIZON",
        "BisectBatchOnFunctionError": True,
        "ParallelizationFactor": 2,
    },
    "table": {"StartingPosition": "TRIM_HORIZON"},
}
_READS = (
    allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    allow(["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"]),
    allow(["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]),
    allow("dynamodb:UpdateItem"),
)


@dataclass
class Sent:
    """What the server has acknowledged: of every source and group the numbers, in their order."""

    numbers: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    kills: int = 0

    @property
    def names(self) -> set[str]:
        """As the function names them."""
        return {
            f"{source}-{group}-{number}" for (source, group), all_ in self.numbers.items() for number in all_
        }


def create(cloud: CloudProcess) -> dict[str, str]:
    """Makes sources, functions and mappings; the URLs of the queues."""
    sqs, dynamodb, kinesis = cloud.client("sqs"), cloud.client("dynamodb"), cloud.client("kinesis")
    timing = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
    urls = {
        "plain": sqs.create_queue(QueueName="plain", Attributes=timing)["QueueUrl"],
        "fifo": sqs.create_queue(
            QueueName="line.fifo",
            Attributes={**timing, "FifoQueue": "true", "ContentBasedDeduplication": "true"},
        )["QueueUrl"],
    }
    streamed = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}
    for name, more in (("handled", {}), ("changes", streamed)):
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
    kinesis.create_stream(StreamName="records", ShardCount=2)
    advance(cloud, 2)
    while kinesis.describe_stream(StreamName="records")["StreamDescription"]["StreamStatus"] != "ACTIVE":
        advance(cloud, 1)
    arns = {
        "plain": "arn:aws:sqs:us-east-1:000000000000:plain",
        "fifo": "arn:aws:sqs:us-east-1:000000000000:line.fifo",
        "kinesis": kinesis.describe_stream(StreamName="records")["StreamDescription"]["StreamARN"],
        "table": dynamodb.describe_table(TableName="changes")["Table"]["LatestStreamArn"],
    }
    functions = cloud.client("lambda")
    deployment = Deployment(functions, cloud.client("iam"))
    for source, arn in arns.items():
        deployment.python(source, _SOURCE, *_READS, Timeout=TIMEOUT_SECONDS)
        functions.create_event_source_mapping(
            FunctionName=source, EventSourceArn=arn, BatchSize=10, **_SETTINGS.get(source, {})
        )
    return urls


def advance(cloud: CloudProcess, seconds: float) -> None:
    """Moves the cloud's clock."""
    body = json.dumps({"advance_seconds": seconds}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{cloud.endpoint}/_cloudlet/clock", body, headers)
    urllib.request.urlopen(request).close()


def senders(cloud: CloudProcess, urls: dict[str, str]) -> dict[str, Callable[[str, str], Any]]:
    """How a name is sent to each source, for a group."""
    sqs, dynamodb, kinesis = cloud.client("sqs"), cloud.client("dynamodb"), cloud.client("kinesis")
    return {
        "plain": lambda name, group: sqs.send_message(QueueUrl=urls["plain"], MessageBody=name),
        "fifo": lambda name, group: sqs.send_message(
            QueueUrl=urls["fifo"], MessageBody=name, MessageGroupId=group
        ),
        "kinesis": lambda name, group: kinesis.put_record(
            StreamName="records", Data=name.encode(), PartitionKey=group
        ),
        "table": lambda name, group: dynamodb.put_item(TableName="changes", Item={"id": {"S": name}}),
    }


def produce(cloud: CloudProcess, urls: dict[str, str], sent: Sent, seconds: float) -> None:
    """Sends to all sources for a while, then kills the server; what was not answered does not count."""
    over = threading.Event()

    def work(source: str) -> None:
        send = senders(cloud, urls)[source]
        own = [(group, sent.numbers.setdefault((source, group), [])) for group in GROUPS]
        next_number = {group: (numbers[-1] if numbers else 0) + 1000 for group, numbers in own}
        while not over.is_set():
            for group, numbers in own:
                number = next_number[group]
                next_number[group] += 1
                try:
                    send(f"{source}-{group}-{number}", group)
                except (BotoCoreError, ClientError):
                    return
                numbers.append(number)
            over.wait(0.05)

    threads = [
        threading.Thread(target=work, args=(source,)) for source in ("plain", "fifo", "kinesis", "table")
    ]
    for thread in threads:
        thread.start()
    over.wait(seconds)
    cloud.kill()
    sent.kills += 1
    over.set()
    for thread in threads:
        thread.join()


def handled(cloud: CloudProcess) -> dict[str, int]:
    """When each was handled for the first time."""
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName="handled")
    return {each["id"]["S"]: int(each["firstly"]["N"]) for page in pages for each in page["Items"]}


def missing_in_time(cloud: CloudProcess, sent: Sent, seconds: float) -> set[str]:
    """What was acknowledged and is not handled although for so much time nothing more was."""
    pause = threading.Event()
    missing = sent.names
    until = time.monotonic() + seconds
    while missing and time.monotonic() < until:
        # Failed batches come again after a while, which nobody needs to sit through.
        advance(cloud, VISIBILITY_SECONDS)
        pause.wait(2)
        before, missing = missing, sent.names - handled(cloud).keys()
        if missing != before:
            until = time.monotonic() + seconds
    return missing


def out_of_order(sent: Sent, firstly: dict[str, int]) -> list[str]:
    """What was handled for the first time before one that was sent before it, where the order counts."""
    found = []
    for (source, group), numbers in sent.numbers.items():
        if source in ("fifo", "kinesis"):
            names = [f"{source}-{group}-{number}" for number in numbers]
            found += [b for a, b in pairwise(names) if firstly[b] < firstly[a]]
    return found
