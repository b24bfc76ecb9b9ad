"""DynamoDB: the operations at 1 and 32 connections, beside the engine alone and beside other emulators."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import uvloop

from cloudlet.store.open import open_store
from scripts.benchmarks import rivals, store
from scripts.benchmarks.cases import Figure
from scripts.benchmarks.cloud import BenchmarkCloud
from scripts.benchmarks.load import Load, request_bytes, run

_TABLE: Final = "bench-tables"
_MANY: Final = 32
_KEYS: Final = 2000
_TEXT: Final = "x" * 1000
_MILLION: Final = 1_000_000
_FEW: Final = 10_000
_IDLE_SHARE: Final = 0.03
_NOBODY: Final = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
_DEFINITION: Final = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
_PROMISES: Final[Mapping[str, tuple[float, float]]] = {
    "PutItem": (1.0, 6000),
    "GetItem": (0.4, 9000),
    "UpdateItem of a counter": (1.0, 5000),
    "Query of 10": (0.8, 2500),
    "BatchWriteItem of 25": (5.0, 400),
    "TransactWriteItems of 4": (1.5, 2000),
}
"""The median in milliseconds alone, and requests a second at 32 connections."""


def _key(number: int) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"key-{number // 10}"}, "sk": {"S": str(number % 10)}}


def _item(number: int) -> dict[str, dict[str, str]]:
    return {**_key(number), "text": {"S": _TEXT}}


def _puts(numbers: range) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": _item(number)}} for number in numbers]


def _requests(url: str, credentials: tuple[str, str]) -> dict[str, list[bytes]]:
    """Every request beforehand, those that fill the table first."""

    def signed(operation: str, parameters: Mapping[str, Any]) -> bytes:
        headers = _headers(operation)
        body = json.dumps(parameters).encode()
        return request_bytes(f"{url}/", body, headers=headers, credentials=credentials, service="dynamodb")

    table = {"TableName": _TABLE}
    add = {"UpdateExpression": "ADD hits :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    query = {"KeyConditionExpression": "pk = :pk"}
    every, tens = range(_KEYS), range(_KEYS // 10)
    quads = [range(first, first + 4) for first in range(0, _KEYS, 4)]
    return {
        "PutItem": [signed("PutItem", {**table, "Item": _item(each)}) for each in every],
        "GetItem": [signed("GetItem", {**table, "Key": _key(each)}) for each in every],
        "UpdateItem of a counter": [
            signed("UpdateItem", {**table, "Key": _key(each), **add}) for each in every
        ],
        "Query of 10": [
            signed("Query", {**table, **query, "ExpressionAttributeValues": {":pk": {"S": f"key-{each}"}}})
            for each in tens
        ],
        "BatchWriteItem of 25": [
            signed("BatchWriteItem", {"RequestItems": {_TABLE: _puts(range(first, first + 25))}})
            for first in range(0, _KEYS, 25)
        ],
        "TransactWriteItems of 4": [
            signed(
                "TransactWriteItems",
                {"TransactItems": [{"Put": {**table, "Item": _item(each)}} for each in quad]},
            )
            for quad in quads
        ],
    }


def _headers(operation: str) -> dict[str, str]:
    return {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
    }


def _measured(url: str, credentials: tuple[str, str]) -> Iterator[tuple[str, Load, Load]]:
    """Each operation alone, and with all connections."""
    for name, requests in _requests(url, credentials).items():
        yield name, run(url, requests, connections=1), run(url, requests, connections=_MANY)


def tables(cloud: BenchmarkCloud) -> list[Figure]:
    """Items of 1 KiB, signed, judged, durable; and a plain loop over the engine."""
    cloud.sign_in()
    cloud.client("dynamodb").create_table(TableName=_TABLE, **_DEFINITION)
    figures = []
    for name, alone, many in _measured(cloud.endpoint, cloud.credentials):
        p50, rate = _PROMISES[name]
        figures.append(Figure(f"dynamodb {name}, alone, p50", alone.p50_ms, "ms", p50, "alone_ms"))
        figures.append(
            Figure(f"dynamodb {name}, {_MANY} connections", many.per_second, "/s", rate, "per_second")
        )
    cloud.client("dynamodb").delete_table(TableName=_TABLE)
    return figures + uvloop.run(_engine())


async def _engine() -> list[Figure]:
    """What the engine does without a server in front of it: a row of 1 KiB and an index row."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_store(f"rocksdb:{Path(folder) / 'rocksdb'}", print)
        figures = []
        for clients in (1, _MANY):
            delays, _ = await store.puts(engine, clients, 2.0)
            figures.append(
                Figure(f"  the engine alone: put, {clients} client(s)", len(delays) / 2.0, "/s", None)
            )
        await engine.close()
    return figures


def tables_beside(cloud: BenchmarkCloud) -> list[Figure]:
    """The same requests to cloudlet and to the emulators that pip installs, which keep nothing on disk."""
    figures = tables(cloud)
    for rival in rivals.RIVALS:
        with rivals.running(rival) as url:
            rivals.client(url, "dynamodb").create_table(TableName=_TABLE, **_DEFINITION)
            for name, alone, many in _measured(url, ("test", "test")):
                figures.append(Figure(f"  {rival.name}: {name}, alone, p50", alone.p50_ms, "ms", None))
                figures.append(
                    Figure(f"  {rival.name}: {name}, {_MANY} connections", many.per_second, "/s", None)
                )
    return figures


def million_items(cloud: BenchmarkCloud) -> list[Figure]:
    """What a put costs, and what memory the server takes, at ten thousand items and at a million."""
    cloud.sign_in()
    cloud.client("dynamodb").create_table(TableName=_TABLE, **_DEFINITION)
    _fill(cloud, range(_FEW))
    few, few_cost = _put_cost(cloud, _FEW)
    memory = cloud.resident_bytes()
    _fill(cloud, range(_FEW, _MILLION))
    many, many_cost = _put_cost(cloud, _MILLION)
    grown = cloud.resident_bytes() - memory
    cloud.client("dynamodb").delete_table(TableName=_TABLE)
    return [
        Figure(f"dynamodb PutItem, {_MANY} connections, ten thousand items", few.per_second, "/s", 6000),
        Figure(f"dynamodb PutItem, {_MANY} connections, a million items", many.per_second, "/s", 4500),
        Figure("  processor's share of a put, ten thousand items", few_cost * 1000, "ms", None),
        Figure("  the same, a million items", many_cost * 1000, "ms", None),
        Figure(
            "growth of it from ten thousand items to a million", (many_cost / few_cost - 1) * 100, "%", 33
        ),
        Figure("growth of memory from ten thousand items to a million", grown / 1e6, "MB", 150),
    ]


def _put_cost(cloud: BenchmarkCloud, items: int) -> tuple[Load, float]:
    """Puts of items here and there, and the processor's seconds for each."""
    _settle(cloud)
    source = random.Random(items)
    keys = [source.randrange(items) for _ in range(4 * _KEYS)]
    requests = [_unsigned(cloud, "PutItem", {"TableName": _TABLE, "Item": _item(key)}) for key in keys]
    before, began = cloud.processor_seconds(), time.perf_counter()
    load = run(cloud.endpoint, requests, connections=_MANY, seconds=5.0)
    took = time.perf_counter() - began
    return load, (cloud.processor_seconds() - before) / (load.per_second * took)


def _settle(cloud: BenchmarkCloud) -> None:
    """Waits, for a minute at most, until the engine has tidied up behind what was written."""
    used = cloud.processor_seconds()
    for _ in range(60):
        time.sleep(1)
        before, used = used, cloud.processor_seconds()
        if used - before < _IDLE_SHARE:
            return


def _unsigned(cloud: BenchmarkCloud, operation: str, parameters: Mapping[str, Any]) -> bytes:
    """A request by a key that is nobody's, which needs no signature of its own."""
    headers = {**_headers(operation), "X-Amz-Date": "20260101T000000Z", "Authorization": _NOBODY}
    return request_bytes(f"{cloud.endpoint}/", json.dumps(parameters).encode(), headers=headers)


def _fill(cloud: BenchmarkCloud, numbers: range) -> None:
    """Puts items into the table, in batches."""
    batches = (
        range(first, min(first + 25, numbers.stop)) for first in range(numbers.start, numbers.stop, 25)
    )

    def build(batch: range) -> bytes:
        return _unsigned(cloud, "BatchWriteItem", {"RequestItems": {_TABLE: _puts(batch)}})

    uvloop.run(_send_all(cloud.port, map(build, batches)))


async def _send_all(port: int, requests: Iterator[bytes]) -> None:
    """Sends each request once, over several connections."""

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in requests:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            start = head.index(b"content-length:") + 15
            answer = await reader.readexactly(int(head[start : head.index(b"\r\n", start)]))
            if not head.startswith(b"http/1.1 200"):
                raise RuntimeError(answer.decode())
        writer.close()

    await asyncio.gather(*(send() for _ in range(8)))


CASES: Final[Mapping[str, Callable[[BenchmarkCloud], list[Figure]]]] = {"tables": tables}
BY_NAME_ONLY: Final[Mapping[str, Callable[[BenchmarkCloud], list[Figure]]]] = {
    "tables-beside": tables_beside,
    "million-items": million_items,
}
"""What installs other programs, or takes minutes to prepare."""
