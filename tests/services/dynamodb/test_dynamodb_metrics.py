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
