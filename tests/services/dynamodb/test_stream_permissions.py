from __future__ import annotations

import json

import pytest

from services.dynamodb.stream_readers import create_table, read, shards


@pytest.fixture
def as_reader(client):
    """Makes a client of DynamoDB Streams of a user who may do some things with some stream."""

    def make(action, resource):
        iam = client("iam")
        iam.create_user(UserName="reader")
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_user_policy(UserName="reader", PolicyName="own", PolicyDocument=json.dumps(document))
        return client("dynamodbstreams", key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    return make


READING = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]


def test_a_stream_is_read_with_the_permissions_of_dynamodb(dynamodb, as_reader):
    arn = create_table(dynamodb)
    dynamodb.put_item(TableName="streamed", Item={"id": {"S": "a"}})
    assert len(read(as_reader(READING, arn), arn)) == 1


def test_a_stream_of_another_table_stays_closed(dynamodb, as_reader, client, refused, account):
    mine, other = create_table(dynamodb), create_table(dynamodb, name="other")
    reader = as_reader(
        [*READING, "dynamodb:ListStreams"], f"arn:aws:dynamodb:*:{account}:table/streamed/stream/*"
    )
    root = client("dynamodbstreams")
    started = {"ShardIteratorType": "LATEST", "StreamArn": other}
    started["ShardId"] = shards(root, other)[0]["ShardId"]
    iterator = root.get_shard_iterator(**started)["ShardIterator"]
    assert reader.list_streams(TableName="streamed")["Streams"][0]["StreamArn"] == mine
    for operation, request in (
        (reader.describe_stream, {"StreamArn": other}),
        (reader.get_shard_iterator, started),
        (reader.get_records, {"ShardIterator": iterator}),
        (reader.list_streams, {}),
        (reader.list_streams, {"TableName": "other"}),
    ):
        code, message = refused(operation, **request)
        assert code == "AccessDeniedException"
        assert "is not authorized to perform: dynamodb:" in message


def test_a_stream_of_another_account_is_not_seen(dynamodb, client, refused):
    arn = create_table(dynamodb)
    stranger = client("dynamodbstreams", key="210987654321")
    code, _ = refused(stranger.describe_stream, StreamArn=arn)
    assert code == "ResourceNotFoundException"
