"""Event source mappings: from a message sent to its handler, records of a stream, idle mappings."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any, Final

from scripts.benchmarks.cases import Figure, zipped
from scripts.benchmarks.cloud import BenchmarkCloud

_MESSAGES: Final = 200
_IDLE_MAPPINGS: Final = 1_000
_IDLE_SECONDS: Final = 20.0
_SETTLING_SECONDS: Final = 30.0
"""Until every mapping has polled once in vain."""
_RECORDS: Final = 20_000
_ROLE: Final = "bench-reader"
_TIMING: Final = """
import json, time, boto3
sqs = boto3.client("sqs")

def handler(event, context):
    started = time.time()
    for record in event["Records"]:
        url, sent = record["body"].split()
        sqs.send_message(QueueUrl=url, MessageBody=str(started - float(sent)))
"""
_COUNTING: Final = """
import os, boto3
sqs = boto3.client("sqs")

def handler(event, context):
    sqs.send_message(QueueUrl=os.environ["TOLD"], MessageBody=str(len(event["Records"])))
"""


def event_sources(cloud: BenchmarkCloud) -> list[Figure]:
    """The three figures."""
    cloud.start_once()
    saved, cloud.credentials = cloud.credentials, ("test", "test")
    role = _role(cloud)
    figures = [_latency(cloud, role), _throughput(cloud, role), _idle(cloud)]
    cloud.credentials = saved
    return figures


def _latency(cloud: BenchmarkCloud, role: str) -> Figure:
    """One message after another, each sent when the one before was handled."""
    _function(cloud, role, "bench-timing", _TIMING)
    sqs, functions = cloud.client("sqs"), cloud.client("lambda")
    source, told = _queue(sqs, "bench-timed"), _queue(sqs, "bench-timing-told")
    uuid = _mapping(functions, "bench-timing", _arn(sqs, source))
    took = []
    for _ in range(_MESSAGES):
        sqs.send_message(QueueUrl=source, MessageBody=f"{told} {time.time()}")
        took.append(float(_next(sqs, told)) * 1000)
    _remove(functions, uuid)
    return Figure("sqs message sent to warm handler's start, p50", statistics.median(took), "ms", 5.0)


def _throughput(cloud: BenchmarkCloud, role: str) -> Figure:
    """A stream of one shard that is full when its mapping begins."""
    sqs, kinesis, functions = (cloud.client(each) for each in ("sqs", "kinesis", "lambda"))
    told = _queue(sqs, "bench-counted")
    _function(cloud, role, "bench-counting", _COUNTING, TOLD=told)
    kinesis.create_stream(StreamName="bench-mapped", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="bench-mapped", WaiterConfig={"Delay": 1})
    for start in range(0, _RECORDS, 500):
        records = [{"Data": b"x" * 100, "PartitionKey": str(start + each)} for each in range(500)]
        kinesis.put_records(StreamName="bench-mapped", Records=records)
    arn = kinesis.describe_stream(StreamName="bench-mapped")["StreamDescription"]["StreamARN"]
    began = time.perf_counter()
    uuid = _mapping(functions, "bench-counting", arn, StartingPosition="TRIM_HORIZON", BatchSize=1000)
    left = _RECORDS
    while left > 0:
        left -= int(_next(sqs, told))
    rate = _RECORDS / (time.perf_counter() - began)
    _remove(functions, uuid)
    return Figure("kinesis records through a mapping, batches of 1,000", rate, "/s", 5_000)


def _idle(cloud: BenchmarkCloud) -> Figure:
    """Mappings of as many queues, into which nobody sends."""
    sqs, functions = cloud.client("sqs"), cloud.client("lambda")
    uuids = [
        _mapping(functions, "bench-counting", _arn(sqs, _queue(sqs, f"bench-idle-{number}")))
        for number in range(_IDLE_MAPPINGS)
    ]
    time.sleep(_SETTLING_SECONDS)
    before = cloud.processor_seconds()
    time.sleep(_IDLE_SECONDS)
    used = (cloud.processor_seconds() - before) / _IDLE_SECONDS * 100
    for uuid in uuids:
        _remove(functions, uuid)
    return Figure(f"{_IDLE_MAPPINGS:,} idle event source mappings", used, "%", 1.0)


def _role(cloud: BenchmarkCloud) -> str:
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = iam.create_role(RoleName=_ROLE, AssumeRolePolicyDocument=document)
    allow = {"Effect": "Allow", "Action": ["sqs:*", "kinesis:*", "logs:*"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName=_ROLE, PolicyName="own", PolicyDocument=policy)
    return str(made["Role"]["Arn"])


def _function(cloud: BenchmarkCloud, role: str, name: str, text: str, **variables: str) -> None:
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=role,
        Handler="main.handler",
        MemorySize=1769,
        Timeout=30,
        Environment={"Variables": variables},
        Code={"ZipFile": zipped({"main.py": text})},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def _queue(sqs: Any, name: str) -> str:
    return str(sqs.create_queue(QueueName=name)["QueueUrl"])


def _arn(sqs: Any, url: str) -> str:
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(told["Attributes"]["QueueArn"])


def _next(sqs: Any, url: str) -> str:
    while not (messages := sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages")):
        pass
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    return str(messages[0]["Body"])


def _mapping(functions: Any, function: str, arn: str, **more: Any) -> str:
    made = functions.create_event_source_mapping(FunctionName=function, EventSourceArn=arn, **more)
    return str(made["UUID"])


def _remove(functions: Any, uuid: str) -> None:
    functions.delete_event_source_mapping(UUID=uuid)
