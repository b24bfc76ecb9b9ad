"""What a new index makes of items that were there before it."""

from __future__ import annotations

import pytest
from waiting import eventually

KEPT = {"S": "kept"}


@pytest.fixture
def indexed(dynamodb, hash_table):
    """Adds an index to the table and waits for it; the keys of the items that are in it."""

    def index(*key_schema, kind="S"):
        dynamodb.update_table(
            TableName=hash_table,
            AttributeDefinitions=[
                {"AttributeName": "a", "AttributeType": "S"},
                {"AttributeName": "x", "AttributeType": kind},
            ],
            GlobalSecondaryIndexUpdates=[
                {
                    "Create": {
                        "IndexName": "index",
                        "KeySchema": [
                            {"AttributeName": name, "KeyType": role}
                            for name, role in zip(key_schema, ("HASH", "RANGE"), strict=False)
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                }
            ],
        )
        eventually(is_active)
        items = dynamodb.scan(TableName=hash_table, IndexName="index")["Items"]
        return {item["a"]["S"] for item in items}

    def is_active():
        [index] = dynamodb.describe_table(TableName=hash_table)["Table"]["GlobalSecondaryIndexes"]
        return index["IndexStatus"] == "ACTIVE"

    return index


@pytest.fixture
def items_of_lengths(dynamodb, hash_table):
    for length in (0, 1, 1024, 1025, 2048, 2049, 66_500):
        item = {"a": {"S": str(length)}, "x": {"S": "x" * length}}
        dynamodb.put_item(TableName=hash_table, Item=item)


@pytest.mark.usefixtures("items_of_lengths")
def test_index_leaves_out_what_is_empty_or_too_long_for_a_partition_key(indexed):
    assert indexed("x") == {"1", "1024", "1025", "2048"}


@pytest.mark.usefixtures("items_of_lengths")
def test_index_leaves_out_what_is_empty_or_too_long_for_a_sort_key(indexed):
    assert indexed("a", "x") == {"1", "1024"}


def test_index_leaves_out_items_without_its_key_or_with_one_of_another_type(dynamodb, hash_table, indexed):
    for name, more in (("kept", {"x": {"N": "1"}}), ("none", {}), ("text", {"x": {"S": "1"}})):
        dynamodb.put_item(TableName=hash_table, Item={"a": {"S": name}, **more})
    assert indexed("x", kind="N") == {"kept"}


@pytest.mark.usefixtures("items_of_lengths")
def test_item_that_is_left_out_can_be_deleted_and_mended(dynamodb, hash_table, indexed):
    indexed("x")
    dynamodb.delete_item(TableName=hash_table, Key={"a": {"S": "0"}})
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "2049"}, "x": KEPT})
    query = {"KeyConditionExpression": "x = :x", "ExpressionAttributeValues": {":x": KEPT}}
    found = dynamodb.query(TableName=hash_table, IndexName="index", **query)["Items"]
    assert found == [{"a": {"S": "2049"}, "x": KEPT}]
