"""What CloudWatch is told of requests to tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def told(client, server):
    """The sum and the count of a metric's values."""

    def look(name, **dimensions):
        end = server.app.cloud.clock.now() + timedelta(minutes=1)
        [found] = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/DynamoDB",
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=end - timedelta(minutes=60),
            EndTime=end,
            Period=3600,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        return found["Sum"], found["SampleCount"], found["Unit"]

    return look


@pytest.fixture
def table(client):
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="table",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return dynamodb


def put(table, **more):
    table.put_item(TableName="table", Item={"id": {"S": "a"}}, **more)


def test_requests_are_counted_with_how_long_they_took(table, told, account):
    put(table)
    table.put_item(TableName=f"arn:aws:dynamodb:us-east-1:{account}:table/table", Item={"id": {"S": "b"}})
    total, count, unit = told("SuccessfulRequestLatency", TableName="table", Operation="PutItem")
    assert (count, unit) == (2.0, "Milliseconds")
    assert 0 < total < 20_000
    table.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": {"id": {"S": "c"}}}}]})
    assert told("SuccessfulRequestLatency", TableName="table", Operation="BatchWriteItem")[1] == 1.0


def test_returned_items_are_counted(table, told):
    put(table)
    for _ in range(2):
        table.scan(TableName="table")
    assert told("ReturnedItemCount", TableName="table", Operation="Scan") == (2.0, 2.0, "Count")


def test_refusals_are_counted_by_their_reasons(table, told):
    put(table)
    with pytest.raises(ClientError):
        put(table, ConditionExpression="attribute_not_exists(id)")
    with pytest.raises(ClientError):
        table.get_item(TableName="none", Key={"id": {"S": "a"}})
    with pytest.raises(ClientError):
        table.get_item(TableName="t", Key={"id": {"S": "a"}})
    assert told("ConditionalCheckFailedRequests", TableName="table") == (1.0, 1.0, "Count")
    assert told("UserErrors") == (2.0, 2.0, "Count")


GLOBAL, LOCAL = "global", "local"


@pytest.fixture
def indexed(table):
    """A table with a global and a local index, empty."""
    keys = {"id": "HASH", "at": "RANGE"}
    table.create_table(
        TableName="indexed",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "at", "by")],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        GlobalSecondaryIndexes=[
            {
                "IndexName": GLOBAL,
                "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": LOCAL,
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "by", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return table


ITEM = {"id": {"S": "a"}, "at": {"S": "1"}, "by": {"S": "b"}}
ASKING = {"ReturnConsumedCapacity": "TOTAL"}


@pytest.mark.unverified(
    "AWS's guide does not say plainly that a table's units are without its global indexes'"
)
def test_consumed_capacity_is_the_table_s_with_its_local_indexes_and_each_global_index_s(indexed, told):
    indexed.put_item(TableName="indexed", Item=ITEM, **ASKING)
    named = {"TableName": "indexed"}
    assert told("ConsumedWriteCapacityUnits", **named) == (2.0, 1.0, "Count")
    of_index = told("ConsumedWriteCapacityUnits", **named, GlobalSecondaryIndexName=GLOBAL)
    assert of_index == (1.0, 1.0, "Count")
    indexed.scan(TableName="indexed", IndexName=GLOBAL, **ASKING)
    of_index = told("ConsumedReadCapacityUnits", **named, GlobalSecondaryIndexName=GLOBAL)
    assert of_index == (0.5, 1.0, "Count")


def test_consumed_capacity_is_told_of_every_operation_that_is_asked_for_it(table, told):
    item = {"id": {"S": "a"}, "text": {"S": "x" * 1500}}
    key = {"id": {"S": "a"}}
    table.put_item(TableName="table", Item=item, **ASKING)
    table.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": item}}]}, **ASKING)
    table.transact_write_items(TransactItems=[{"Put": {"TableName": "table", "Item": item}}], **ASKING)
    table.delete_item(TableName="table", Key={"id": {"S": "none"}}, **ASKING)
    assert told("ConsumedWriteCapacityUnits", TableName="table") == (2.0 + 2.0 + 4.0 + 1.0, 4.0, "Count")
    table.get_item(TableName="table", Key=key, **ASKING)
    table.batch_get_item(RequestItems={"table": {"Keys": [key]}}, **ASKING)
    table.transact_get_items(TransactItems=[{"Get": {"TableName": "table", "Key": key}}], **ASKING)
    table.scan(TableName="table", **ASKING)
    table.execute_statement(Statement="SELECT * FROM \"table\" WHERE id = 'a'", **ASKING)
    assert told("ConsumedReadCapacityUnits", TableName="table") == (0.5 + 0.5 + 2.0 + 0.5 + 0.5, 5.0, "Count")


def test_statements_of_a_batch_are_told_one_by_one(table, told):
    insert = "INSERT INTO \"table\" VALUE {{'id': '{}'}}"
    table.batch_execute_statement(Statements=[{"Statement": insert.format(each)} for each in "abc"])
    assert told("ConsumedWriteCapacityUnits", TableName="table") == (3.0, 3.0, "Count")


def test_refused_write_is_told_no_capacity_for(table, client):
    with pytest.raises(ClientError):
        put(table, ConditionExpression="attribute_exists(id)", **ASKING)
    metrics = client("cloudwatch").list_metrics(Namespace="AWS/DynamoDB")["Metrics"]
    assert not [each for each in metrics if each["MetricName"].startswith("Consumed")]
