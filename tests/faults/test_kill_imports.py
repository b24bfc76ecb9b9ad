"""The server killed while it imports: every item is imported once, and none is counted twice."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

from cloud_process import CloudProcess
from faults.event_sources import advance

KILLS = 3
OBJECTS = 4
ITEMS = 4000
LEASE_SECONDS = 16
"""Until another server may take over what the dead one was doing, and looks again."""


def test_an_import_goes_on_after_every_kill(tmp_path: Path) -> None:
    source = random.Random("imports")
    with CloudProcess(tmp_path) as cloud:
        _put_objects(cloud)
        arn = _begin(cloud)
        for _ in range(KILLS):
            for _ in range(source.randint(1, 6)):
                assert _described(cloud, arn)["ImportStatus"] == "IN_PROGRESS", "it was over before the kill"
            cloud.kill()
            cloud.start()
            advance(cloud, LEASE_SECONDS)
        while (described := _described(cloud, arn))["ImportStatus"] == "IN_PROGRESS":
            pass
        assert described["ImportStatus"] == "COMPLETED", described
        assert (described["ImportedItemCount"], described["ErrorCount"]) == (OBJECTS * ITEMS, 0)
        assert described["ProcessedSizeBytes"] == OBJECTS * len(_lines(0))
        assert _count(cloud) == OBJECTS * ITEMS
        assert _count(cloud, IndexName="by-group") == OBJECTS * ITEMS


def _put_objects(cloud: CloudProcess) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="source")
    for number in range(OBJECTS):
        s3.put_object(Bucket="source", Key=f"data/{number}", Body=gzip.compress(_lines(number)))


def _lines(number: int) -> bytes:
    items = (f'{number}-{item:05}"}},"group":{{"S":"{item % 10}"}}' for item in range(ITEMS))
    return "".join(f'{{"Item":{{"name":{{"S":"{item}}}}}\n' for item in items).encode()


def _begin(cloud: CloudProcess) -> str:
    answer = cloud.client("dynamodb").import_table(
        S3BucketSource={"S3Bucket": "source", "S3KeyPrefix": "data/"},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
        TableCreationParameters={
            "TableName": "imported",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in ("name", "group")
            ],
            "KeySchema": [{"AttributeName": "name", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by-group",
                    "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        },
    )
    return str(answer["ImportTableDescription"]["ImportArn"])


def _described(cloud: CloudProcess, arn: str) -> dict[str, Any]:
    answer = cloud.client("dynamodb").describe_import(ImportArn=arn)
    return dict(answer["ImportTableDescription"])


def _count(cloud: CloudProcess, **more: Any) -> int:
    pages = (
        cloud.client("dynamodb").get_paginator("scan").paginate(TableName="imported", Select="COUNT", **more)
    )
    return sum(page["Count"] for page in pages)
