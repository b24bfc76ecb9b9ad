from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def many(dynamodb):
    with ThreadPoolExecutor(16) as pool:
        yield lambda work, count: list(pool.map(work, range(count)))


def test_many_writers_on_one_counter_lose_no_update(dynamodb, many, hash_table):
    def add(_number):
        dynamodb.update_item(
            TableName=hash_table,
            Key={"a": {"S": "counter"}},
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    many(add, 200)
    item = dynamodb.get_item(TableName=hash_table, Key={"a": {"S": "counter"}}, ConsistentRead=True)["Item"]
    assert item["n"] == {"N": "200"}


def test_conditional_writes_elect_exactly_one_winner(dynamodb, many, hash_table):
    def try_to_win(number):
        try:
            dynamodb.put_item(
                TableName=hash_table,
                Item={"a": {"S": "leader"}, "who": {"N": str(number)}},
                ConditionExpression="attribute_not_exists(a)",
            )
        except ClientError:
            return 0
        return 1

    assert sum(many(try_to_win, 50)) == 1
