"""A server that holds tables to their throughput; the shared one does not."""

from __future__ import annotations

import pytest

from cloudlet.config import Config
from running_server import RunningServer

OF_TABLE = (
    "ProvisionedThroughputExceededException",
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API.",
)
UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
ITEM = {"a": {"S": "x"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = RunningServer(Config(data=tmp_path_factory.mktemp("limits"), port=0, throughput_limits=True))
    yield running
    running.close()


@pytest.fixture
def table(dynamodb):
    """A table that has one unit a second for reads and for writes."""
    dynamodb.create_table(
        TableName="slow",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in "ag"],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "index",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": UNITS,
            }
        ],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 100},
    )
    return "slow"


def large(units):
    return {"a": {"S": "x"}, "b": {"B": b"x" * (1024 * units - 10)}}


def test_writes_beyond_the_throughput_are_refused_and_not_done(dynamodb, refused, advance, table):
    put = dynamodb.put_item
    put(TableName=table, Item=large(90))
    assert refused(put, TableName=table, Item={**large(90), "c": {"S": "late"}}) == OF_TABLE
    advance(30)
    assert "c" not in dynamodb.get_item(TableName=table, Key=ITEM)["Item"]
    put(TableName=table, Item=large(90))


def test_what_was_not_used_serves_bursts_of_five_minutes(dynamodb, refused, advance, table):
    advance(3600)
    done = 0
    while done < 400 and _succeeds(dynamodb.get_item, TableName=table, Key=ITEM, ConsistentRead=True):
        done += 1
    assert 300 <= done < 330
    assert refused(dynamodb.get_item, TableName=table, Key=ITEM, ConsistentRead=True) == (OF_TABLE)


def test_scans_pay_for_what_they_read(dynamodb, refused, advance, table):
    dynamodb.put_item(TableName=table, Item=large(90))
    advance(60)
    for _ in range(5):
        dynamodb.scan(TableName=table)
    assert refused(dynamodb.scan, TableName=table) == OF_TABLE


def test_an_index_has_a_throughput_of_its_own(dynamodb, refused, table):
    first = {**large(1), "g": {"S": "g"}}
    dynamodb.put_item(TableName=table, Item=first)
    code, message = refused(dynamodb.put_item, TableName=table, Item={**large(9), "g": {"S": "g"}})
    assert code == "ProvisionedThroughputExceededException"
    assert message == (
        "The level of configured provisioned throughput for one or more global secondary indexes of the "
        "table was exceeded. Consider increasing your provisioning level for the under-provisioned global "
        "secondary indexes with the UpdateTable API"
    )


def test_batches_leave_what_was_too_much(dynamodb, refused, advance, table):
    puts = [{"PutRequest": {"Item": {**large(40), "a": {"S": str(number)}}}} for number in range(4)]
    left = dynamodb.batch_write_item(RequestItems={table: puts})["UnprocessedItems"][table]
    assert 1 <= len(left) < 4
    assert refused(dynamodb.batch_write_item, RequestItems={table: left})[0] == OF_TABLE[0]
    keys = [{"a": {"S": str(number)}} for number in range(4)]
    advance(15)
    answer = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
    assert 1 <= len(answer["UnprocessedKeys"][table]["Keys"]) < 4


def test_transactions_that_are_too_much_are_cancelled(dynamodb, table):
    puts = [{"Put": {"TableName": table, "Item": {**large(40), "a": {"S": name}}}} for name in "xy"]
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as cancelled:
        dynamodb.transact_write_items(TransactItems=puts)
    codes = [reason["Code"] for reason in cancelled.value.response["CancellationReasons"]]
    assert codes == ["ProvisionedThroughputExceeded"] * 2
    assert dynamodb.scan(TableName=table)["Count"] == 0


def test_tables_on_demand_are_not_held_back(dynamodb, hash_table):
    for _ in range(20):
        dynamodb.put_item(TableName=hash_table, Item=large(90))


def _succeeds(operation, **request):
    try:
        operation(**request)
    except operation.__self__.exceptions.ProvisionedThroughputExceededException:
        return False
    return True
