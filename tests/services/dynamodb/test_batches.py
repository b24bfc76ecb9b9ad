from __future__ import annotations

import pytest

DUPLICATES = "Provided list of item keys contains duplicates"
SCHEMA = "The provided key element does not match the schema"
NOT_VALID = "One or more parameter values are not valid. "


def put(name, **attributes):
    return {"PutRequest": {"Item": {"a": {"S": name}, **attributes}}}


def delete(name):
    return {"DeleteRequest": {"Key": {"a": {"S": name}}}}


def test_batch_writes_and_reads_several_tables(dynamodb, hash_table, range_table):
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "gone"}})
    answer = dynamodb.batch_write_item(
        RequestItems={
            hash_table: [put("x", v={"N": "1"}), delete("gone")],
            range_table: [put("x", b={"S": "1"}, c={"S": "c"})],
        }
    )
    assert answer["UnprocessedItems"] == {}
    answer = dynamodb.batch_get_item(
        RequestItems={
            hash_table: {"Keys": [{"a": {"S": "x"}}, {"a": {"S": "gone"}}], "ProjectionExpression": "v"},
            range_table: {"Keys": [{"a": {"S": "x"}, "b": {"S": "1"}}]},
        }
    )
    assert answer["UnprocessedKeys"] == {}
    assert answer["Responses"] == {
        hash_table: [{"v": {"N": "1"}}],
        range_table: [{"a": {"S": "x"}, "b": {"S": "1"}, "c": {"S": "c"}}],
    }
    assert dynamodb.scan(TableName=range_table, IndexName="all")["Count"] == 1


def test_batches_count_capacity_per_table_and_index(dynamodb, hash_table, range_table):
    writes = {
        hash_table: [put("x"), put("y", v={"S": "v" * 2000})],
        range_table: [put("x", b={"S": "1"}, c={"S": "c"})],
    }
    answer = dynamodb.batch_write_item(RequestItems=writes, ReturnConsumedCapacity="INDEXES")
    first, second = answer["ConsumedCapacity"]
    assert (first["TableName"], first["CapacityUnits"]) == (hash_table, 3)
    assert second["CapacityUnits"] == 3
    assert second["GlobalSecondaryIndexes"] == {"all": {"CapacityUnits": 1.0}}
    keys = {"Keys": [{"a": {"S": "x"}}, {"a": {"S": "none"}}], "ConsistentRead": True}
    answer = dynamodb.batch_get_item(RequestItems={hash_table: keys}, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": hash_table, "CapacityUnits": 2.0}]


@pytest.mark.parametrize(
    ("writes", "message"),
    [
        ([put("x"), delete("x")], DUPLICATES),
        ([{"PutRequest": {"Item": {"a": {"N": "5"}}}}], SCHEMA),
        ([{"PutRequest": {"Item": {"zz": {"S": "x"}}}}], SCHEMA),
        ([{"DeleteRequest": {"Key": {"zz": {"S": "x"}}}}], SCHEMA),
        (
            [put("")],
            NOT_VALID + "The AttributeValue for a key attribute cannot contain an empty string value. Key: a",
        ),
        ([put("x", n={"N": ""})], "The parameter cannot be converted to a numeric value"),
        ([put("x", n={"NS": ["2", "1", "2"]})], "Input collection contains duplicates"),
        ([put("x", v={"S": "x" * 409600})], "Item size has exceeded the maximum allowed size"),
    ],
)
def test_batch_write_that_dynamodb_refuses_writes_nothing(dynamodb, invalid, hash_table, writes, message):
    request = {hash_table: [put("first"), *writes]}
    assert invalid(dynamodb.batch_write_item, RequestItems=request) == message
    assert dynamodb.scan(TableName=hash_table)["Count"] == 0


def test_too_large_item_is_refused_before_the_table_is_looked_up(invalid, refused, dynamodb):
    largest = "x" * (409600 - len("a") - len("x") - len("v"))
    request = {"none": [put("x", v={"S": largest + "x"})]}
    expected = "Item size has exceeded the maximum allowed size"
    assert invalid(dynamodb.batch_write_item, RequestItems=request) == expected
    request = {"none": [put("x", v={"S": largest})]}
    assert refused(dynamodb.batch_write_item, RequestItems=request)[0] == "ResourceNotFoundException"


def test_batch_write_has_at_most_25_items(dynamodb, invalid, hash_table, range_table):
    request = {
        hash_table: [put(str(number)) for number in range(20)],
        range_table: [put(str(number), b={"S": "1"}) for number in range(6)],
    }
    message = invalid(dynamodb.batch_write_item, RequestItems=request)
    assert message == "Too many items requested for the BatchWriteItem call"


CONSTRAINT = (
    "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must have length "
)


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ({}, "The requestItems parameter is required for BatchGetItem"),
        (
            {"hash": {"Keys": []}},
            CONSTRAINT.format("RequestItems.hash.member.Keys") + "greater than or equal to 1",
        ),
        (
            {"hash": {"Keys": [{"a": {"S": str(number)}} for number in range(101)]}},
            CONSTRAINT.format("RequestItems.hash.member.Keys") + "less than or equal to 100",
        ),
        (
            {"bad!name": {"Keys": [{"a": {"S": "x"}}]}},
            """1 validation error detected: Value '{"bad!name":{"Keys":[{"a":{"S":"x"}}]}}' """
            "at 'requestItems' failed to satisfy constraint: Map keys must satisfy constraint: "
            "[Member must have length less than or equal to 255, "
            "Member must have length greater than or equal to 3, "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]",
        ),
    ],
)
def test_batch_get_of_a_wrong_shape_is_refused_in_its_words(dynamodb, invalid, requested, message):
    assert invalid(dynamodb.batch_get_item, RequestItems=requested) == message


def test_batch_write_of_nothing_or_of_no_table_is_refused(dynamodb, invalid):
    expected = "The requestItems parameter is required for BatchWriteItem"
    assert invalid(dynamodb.batch_write_item, RequestItems={}) == expected
    message = invalid(dynamodb.batch_write_item, RequestItems={"bad!name": [put("x")]})
    assert "at 'requestItems' failed to satisfy constraint: Map keys must satisfy constraint: [" in message


def test_batches_on_missing_tables_are_not_found(dynamodb, refused, hash_table):
    expected = ("ResourceNotFoundException", "Requested resource not found")
    assert refused(dynamodb.batch_write_item, RequestItems={"nowhere": [put("x")]}) == expected
    keys = {"nowhere": {"Keys": [{"a": {"S": "x"}}]}}
    assert refused(dynamodb.batch_get_item, RequestItems=keys) == expected


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ({"Keys": [{"a": {"S": "x"}}, {"a": {"S": "x"}}]}, DUPLICATES),
        ({"Keys": [{"a": {"N": "1"}}]}, SCHEMA),
        (
            {"Keys": [{"a": {"S": "x"}}], "ProjectionExpression": "a, a"},
            "Invalid ProjectionExpression: Two document paths overlap with each other; "
            "must remove or rewrite one of these paths; path one: [a], path two: [a]",
        ),
        (
            {"Keys": [{"a": {"S": "x"}}], "ProjectionExpression": "a", "AttributesToGet": ["a"]},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}",
        ),
    ],
)
def test_batch_get_that_dynamodb_refuses_is_refused(dynamodb, invalid, hash_table, requested, message):
    assert invalid(dynamodb.batch_get_item, RequestItems={hash_table: requested}) == message


def test_batch_get_leaves_unprocessed_what_exceeds_16_megabytes(dynamodb, hash_table):
    for number in range(45):
        item = {"a": {"S": str(number)}, "v": {"S": "x" * 400_000}}
        dynamodb.put_item(TableName=hash_table, Item=item)
    keys = [{"a": {"S": str(number)}} for number in range(45)]
    answer = dynamodb.batch_get_item(RequestItems={hash_table: {"Keys": keys}})
    found, left = answer["Responses"][hash_table], answer["UnprocessedKeys"][hash_table]["Keys"]
    assert len(found) + len(left) == 45
    assert 40 <= len(found) <= 42
