"""Reading streams as their users do: from the first shard on, to the end of each."""

from __future__ import annotations

from typing import Any

VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")


def create_table(dynamodb: Any, view: str | None = "NEW_AND_OLD_IMAGES", name: str = "streamed") -> str:
    """Makes a table with a stream; the stream's ARN."""
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}
    created = dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **stream,
    )
    return str(created["TableDescription"].get("LatestStreamArn", ""))


def shards(streams: Any, arn: str) -> list[dict[str, Any]]:
    """Every shard, page by page."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while True:
        described = streams.describe_stream(StreamArn=arn, **page)["StreamDescription"]
        found += described["Shards"]
        if "LastEvaluatedShardId" not in described:
            return found
        page = {"ExclusiveStartShardId": described["LastEvaluatedShardId"]}


def read_shard(streams: Any, arn: str, shard_id: str, kind: str = "TRIM_HORIZON", **start: Any) -> list[Any]:
    """What is in a shard, up to its end or to where nothing has come yet."""
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard_id, ShardIteratorType=kind, **start)[
        "ShardIterator"
    ]
    records: list[Any] = []
    while iterator is not None:
        answer = streams.get_records(ShardIterator=iterator)
        records += answer["Records"]
        iterator = answer.get("NextShardIterator") if answer["Records"] else None
    return records


def read(streams: Any, arn: str) -> list[Any]:
    """What is in a stream, the older shards first."""
    return [record for shard in shards(streams, arn) for record in read_shard(streams, arn, shard["ShardId"])]
