from __future__ import annotations

import time

import pytest

from cloudlet.config import Config
from services.dynamodb.conftest import HASH_TABLE
from services.dynamodb.waiting import eventually

INDEX = {
    "IndexName": "late",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}


@pytest.fixture
def restarted(server, aws_session, tmp_path):
    """Makes a client of a server on the same data that has just been started."""
    running = []

    def restart():
        if running:
            running.pop().close()
        running.append(type(server)(Config(data=tmp_path, port=0)))
        return aws_session.client(
            "dynamodb",
            endpoint_url=running[0].endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    yield restart
    running.pop().close()


def test_restarted_server_has_everything_and_goes_on_filling_its_index(restarted):
    dynamodb = restarted()
    dynamodb.create_table(
        TableName="abc",
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for start in range(0, 2000, 25):
        puts = [
            {"PutRequest": {"Item": {"a": {"S": str(number)}, "g": {"S": "x"}}}}
            for number in range(start, start + 25)
        ]
        dynamodb.batch_write_item(RequestItems={"abc": puts})
    dynamodb.update_table(
        TableName="abc",
        AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": INDEX}],
    )
    dynamodb = restarted()
    dynamodb.delete_item(TableName="abc", Key={"a": {"S": "7"}})
    deadline = time.monotonic() + 20
    while (
        dynamodb.describe_table(TableName="abc")["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"]
        != "ACTIVE"
    ):
        assert time.monotonic() < deadline
    items = {item["a"]["S"] for item in dynamodb.scan(TableName="abc")["Items"]}
    indexed = {item["a"]["S"] for item in dynamodb.scan(TableName="abc", IndexName="late")["Items"]}
    assert len(items) == 1999
    assert indexed == items


def test_a_backup_and_a_restore_go_on_where_they_were(restarted):
    dynamodb = restarted()
    dynamodb.create_table(TableName="abc", **HASH_TABLE)
    for start in range(0, 2000, 25):
        puts = [{"PutRequest": {"Item": {"a": {"S": str(number)}}}} for number in range(start, start + 25)]
        dynamodb.batch_write_item(RequestItems={"abc": puts})
    arn = dynamodb.create_backup(TableName="abc", BackupName="one")["BackupDetails"]["BackupArn"]
    dynamodb = restarted()
    dynamodb.delete_item(TableName="abc", Key={"a": {"S": "7"}})
    eventually(lambda: _backup_status(dynamodb, arn) == "AVAILABLE")
    dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=arn)
    dynamodb = restarted()
    eventually(lambda: dynamodb.describe_table(TableName="again")["Table"]["TableStatus"] == "ACTIVE")
    assert dynamodb.scan(TableName="again", Select="COUNT")["Count"] == 2000


def _backup_status(dynamodb, arn):
    return dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"]
