from __future__ import annotations

import json

import pytest

from refusals import refusal

KEYS = {"a": {"S": "k"}}


@pytest.fixture
def kinesis(client, advance):
    """A client with a stream that is active."""
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="changes", ShardCount=2)
    advance(1)
    while kinesis.describe_stream(StreamName="changes")["StreamDescription"]["StreamStatus"] != "ACTIVE":
        pass
    return kinesis


@pytest.fixture
def arn(account):
    return f"arn:aws:kinesis:us-east-1:{account}:stream/changes"


@pytest.fixture
def destination(dynamodb, hash_table, kinesis, arn):
    """Lets the stream have the table's changes."""

    def enable(**configuration):
        more = {"EnableKinesisStreamingConfiguration": configuration} if configuration else {}
        return dynamodb.enable_kinesis_streaming_destination(TableName=hash_table, StreamArn=arn, **more)

    return enable


@pytest.fixture
def delivered(kinesis):
    """The first records that come, `count` of them, in the order of their shards."""

    def wait(count):
        while True:
            found = []
            for shard in kinesis.list_shards(StreamName="changes")["Shards"]:
                iterator = kinesis.get_shard_iterator(
                    StreamName="changes", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
                found += kinesis.get_records(ShardIterator=iterator)["Records"]
            if len(found) >= count:
                return found

    return wait


def test_changes_are_told_as_aws_tells_them(dynamodb, destination, delivered, hash_table):
    destination()
    dynamodb.put_item(TableName=hash_table, Item={**KEYS, "b": {"B": b"\x00"}, "n": {"N": "1"}})
    (record,) = delivered(1)
    change = json.loads(record["Data"])
    assert change.pop("eventID").count("-") == 4
    created = change["dynamodb"].pop("ApproximateCreationDateTime")
    assert len(str(created)) == 13
    assert change == {
        "awsRegion": "us-east-1",
        "eventName": "INSERT",
        "userIdentity": None,
        "recordFormat": "application/json",
        "tableName": "hash",
        "dynamodb": {
            "Keys": KEYS,
            "NewImage": {**KEYS, "b": {"B": "AA=="}, "n": {"N": "1"}},
            "SizeBytes": 9,
            "ApproximateCreationDateTimePrecision": "MILLISECOND",
        },
        "eventSource": "aws:dynamodb",
    }
    assert len(record["PartitionKey"]) == 32


def test_the_changes_of_an_item_come_in_their_order(dynamodb, destination, delivered, hash_table):
    destination()
    for n in range(20):
        dynamodb.put_item(TableName=hash_table, Item={**KEYS, "n": {"N": str(n)}})
    dynamodb.put_item(TableName=hash_table, Item={**KEYS, "n": {"N": "19"}})
    dynamodb.delete_item(TableName=hash_table, Key=KEYS)
    changes = [json.loads(record["Data"]) for record in delivered(21)]
    images = [change["dynamodb"].get("NewImage", {}).get("n", {}).get("N") for change in changes]
    assert images == [*map(str, range(20)), None]
    assert [change["eventName"] for change in changes] == ["INSERT", *["MODIFY"] * 19, "REMOVE"]
    assert changes[-1]["dynamodb"]["OldImage"]["n"] == {"N": "19"}


def test_times_may_be_told_in_microseconds(dynamodb, destination, delivered, hash_table, arn):
    answer = destination(ApproximateCreationDateTimePrecision="MICROSECOND")
    assert answer["EnableKinesisStreamingConfiguration"] == {
        "ApproximateCreationDateTimePrecision": "MICROSECOND"
    }
    dynamodb.put_item(TableName=hash_table, Item=KEYS)
    change = json.loads(delivered(1)[0]["Data"])["dynamodb"]
    assert len(str(change["ApproximateCreationDateTime"])) == 16
    dynamodb.update_kinesis_streaming_destination(
        TableName=hash_table,
        StreamArn=arn,
        UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MILLISECOND"},
    )
    described = dynamodb.describe_kinesis_streaming_destination(TableName=hash_table)
    assert described["KinesisDataStreamDestinations"] == [
        {
            "StreamArn": arn,
            "DestinationStatus": "ACTIVE",
            "ApproximateCreationDateTimePrecision": "MILLISECOND",
        }
    ]


def test_what_changes_after_the_end_is_not_told(dynamodb, destination, delivered, hash_table, arn):
    assert destination()["DestinationStatus"] == "ENABLING"
    dynamodb.put_item(TableName=hash_table, Item=KEYS)
    answer = dynamodb.disable_kinesis_streaming_destination(TableName=hash_table, StreamArn=arn)
    assert answer["DestinationStatus"] == "DISABLING"
    dynamodb.delete_item(TableName=hash_table, Key=KEYS)
    destination()
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "later"}})
    names = [json.loads(record["Data"])["eventName"] for record in delivered(2)]
    assert sorted(names) == ["INSERT", "INSERT"]


def test_a_transaction_and_a_batch_are_told_item_by_item(dynamodb, destination, delivered, hash_table):
    destination()
    dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": hash_table, "Item": {"a": {"S": key}}}} for key in "xy"]
    )
    dynamodb.batch_write_item(
        RequestItems={hash_table: [{"PutRequest": {"Item": {"a": {"S": key}}}} for key in "vw"]}
    )
    keys = [json.loads(record["Data"])["dynamodb"]["Keys"]["a"]["S"] for record in delivered(4)]
    assert sorted(keys) == ["v", "w", "x", "y"]


def test_changes_wait_for_a_stream_that_is_not_there(
    dynamodb, destination, delivered, hash_table, kinesis, advance
):
    destination()
    kinesis.delete_stream(StreamName="changes")
    advance(1)
    while kinesis.list_streams()["StreamNames"]:
        pass
    dynamodb.put_item(TableName=hash_table, Item=KEYS)
    kinesis.create_stream(StreamName="changes", ShardCount=1)
    advance(1)
    while kinesis.describe_stream(StreamName="changes")["StreamDescription"]["StreamStatus"] != "ACTIVE":
        pass
    advance(6)
    assert len(delivered(1)) == 1


def test_states_that_do_not_fit_are_refused(dynamodb, destination, hash_table, arn):
    destination()
    text = "Table is not in a valid state to enable Kinesis Streaming Destination: "
    request = {"TableName": hash_table, "StreamArn": arn}
    assert refusal(dynamodb.enable_kinesis_streaming_destination, **request) == (
        "ValidationException",
        text + "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE "
        "operation.",
    )
    dynamodb.disable_kinesis_streaming_destination(**request)
    assert refusal(dynamodb.disable_kinesis_streaming_destination, **request) == (
        "ValidationException",
        text + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.",
    )


def test_a_stream_that_is_not_there_is_refused(dynamodb, hash_table, arn):
    request = {"TableName": hash_table, "StreamArn": arn}
    assert refusal(dynamodb.enable_kinesis_streaming_destination, **request)[0] == "ResourceNotFoundException"


def test_a_template_names_the_stream_and_may_name_another(client, kinesis, dynamodb, arn, advance):
    kinesis.create_stream(StreamName="others", ShardCount=1)
    advance(1)
    while kinesis.describe_stream(StreamName="others")["StreamDescription"]["StreamStatus"] != "ACTIVE":
        pass
    cloudformation = client("cloudformation")

    def deploy(call, specification):
        properties = {
            "TableName": "trips",
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            **({"KinesisStreamSpecification": specification} if specification else {}),
        }
        resources = {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}
        call(StackName="s", TemplateBody=json.dumps({"Resources": resources}))
        while True:
            (stack,) = cloudformation.describe_stacks(StackName="s")["Stacks"]
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                break
        described = dynamodb.describe_kinesis_streaming_destination(TableName="trips")
        return stack["StackStatus"], {
            each["StreamArn"]: (each["DestinationStatus"], each["ApproximateCreationDateTimePrecision"])
            for each in described["KinesisDataStreamDestinations"]
        }

    other = arn.replace("changes", "others")
    exact = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    create, update = cloudformation.create_stack, cloudformation.update_stack
    first, second = ("ACTIVE", "MILLISECOND"), ("DISABLED", "MILLISECOND")
    assert deploy(create, {"StreamArn": arn}) == ("CREATE_COMPLETE", {arn: first})
    assert deploy(update, {"StreamArn": other}) == ("UPDATE_COMPLETE", {arn: second, other: first})
    assert deploy(update, {"StreamArn": other, **exact})[1][other] == ("ACTIVE", "MICROSECOND")
    assert deploy(update, None)[1][other] == ("DISABLED", "MICROSECOND")
