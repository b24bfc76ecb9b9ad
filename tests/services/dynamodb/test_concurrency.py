"""Sixty-four clients at once on one item, over the wire."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from services.dynamodb.stream_readers import create_table, read

WRITERS = 64
KEY = {"id": {"S": "counter"}}


@pytest.fixture
def crowded(client):
    """A client with a connection for every writer."""
    return client("dynamodb", max_pool_connections=WRITERS)


@pytest.fixture
def many():
    """Does something for each of so many numbers, all writers at once; what they returned."""
    with ThreadPoolExecutor(WRITERS) as pool:
        yield lambda work, count: list(pool.map(work, range(count)))


def test_many_writers_on_one_counter_lose_no_update(crowded, many, client):
    arn = create_table(crowded)
    add = {
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }

    def count(number):
        if number % 4 == 0:
            update = {"TableName": "streamed", "Key": KEY, **add}
            crowded.transact_write_items(TransactItems=[{"Update": update}])
            return None
        answer = crowded.update_item(TableName="streamed", Key=KEY, ReturnValues="UPDATED_NEW", **add)
        return int(answer["Attributes"]["n"]["N"])

    seen = [value for value in many(count, 4 * WRITERS) if value is not None]
    assert len(set(seen)) == len(seen) == 3 * WRITERS
    item = crowded.get_item(TableName="streamed", Key=KEY, ConsistentRead=True)["Item"]
    assert item["n"] == {"N": str(4 * WRITERS)}
    recorded = [int(each["dynamodb"]["NewImage"]["n"]["N"]) for each in read(client("dynamodbstreams"), arn)]
    assert recorded == list(range(1, 4 * WRITERS + 1))


def test_a_counter_that_is_compared_and_set_loses_no_update(crowded, many):
    create_table(crowded, None)
    crowded.put_item(TableName="streamed", Item={**KEY, "n": {"N": "0"}})

    def count(_number):
        tries = 0
        while True:
            tries += 1
            value = crowded.get_item(TableName="streamed", Key=KEY)["Item"]["n"]["N"]
            try:
                crowded.put_item(
                    TableName="streamed",
                    Item={**KEY, "n": {"N": str(int(value) + 1)}},
                    ConditionExpression="n = :was",
                    ExpressionAttributeValues={":was": {"N": value}},
                )
            except ClientError as lost:
                assert lost.response["Error"]["Code"] == "ConditionalCheckFailedException"
            else:
                return tries

    assert len(many(count, WRITERS // 2)) == WRITERS // 2
    assert crowded.get_item(TableName="streamed", Key=KEY)["Item"]["n"] == {"N": str(WRITERS // 2)}


@pytest.mark.parametrize("form", ["put", "transaction"])
def test_conditional_writes_elect_exactly_one_winner(crowded, many, client, form):
    arn = create_table(crowded)

    def try_to_win(number):
        put = {
            "TableName": "streamed",
            "Item": {"id": {"S": "leader"}, "who": {"N": str(number)}},
            "ConditionExpression": "attribute_not_exists(id)",
        }
        try:
            if form == "put":
                crowded.put_item(**put)
            else:
                crowded.transact_write_items(TransactItems=[{"Put": put}])
        except ClientError as lost:
            assert lost.response["Error"]["Code"] in (
                "ConditionalCheckFailedException",
                "TransactionCanceledException",
            )
            return None
        return str(number)

    (winner,) = [number for number in many(try_to_win, WRITERS) if number is not None]
    leader = crowded.get_item(TableName="streamed", Key={"id": {"S": "leader"}})["Item"]
    assert leader["who"] == {"N": winner}
    (record,) = read(client("dynamodbstreams"), arn)
    assert record["dynamodb"]["NewImage"] == leader
