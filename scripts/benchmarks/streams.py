"""Kinesis: records put and got per second at 1 and 16 connections, alone and in batches."""

from __future__ import annotations

import base64
import json
import time
from typing import Any, Final

from scripts.benchmarks.cases import Figure
from scripts.benchmarks.cloud import BenchmarkCloud
from scripts.benchmarks.load import request_bytes, run

_DATA: Final = base64.b64encode(b"x" * 256).decode()
_STREAM: Final = "bench"
_SHARDS: Final = 4
_BATCH: Final = 100
_READ: Final = 1000
_PROMISES: Final = {1: (1500, 12_000, 20_000), 16: (4000, 15_000, 20_000)}


def streams(cloud: BenchmarkCloud) -> list[Figure]:
    """Puts records one by one and a hundred at a time, and reads a thousand at a time."""
    cloud.start_once()
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName=_STREAM, ShardCount=_SHARDS)
    while kinesis.describe_stream(StreamName=_STREAM)["StreamDescription"]["StreamStatus"] != "ACTIVE":
        time.sleep(0.05)
    one = [_request(cloud, "PutRecord", StreamName=_STREAM, **_record(key)) for key in range(64)]
    batch = [_record(key) for key in range(_BATCH)]
    many = [_request(cloud, "PutRecords", StreamName=_STREAM, Records=batch)]
    figures = []
    for connections, (put_rate, batch_rate, get_rate) in _PROMISES.items():
        at = f"{connections} connection{'s' if connections > 1 else ''}"
        put = run(cloud.endpoint + "/", one, connections=connections).per_second
        batched = run(cloud.endpoint + "/", many, connections=connections).per_second * _BATCH
        got = run(cloud.endpoint + "/", _reads(cloud, kinesis), connections=connections).per_second * _READ
        figures += [
            Figure(f"PutRecord 256 B, {at}", put, "/s", put_rate),
            Figure(f"PutRecords, {_BATCH} at a time, {at}", batched, "/s", batch_rate),
            Figure(f"GetRecords, {_READ:,} at a time, {at}", got, "/s", get_rate),
        ]
    return figures


def _record(key: int) -> dict[str, str]:
    return {"Data": _DATA, "PartitionKey": str(key)}


def _reads(cloud: BenchmarkCloud, kinesis: Any) -> list[bytes]:
    """A read of every shard's first thousand records, which are there by now."""
    requests = []
    for shard in kinesis.list_shards(StreamName=_STREAM)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=_STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        requests.append(_request(cloud, "GetRecords", ShardIterator=iterator, Limit=_READ))
    return requests


def _request(cloud: BenchmarkCloud, operation: str, **document: Any) -> bytes:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"Kinesis_20131202.{operation}",
    }
    body = json.dumps(document).encode()
    return request_bytes(
        cloud.endpoint + "/", body, headers=headers, credentials=cloud.credentials, service="kinesis"
    )
