from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from services.dynamodb.stream_readers import VIEWS, create_table, read, shards

ITEM = {"id": {"S": "id_value"}}


@pytest.fixture
def streams(client):
    return client("dynamodbstreams", parameter_validation=False)


@pytest.fixture
def stream(dynamodb):
    return create_table(dynamodb)


def changes(records):
    """What happened, in order: the event and the images."""
    return [
        (each["eventName"], each["dynamodb"].get("OldImage"), each["dynamodb"].get("NewImage"))
        for each in records
    ]


def test_a_new_item_is_recorded_to_the_member(dynamodb, streams, stream):
    dynamodb.put_item(TableName="streamed", Item={**ITEM, "id2": {"S": "id2_value"}})
    (record,) = read(streams, stream)
    assert re.fullmatch("[0-9a-f]{32}", record.pop("eventID"))
    assert isinstance(record["dynamodb"].pop("ApproximateCreationDateTime"), datetime)
    assert re.fullmatch("[0-9]{21,40}", record["dynamodb"].pop("SequenceNumber"))
    assert record == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "Keys": ITEM,
            "NewImage": {**ITEM, "id2": {"S": "id2_value"}},
            "SizeBytes": 32,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def test_sizes_are_those_that_aws_recorded(dynamodb, streams, stream):
    dynamodb.put_item(TableName="streamed", Item=ITEM)
    dynamodb.put_item(TableName="streamed", Item={**ITEM, "id2": {"S": "id2_new_value"}})
    assert [record["dynamodb"]["SizeBytes"] for record in read(streams, stream)] == [20, 46]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_type_decides_which_images_a_record_has(dynamodb, streams, view):
    arn = create_table(dynamodb, view)
    old, new = {**ITEM, "a": {"N": "1"}}, {**ITEM, "a": {"N": "2"}}
    dynamodb.put_item(TableName="streamed", Item=old)
    dynamodb.put_item(TableName="streamed", Item=new)
    dynamodb.delete_item(TableName="streamed", Key=ITEM)
    records = read(streams, arn)
    has_old, has_new = "OLD" in view, "NEW" in view
    assert changes(records) == [
        ("INSERT", None, old if has_new else None),
        ("MODIFY", old if has_old else None, new if has_new else None),
        ("REMOVE", new if has_old else None, None),
    ]
    assert all(record["dynamodb"]["Keys"] == ITEM for record in records)
    assert {record["dynamodb"]["StreamViewType"] for record in records} == {view}


def test_what_changes_nothing_is_not_recorded(dynamodb, streams, stream):
    item = {**ITEM, "set": {"SS": ["a", "b"]}, "n": {"N": "1"}}
    dynamodb.put_item(TableName="streamed", Item=item)
    dynamodb.put_item(TableName="streamed", Item={**item, "set": {"SS": ["b", "a"]}, "n": {"N": "1.0"}})
    dynamodb.update_item(TableName="streamed", Key=ITEM)
    dynamodb.update_item(
        TableName="streamed",
        Key=ITEM,
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    dynamodb.delete_item(TableName="streamed", Key={"id": {"S": "none"}})
    dynamodb.batch_write_item(RequestItems={"streamed": [{"PutRequest": {"Item": item}}]})
    assert [record["eventName"] for record in read(streams, stream)] == ["INSERT"]


def test_every_way_of_writing_is_recorded_in_order(dynamodb, streams, stream):
    dynamodb.update_item(TableName="streamed", Key=ITEM)
    dynamodb.batch_write_item(
        RequestItems={"streamed": [{"PutRequest": {"Item": {**ITEM, "n": {"N": "1"}}}}]}
    )
    add = {
        "TableName": "streamed",
        "Key": ITEM,
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    dynamodb.transact_write_items(TransactItems=[{"Update": add}])
    dynamodb.update_item(**add)
    dynamodb.batch_write_item(RequestItems={"streamed": [{"DeleteRequest": {"Key": ITEM}}]})
    records = read(streams, stream)
    counted = [{**ITEM, "n": {"N": str(number)}} for number in (1, 2, 3)]
    assert changes(records) == [
        ("INSERT", None, ITEM),
        ("MODIFY", ITEM, counted[0]),
        ("MODIFY", counted[0], counted[1]),
        ("MODIFY", counted[1], counted[2]),
        ("REMOVE", counted[2], None),
    ]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    assert numbers == sorted(set(numbers))
    assert len({record["eventID"] for record in records}) == len(records)


def test_a_write_that_is_refused_is_not_recorded(dynamodb, streams, stream, refused):
    dynamodb.put_item(TableName="streamed", Item=ITEM)
    condition = {"ConditionExpression": "attribute_not_exists(id)"}
    put = {"TableName": "streamed", "Item": {**ITEM, "n": {"N": "1"}}}
    refused(dynamodb.put_item, **put, **condition)
    other = {"TableName": "streamed", "Item": {"id": {"S": "other"}}}
    refused(dynamodb.transact_write_items, TransactItems=[{"Put": other}, {"Put": {**put, **condition}}])
    assert len(read(streams, stream)) == 1


def test_a_record_says_the_second_in_which_it_was_made(dynamodb, streams, stream):
    before = datetime.now(UTC)
    dynamodb.put_item(TableName="streamed", Item=ITEM)
    (record,) = read(streams, stream)
    made = record["dynamodb"]["ApproximateCreationDateTime"]
    assert made.microsecond == 0
    assert made >= before.replace(microsecond=0)


def test_an_item_that_expires_is_removed_by_dynamodb_itself(dynamodb, streams, stream, server, advance):
    specification = {"AttributeName": "end", "Enabled": True}
    dynamodb.update_time_to_live(TableName="streamed", TimeToLiveSpecification=specification)
    advance(0)
    item = {**ITEM, "end": {"N": str(int(server.clock.time()) - 10)}}
    dynamodb.put_item(TableName="streamed", Item=item)
    advance(70)
    while "Item" in dynamodb.get_item(TableName="streamed", Key=ITEM):
        pass
    insert, remove = read(streams, stream)
    assert "userIdentity" not in insert
    assert remove["eventName"] == "REMOVE"
    assert remove["dynamodb"]["OldImage"] == item
    assert remove["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


def test_a_table_without_a_stream_has_none_to_read(dynamodb, streams):
    create_table(dynamodb, None)
    dynamodb.put_item(TableName="streamed", Item=ITEM)
    assert streams.list_streams(TableName="streamed")["Streams"] == []


def test_a_stream_begins_with_one_open_shard(streams, stream):
    (shard,) = shards(streams, stream)
    assert re.fullmatch("shardId-[0-9]{20}-[0-9a-f]{8}", shard["ShardId"])
    assert list(shard["SequenceNumberRange"]) == ["StartingSequenceNumber"]
    assert "ParentShardId" not in shard


def test_statements_are_recorded(dynamodb, streams, stream):
    for statement in (
        "INSERT INTO streamed VALUE {'id': 'id_value', 'n': 1}",
        "UPDATE streamed SET n = 2 WHERE id = 'id_value'",
        "UPDATE streamed SET n = 2 WHERE id = 'id_value'",
        "DELETE FROM streamed WHERE id = 'id_value'",
    ):
        dynamodb.execute_statement(Statement=statement)
    first, second = ({**ITEM, "n": {"N": number}} for number in "12")
    assert changes(read(streams, stream)) == [
        ("INSERT", None, first),
        ("MODIFY", first, second),
        ("REMOVE", second, None),
    ]
