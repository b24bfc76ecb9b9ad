"""Clients that change one table in every way until the server is gone, and what must agree with it then."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from cloud_process import CloudProcess

Item: TypeAlias = dict[str, dict[str, Any]]

TABLE = "changing"
WRITERS = 6
GROUPS = 4
_NAMES = 12
_KEYS = ("group", "name")
_KINDS = {"group": "S", "name": "S", "color": "S", "size": "N"}
_PROJECTED = {
    "by-color": (("color", "size"), None),
    "by-size": (("size",), {*_KEYS, "size"}),
    "in-group": (("group", "color"), {*_KEYS, "color", "note"}),
}
"""Of each index: the key that an item must have to be in it, and the attributes it keeps."""


def create(cloud: CloudProcess) -> None:
    """Makes the table: two global indexes, a local one, and a stream."""

    def index(name: str, keys: tuple[str, ...], **projection: Any) -> dict[str, Any]:
        return {"IndexName": name, "KeySchema": _schema(*keys), "Projection": projection}

    cloud.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in _KINDS.items()
        ],
        KeySchema=_schema(*_KEYS),
        GlobalSecondaryIndexes=[
            index("by-color", ("color", "size"), ProjectionType="ALL"),
            index("by-size", ("size",), ProjectionType="KEYS_ONLY"),
        ],
        LocalSecondaryIndexes=[
            index("in-group", ("group", "color"), ProjectionType="INCLUDE", NonKeyAttributes=["note"])
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def _schema(*names: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
    ]


def write_until_killed(cloud: CloudProcess, source: random.Random, counted: dict[str, int]) -> int:
    """Changes items from several threads, then kills the server; how many changes were acknowledged.

    `counted` gets the last value that each writer's own counter was acknowledged to have.
    """
    client = cloud.client("dynamodb", max_pool_connections=WRITERS)
    enough = threading.Semaphore(0)
    seeds = [source.random() for _ in range(WRITERS)]

    def write(writer: int) -> int:
        choices = random.Random(seeds[writer])
        done = 0
        while True:
            try:
                if choices.random() < 0.2:
                    counted[str(writer)] = _count(client, writer)
                else:
                    choices.choice(_CHANGES)(client, choices)
            except BotoCoreError:
                return done
            except ClientError as refused:
                if refused.response["Error"]["Code"] != "TransactionCanceledException":
                    raise
            done += 1
            enough.release()

    with ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(write, writer) for writer in range(WRITERS)]
        for _ in range(source.randint(60, 250)):
            if not enough.acquire(timeout=5):
                break
        cloud.kill()
    return sum(each.result() for each in running)


def _put(client: Any, choices: random.Random) -> None:
    client.put_item(TableName=TABLE, Item=_item(choices))


def _add(client: Any, choices: random.Random) -> None:
    client.update_item(
        TableName=TABLE,
        Key=_key(choices),
        UpdateExpression="ADD #size :one",
        ExpressionAttributeNames={"#size": "size"},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def _bleach(client: Any, choices: random.Random) -> None:
    client.update_item(
        TableName=TABLE, Key=_key(choices), UpdateExpression="REMOVE color SET note = :n", **_NOTE
    )


_NOTE = {"ExpressionAttributeValues": {":n": {"S": "bleached"}}}


def _delete(client: Any, choices: random.Random) -> None:
    client.delete_item(TableName=TABLE, Key=_key(choices))


def _write_batch(client: Any, choices: random.Random) -> None:
    items = {tuple(item[name]["S"] for name in _KEYS): item for item in (_item(choices) for _ in range(8))}
    writes = [
        {"PutRequest": {"Item": item}}
        if choices.random() < 0.7
        else {"DeleteRequest": {"Key": _key_of(item)}}
        for item in items.values()
    ]
    client.batch_write_item(RequestItems={TABLE: writes})


def _transact(client: Any, choices: random.Random) -> None:
    names = choices.sample(range(_NAMES), 3)
    put, deleted, checked = ({**_item(choices), "name": {"S": str(name)}} for name in names)
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": TABLE, "Item": put}},
            {"Delete": {"TableName": TABLE, "Key": _key_of(deleted)}},
            {
                "Update": {
                    "TableName": TABLE,
                    "Key": _key_of(checked),
                    "UpdateExpression": "SET color = :color",
                    "ConditionExpression": "attribute_exists(#name)",
                    "ExpressionAttributeNames": {"#name": "name"},
                    "ExpressionAttributeValues": {":color": checked["color"]},
                }
            },
        ]
    )


_CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    _put,
    _add,
    _bleach,
    _delete,
    _write_batch,
    _transact,
)


def _count(client: Any, writer: int) -> int:
    answer = client.update_item(
        TableName=TABLE,
        Key={"group": {"S": "counters"}, "name": {"S": str(writer)}},
        UpdateExpression="ADD #total :one",
        ExpressionAttributeNames={"#total": "total"},
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )
    return int(answer["Attributes"]["total"]["N"])


def _key(choices: random.Random) -> Item:
    return {"group": {"S": str(choices.randrange(GROUPS))}, "name": {"S": str(choices.randrange(_NAMES))}}


def _item(choices: random.Random) -> Item:
    item = {**_key(choices), "color": {"S": choices.choice(("red", "blue"))}, "note": {"S": "n" * 300}}
    return {**item, "size": {"N": str(choices.randrange(5))}} if choices.random() < 0.7 else item


def _key_of(item: Item) -> Item:
    return {name: item[name] for name in _KEYS}


def items(cloud: CloudProcess, index: str | None = None) -> list[Item]:
    """What the table has, or an index, in a fixed order."""
    of = {"IndexName": index} if index else {}
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE, **of)
    return sorted((item for page in pages for item in page["Items"]), key=repr_of)


def repr_of(item: Item) -> str:
    """A text that two items share exactly when they are equal."""
    return repr(sorted(item.items()))


def projected(whole: list[Item], index: str) -> list[Item]:
    """What an index must have of the table's items."""
    keys, kept = _PROJECTED[index]
    return sorted(
        (
            {name: value for name, value in item.items() if kept is None or name in kept}
            for item in whole
            if all(name in item for name in keys)
        ),
        key=repr_of,
    )


def indexes() -> list[str]:
    """The names of the table's indexes."""
    return list(_PROJECTED)


def replayed(cloud: CloudProcess) -> list[Item]:
    """What the stream's records make of an empty table. Fails where one does not follow the one before."""
    state: dict[str, Item] = {}
    last = 0
    for record in _records(cloud):
        change = record["dynamodb"]
        key, number = repr_of(change["Keys"]), int(change["SequenceNumber"])
        assert number > last, "a number came twice or too late"
        assert state.get(key) == change.get("OldImage"), "a record does not follow the one before"
        last = number
        if record["eventName"] == "REMOVE":
            del state[key]
        else:
            state[key] = change["NewImage"]
    return sorted(state.values(), key=repr_of)


def _records(cloud: CloudProcess) -> Iterator[dict[str, Any]]:
    arn = cloud.client("dynamodb").describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    streams = cloud.client("dynamodbstreams")
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        start = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        answer = streams.get_records(ShardIterator=streams.get_shard_iterator(**start)["ShardIterator"])
        while answer["Records"]:
            yield from answer["Records"]
            answer = streams.get_records(ShardIterator=answer["NextShardIterator"])
