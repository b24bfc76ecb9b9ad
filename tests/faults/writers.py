"""Clients that write over the wire and remember what was acknowledged, until the server is gone."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cloud_process import CloudProcess

TABLE = "items"
COUNTERS = "counters"
BUCKET = "bodies"
WRITERS = 6


@dataclass
class Acknowledged:
    """What the server has said to be done."""

    items: dict[str, str] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    """The last value that each counter was acknowledged to have."""
    bodies: dict[str, bytes] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.items) + sum(self.counters.values()) + len(self.bodies) + len(self.users)


def create(cloud: CloudProcess) -> None:
    """Makes what the writers write to."""
    dynamodb = cloud.client("dynamodb")
    for name in (TABLE, COUNTERS):
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
    cloud.client("s3").create_bucket(Bucket=BUCKET)


def write_until_killed(cloud: CloudProcess, round_: int, source: random.Random, known: Acknowledged) -> None:
    """Writes from several threads, and kills the server once a random number of writes is acknowledged."""
    enough = threading.Semaphore(0)
    steps: list[Callable[[Any, str], None]] = [
        lambda client, name: _put_item(client("dynamodb"), known, name),
        lambda client, name: _add_one(client("dynamodb"), known, name.split("-")[1]),
        lambda client, name: _put_object(client("s3"), known, name),
        lambda client, name: _create_user(client("iam"), known, name),
    ]

    client = _clients(cloud)

    def write(writer: int) -> None:
        for number in count():
            name = f"{round_}-{writer}-{number}"
            try:
                steps[number % len(steps)](client, name)
            except BotoCoreError:
                enough.release(1000)
                return
            enough.release()

    with ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(write, writer) for writer in range(WRITERS)]
        for _ in range(source.randint(20, 150)):
            enough.acquire(timeout=20)
        cloud.kill()
    for each in running:
        each.result()


def _clients(cloud: CloudProcess) -> Callable[[str], Any]:
    made = {
        service: cloud.client(service, max_pool_connections=WRITERS) for service in ("dynamodb", "s3", "iam")
    }
    return made.__getitem__


def _put_item(dynamodb: Any, known: Acknowledged, name: str) -> None:
    dynamodb.put_item(TableName=TABLE, Item={"id": {"S": name}, "value": {"S": name * 20}})
    known.items[name] = name * 20


def _add_one(dynamodb: Any, known: Acknowledged, writer: str) -> None:
    answer = dynamodb.update_item(
        TableName=COUNTERS,
        Key={"id": {"S": writer}},
        UpdateExpression="ADD #total :one",
        ExpressionAttributeNames={"#total": "total"},
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )
    known.counters[writer] = int(answer["Attributes"]["total"]["N"])


def _put_object(s3: Any, known: Acknowledged, name: str) -> None:
    body = name.encode() * (10 if len(name) % 2 else 4000)
    s3.put_object(Bucket=BUCKET, Key=name, Body=body)
    known.bodies[name] = body


def _create_user(iam: Any, known: Acknowledged, name: str) -> None:
    iam.create_user(UserName=name)
    known.users.add(name)


def lost(cloud: CloudProcess, known: Acknowledged) -> list[str]:
    """What was acknowledged and is not there."""
    client = _clients(cloud)
    rows = client("dynamodb").get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
    items = {item["id"]["S"]: item["value"]["S"] for page in rows for item in page["Items"]}
    counted = client("dynamodb").scan(TableName=COUNTERS, ConsistentRead=True)["Items"]
    counters = {item["id"]["S"]: int(item["total"]["N"]) for item in counted}
    users = {
        user["UserName"]
        for page in client("iam").get_paginator("list_users").paginate()
        for user in page["Users"]
    }
    s3 = client("s3")
    return [
        *(f"item {name}" for name, value in known.items.items() if items.get(name) != value),
        # One that was under way at the kill may have been done as well, and never more than that.
        *(
            f"counter {name}"
            for name, value in known.counters.items()
            if counters.get(name) not in (value, value + 1)
        ),
        *(f"object {name}" for name, body in known.bodies.items() if _body(s3, name) != body),
        *(f"user {name}" for name in known.users - users),
    ]


def _body(s3: Any, name: str) -> bytes | None:
    try:
        body: bytes = s3.get_object(Bucket=BUCKET, Key=name)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    return body
