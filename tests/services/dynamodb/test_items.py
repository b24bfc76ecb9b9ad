from __future__ import annotations

import pytest

INVALID = "One or more parameter values were invalid: "
CONSTRAINT = "1 validation error detected: "
SCHEMA = "The provided key element does not match the schema"
NOT_VALID = "One or more parameter values are not valid. "
FAILED = ("ConditionalCheckFailedException", "The conditional request failed")

EVERYTHING = {
    "a": {"S": "k"},
    "s": {"S": "é"},
    "n": {"N": "12345678901234567890.123456789012345678"},
    "b": {"B": b"\x00\xff"},
    "ss": {"SS": ["", "x"]},
    "ns": {"NS": ["-1", "2", "10"]},
    "bs": {"BS": [b"", b"y"]},
    "m": {"M": {"deep": {"L": [{"NULL": True}, {"BOOL": False}]}}},
    "l": {"L": []},
    "empty": {"S": ""},
}


def put(dynamodb, table, **attributes):
    dynamodb.put_item(TableName=table, Item=attributes)


def get(dynamodb, table, **key):
    return dynamodb.get_item(TableName=table, Key=key).get("Item")


def test_item_of_every_type_comes_back_as_it_was(dynamodb, hash_table):
    assert dynamodb.put_item(TableName=hash_table, Item=EVERYTHING)["ResponseMetadata"]
    assert get(dynamodb, hash_table, a={"S": "k"}) == EVERYTHING


def test_item_that_is_not_there_is_absent(dynamodb, hash_table):
    answer = dynamodb.get_item(TableName=hash_table, Key={"a": {"S": "x"}})
    assert set(answer) == {"ResponseMetadata"}


def test_numbers_come_back_canonical_and_sets_sorted(dynamodb, hash_table):
    put(dynamodb, hash_table, a={"S": "k"}, n={"N": "1.50e1"}, ss={"SS": ["b", "a"]}, ns={"NS": ["10", "9"]})
    found = get(dynamodb, hash_table, a={"S": "k"})
    assert found == {"a": {"S": "k"}, "n": {"N": "15"}, "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["9", "10"]}}


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"b": {"S": "x"}}, INVALID + "Missing the key a in the item"),
        ({"a": {"N": "1"}}, INVALID + "Type mismatch for key a expected: S actual: N"),
        (
            {"a": {"S": ""}},
            NOT_VALID + "The AttributeValue for a key attribute cannot contain an empty string value. Key: a",
        ),
        (
            {"a": {"S": "x" * 2049}},
            INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes",
        ),
        ({"a": {"S": "x"}, "v": {"S": "x" * 409600}}, "Item size has exceeded the maximum allowed size"),
        (
            {"a": {"S": "x"}, "v": {"N": "abc"}},
            CONSTRAINT + "The parameter cannot be converted to a numeric value: abc",
        ),
        (
            {"a": {"S": "x"}, "v": {"SS": []}},
            CONSTRAINT + INVALID + "An string set  may not be empty",
        ),
        (
            {"a": {"S": "x"}, "v": {"SS": ["b", "a", "b"]}},
            CONSTRAINT + INVALID + 'Input collection ["a", "b", "b"] contains duplicates.',
        ),
    ],
)
def test_item_that_dynamodb_refuses_is_refused_in_its_words(dynamodb, invalid, hash_table, item, message):
    assert invalid(dynamodb.put_item, TableName=hash_table, Item=item) == message


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"c": {"N": "1"}}, INVALID + "Type mismatch for Index Key c Expected: S Actual: N IndexName: all"),
        (
            {"d": {"S": ""}},
            NOT_VALID + "A value specified for a secondary index key is not supported. The AttributeValue "
            "for a key attribute cannot contain an empty string value. IndexName: some, IndexKey: d",
        ),
        (
            {"b": {"S": "x" * 1025}},
            INVALID + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
        ),
    ],
)
def test_item_that_an_index_cannot_keep_is_refused(dynamodb, invalid, range_table, item, message):
    whole = {"a": {"S": "x"}, "b": {"S": "y"}, **item}
    assert invalid(dynamodb.put_item, TableName=range_table, Item=whole) == message


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"b": {"S": "a"}},
        {"a": {"S": "a"}, "b": {"S": "a"}},
        {"a": {"N": "1"}},
        {"a": {"M": {}}},
        {"a": {"BOOL": True}},
    ],
)
def test_key_that_is_not_the_tables_is_refused(dynamodb, invalid, hash_table, key):
    for operation in (dynamodb.get_item, dynamodb.delete_item, dynamodb.update_item):
        assert invalid(operation, TableName=hash_table, Key=key) == SCHEMA


def test_empty_key_is_refused(dynamodb, invalid, hash_table):
    expected = (
        NOT_VALID + "The AttributeValue for a key attribute cannot contain an empty string value. Key: a"
    )
    for operation in (dynamodb.get_item, dynamodb.delete_item, dynamodb.update_item):
        assert invalid(operation, TableName=hash_table, Key={"a": {"S": ""}}) == expected


def test_items_of_a_missing_table_are_not_found(dynamodb, refused):
    expected = ("ResourceNotFoundException", "Requested resource not found")
    key = {"a": {"S": "x"}}
    assert refused(dynamodb.get_item, TableName="nowhere", Key=key) == expected
    assert refused(dynamodb.put_item, TableName="nowhere", Item=key) == expected
    assert refused(dynamodb.scan, TableName="nowhere") == expected


def test_projection_returns_the_named_parts(dynamodb, hash_table):
    dynamodb.put_item(TableName=hash_table, Item=EVERYTHING)
    request = {"TableName": hash_table, "Key": {"a": {"S": "k"}}}
    found = dynamodb.get_item(
        **request,
        ProjectionExpression="#s, m.deep[1], nothing",
        ExpressionAttributeNames={"#s": "s"},
    )
    assert found["Item"] == {"s": {"S": "é"}, "m": {"M": {"deep": {"L": [{"BOOL": False}]}}}}
    assert dynamodb.get_item(**request, ProjectionExpression="nothing")["Item"] == {}
    assert dynamodb.get_item(**request, AttributesToGet=["s"])["Item"] == {"s": {"S": "é"}}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"ProjectionExpression": "!!! INVALID !!!"},
            'Invalid ProjectionExpression: Syntax error; token: "!", near: "!!"',
        ),
        (
            {"ProjectionExpression": "a, a"},
            "Invalid ProjectionExpression: Two document paths overlap with each other; "
            "must remove or rewrite one of these paths; path one: [a], path two: [a]",
        ),
        (
            {"ProjectionExpression": "#n"},
            "Invalid ProjectionExpression: An expression attribute name used in the document path is not "
            "defined; attribute name: #n",
        ),
        (
            {"ProjectionExpression": "a", "ExpressionAttributeNames": {"#n": "n"}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}",
        ),
        (
            {"ExpressionAttributeNames": {"#n": "n"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            {"ProjectionExpression": "a", "AttributesToGet": ["a"]},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}",
        ),
        ({"AttributesToGet": ["a", "a"]}, INVALID + "Duplicate value in attribute name: a"),
    ],
)
def test_projection_that_dynamodb_refuses_is_refused(dynamodb, invalid, hash_table, parameters, message):
    request = {"TableName": hash_table, "Key": {"a": {"S": "x"}}, **parameters}
    assert invalid(dynamodb.get_item, **request) == message


def test_put_returns_the_old_item_only_when_asked(dynamodb, invalid, hash_table):
    put(dynamodb, hash_table, a={"S": "k"}, v={"N": "1"})
    item = {"a": {"S": "k"}, "v": {"N": "2"}}
    answer = dynamodb.put_item(TableName=hash_table, Item=item, ReturnValues="ALL_OLD")
    assert answer["Attributes"] == {"a": {"S": "k"}, "v": {"N": "1"}}
    assert "Attributes" not in dynamodb.put_item(TableName=hash_table, Item=item)
    message = invalid(dynamodb.put_item, TableName=hash_table, Item=item, ReturnValues="ALL_NEW")
    assert message == CONSTRAINT + "ReturnValues can only be ALL_OLD or NONE"


def test_condition_decides_about_a_put(dynamodb, refused, hash_table):
    request = {
        "TableName": hash_table,
        "Item": {"a": {"S": "k"}, "v": {"N": "1"}},
        "ConditionExpression": "attribute_not_exists(a)",
    }
    dynamodb.put_item(**request)
    assert refused(dynamodb.put_item, **request) == FAILED


def test_failed_condition_shows_the_item_when_asked(dynamodb, hash_table):
    put(dynamodb, hash_table, a={"S": "k"}, v={"N": "1"})
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as failed:
        dynamodb.delete_item(
            TableName=hash_table,
            Key={"a": {"S": "k"}},
            ConditionExpression="v = :v",
            ExpressionAttributeValues={":v": {"N": "2"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert failed.value.response["Item"] == {"a": {"S": "k"}, "v": {"N": "1"}}
    assert get(dynamodb, hash_table, a={"S": "k"}) is not None


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"ConditionExpression": ""},
            "Invalid ConditionExpression: The expression can not be empty;",
        ),
        (
            {"ExpressionAttributeValues": {":v": {"S": "x"}}},
            "ExpressionAttributeValues can only be specified when using expressions",
        ),
        (
            {"ConditionExpression": "a = :v"},
            "Invalid ConditionExpression: An expression attribute value used in expression is not defined; "
            "attribute value: :v",
        ),
        (
            {"ConditionExpression": "a = :v", "ExpressionAttributeValues": {}},
            "ExpressionAttributeValues must not be empty",
        ),
        (
            {"ConditionExpression": "a = :v", "ExpressionAttributeValues": {"v": {"S": "x"}}},
            'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"',
        ),
        (
            {
                "ConditionExpression": "a = :v",
                "ExpressionAttributeValues": {":v": {"S": "x"}, ":unused": {"S": "x"}},
            },
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}",
        ),
        (
            {"ConditionExpression": "#a = #b", "ExpressionAttributeNames": {}},
            "ExpressionAttributeNames must not be empty",
        ),
        (
            {"ConditionExpression": "attribute_exists(a)", "Expected": {"a": {"Exists": False}}},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}",
        ),
        (
            {"Expected": {"a": {"Exists": True}}},
            INVALID + "Value must be provided when Exists is true for Attribute: a",
        ),
        (
            {"Expected": {"a": {"ComparisonOperator": "EQ"}}},
            INVALID + "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a",
        ),
        ({"ConditionalOperator": "OR"}, "ConditionalOperator cannot be used without Filter or Expected"),
    ],
)
def test_condition_that_dynamodb_refuses_is_refused(dynamodb, invalid, hash_table, parameters, message):
    request = {"TableName": hash_table, "Item": {"a": {"S": "x"}}, **parameters}
    assert invalid(dynamodb.put_item, **request) == CONSTRAINT + message


def test_path_into_a_key_is_refused(dynamodb, invalid, range_table):
    key = {"a": {"S": "x"}, "b": {"S": "y"}}
    message = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
    request = {"TableName": range_table, "Key": key}
    assert invalid(dynamodb.delete_item, **request, ConditionExpression="attribute_exists(a.x)") == (
        message + "Key: a"
    )
    assert invalid(
        dynamodb.update_item,
        **request,
        UpdateExpression="SET d[1] = :v",
        ExpressionAttributeValues={":v": {"N": "1"}},
    ) == (message + "IndexKey: d")


@pytest.mark.parametrize("expression", ["SET pk2.x = :v, a = :v", "ADD a.b :v", "REMOVE a", "DELETE a :s"])
def test_key_attributes_cannot_be_updated(dynamodb, invalid, hash_table, expression):
    values = {":v": {"N": "1"}, ":s": {"SS": ["x"]}}
    used = {name: value for name, value in values.items() if name in expression}
    parameters = {"ExpressionAttributeValues": used} if used else {}
    request = {"TableName": hash_table, "Key": {"a": {"S": "x"}}, "UpdateExpression": expression}
    assert invalid(dynamodb.update_item, **request, **parameters) == (
        INVALID + "Cannot update attribute a. This attribute is part of the key"
    )


def test_update_of_an_index_key_with_a_wrong_type_is_refused(dynamodb, invalid, range_table):
    request = {"TableName": range_table, "Key": {"a": {"S": "x"}, "b": {"S": "y"}}}
    values = {"ExpressionAttributeValues": {":v": {"N": "1"}}}
    message = INVALID + "Type mismatch for Index Key c Expected: S Actual: N IndexName: all"
    assert invalid(dynamodb.update_item, **request, UpdateExpression="SET c = :v", **values) == message
    assert invalid(dynamodb.update_item, **request, UpdateExpression="ADD c :v", **values) == message
    dynamodb.update_item(**request, UpdateExpression="SET e = :v", **values)
    assert invalid(dynamodb.update_item, **request, UpdateExpression="SET c = e") == (
        "The update expression attempted to update the secondary index key to unsupported type"
    )


EMPTIED = (
    NOT_VALID + "The update expression attempted to update a secondary index key to a value that is not "
    "supported. The AttributeValue for a key attribute cannot contain an empty string value."
)


@pytest.mark.parametrize("update", [{"UpdateExpression": "SET c = :v"}, {"UpdateExpression": "SET c = e"}])
def test_update_that_empties_an_index_key_is_refused(dynamodb, invalid, range_table, update):
    request = {"TableName": range_table, "Key": {"a": {"S": "x"}, "b": {"S": "y"}}}
    empty = {"ExpressionAttributeValues": {":v": {"S": ""}}}
    dynamodb.update_item(**request, UpdateExpression="SET e = :v", **empty)
    values = empty if ":v" in update["UpdateExpression"] else {}
    assert invalid(dynamodb.update_item, **request, **update, **values) == EMPTIED


def test_transaction_that_empties_an_index_key_is_refused_at_once(dynamodb, invalid, range_table):
    update = {
        "TableName": range_table,
        "Key": {"a": {"S": "x"}, "b": {"S": "y"}},
        "UpdateExpression": "SET c = :v",
        "ExpressionAttributeValues": {":v": {"S": ""}},
    }
    assert invalid(dynamodb.transact_write_items, TransactItems=[{"Update": update}]) == EMPTIED


def test_null_that_is_false_is_kept_as_null(dynamodb, hash_table):
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "x"}, "v": {"NULL": False}})
    assert get(dynamodb, hash_table, a={"S": "x"})["v"] == {"NULL": True}


def test_update_makes_the_item_and_changes_it(dynamodb, hash_table):
    request = {
        "TableName": hash_table,
        "Key": {"a": {"S": "k"}},
        "UpdateExpression": "SET #c = if_not_exists(#c, :zero) + :one, twin = a ADD tags :tags",
        "ExpressionAttributeNames": {"#c": "counter"},
        "ExpressionAttributeValues": {":zero": {"N": "0"}, ":one": {"N": "1"}, ":tags": {"SS": ["x"]}},
    }
    assert "Attributes" not in dynamodb.update_item(**request)
    new = dynamodb.update_item(**request, ReturnValues="ALL_NEW")["Attributes"]
    assert new == {
        "a": {"S": "k"},
        "counter": {"N": "2"},
        "twin": {"S": "k"},
        "tags": {"SS": ["x"]},
    }
    assert get(dynamodb, hash_table, a={"S": "k"}) == new


def test_update_returns_what_is_asked_for(dynamodb, hash_table):
    put(dynamodb, hash_table, a={"S": "k"}, m={"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, z={"S": "z"})

    def update(returned):
        return dynamodb.update_item(
            TableName=hash_table,
            Key={"a": {"S": "k"}},
            UpdateExpression="SET m.x = m.x + :one, m.n = :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues=returned,
        ).get("Attributes")

    assert update("UPDATED_OLD") == {"m": {"M": {"x": {"N": "1"}}}}
    assert update("UPDATED_NEW") == {"m": {"M": {"x": {"N": "3"}, "n": {"N": "1"}}}}
    assert update("ALL_OLD")["m"]["M"]["x"] == {"N": "3"}
    assert update("ALL_NEW")["z"] == {"S": "z"}
    assert update("NONE") is None


def test_update_without_an_expression_makes_the_item(dynamodb, hash_table):
    dynamodb.update_item(TableName=hash_table, Key={"a": {"S": "k"}})
    assert get(dynamodb, hash_table, a={"S": "k"}) == {"a": {"S": "k"}}


def test_update_that_grows_an_item_too_much_is_refused(dynamodb, invalid, hash_table):
    assert invalid(
        dynamodb.update_item,
        TableName=hash_table,
        Key={"a": {"S": "k"}},
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"S": "x" * 409600}},
    ) == ("Item size to update has exceeded the maximum allowed size")


def test_update_that_nests_an_item_too_deeply_is_refused(dynamodb, invalid, hash_table):
    deep = {"S": "leaf"}
    for _ in range(20):
        deep = {"M": {"x": deep}}
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "k"}, "m": deep})
    request = {"TableName": hash_table, "Key": {"a": {"S": "k"}}, "UpdateExpression": f"SET m{'.x' * 15} = m"}
    assert invalid(dynamodb.update_item, **request) == (
        "Nesting Levels have exceeded supported limits: "
        "Attributes in the item have nested levels beyond supported limit"
    )


def test_update_expression_errors_are_worded_as_constraints(dynamodb, invalid, hash_table):
    message = invalid(
        dynamodb.update_item,
        TableName=hash_table,
        Key={"a": {"S": "k"}},
        UpdateExpression="INVALID SYNTAX HERE",
    )
    assert message == (
        CONSTRAINT + 'Invalid UpdateExpression: Syntax error; token: "INVALID", near: "INVALID SYNTAX"'
    )


def test_legacy_updates_put_add_and_delete(dynamodb, invalid, hash_table):
    put(dynamodb, hash_table, a={"S": "k"}, n={"N": "1"}, s={"SS": ["x", "y"]}, gone={"S": "z"})
    request = {"TableName": hash_table, "Key": {"a": {"S": "k"}}}
    new = dynamodb.update_item(
        **request,
        AttributeUpdates={
            "n": {"Action": "ADD", "Value": {"N": "2"}},
            "s": {"Action": "DELETE", "Value": {"SS": ["x"]}},
            "gone": {"Action": "DELETE"},
            "v": {"Value": {"S": "new"}},
        },
        ReturnValues="UPDATED_NEW",
    )["Attributes"]
    assert new == {"n": {"N": "3"}, "s": {"SS": ["y"]}, "v": {"S": "new"}}
    assert get(dynamodb, hash_table, a={"S": "k"}) == {"a": {"S": "k"}, **new}
    mismatch = {"n": {"Action": "ADD", "Value": {"SS": ["x"]}}}
    message = invalid(dynamodb.update_item, **request, AttributeUpdates=mismatch)
    assert message == "Type mismatch for attribute to update"
    bad = {"n": {"Action": "ADD", "Value": {"S": "x"}}}
    message = invalid(dynamodb.update_item, **request, AttributeUpdates=bad)
    assert message == CONSTRAINT + INVALID + "ADD action is not supported for the type S"


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ({"n": {"Value": {"N": "1"}}}, True),
        ({"n": {"Value": {"N": "2"}}}, False),
        ({"x": {"Exists": False}}, True),
        ({"n": {"Exists": False}}, False),
        ({"n": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "0"}]}}, True),
        ({"n": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "2"}, {"N": "3"}]}}, False),
        ({"n": {"ComparisonOperator": "IN", "AttributeValueList": [{"N": "2"}, {"N": "1"}]}}, True),
        ({"n": {"ComparisonOperator": "NOT_NULL"}, "x": {"ComparisonOperator": "NULL"}}, True),
        ({"s": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"S": "x"}]}}, True),
        ({"s": {"ComparisonOperator": "NOT_CONTAINS", "AttributeValueList": [{"S": "x"}]}}, False),
    ],
)
def test_legacy_expected_decides_about_a_write(dynamodb, refused, hash_table, expected, holds):
    item = {"a": {"S": "k"}, "n": {"N": "1"}, "s": {"SS": ["x"]}}
    dynamodb.put_item(TableName=hash_table, Item=item)
    request = {"TableName": hash_table, "Key": {"a": {"S": "k"}}, "Expected": expected}
    if holds:
        dynamodb.delete_item(**request)
    else:
        assert refused(dynamodb.delete_item, **request) == FAILED


def test_delete_returns_the_old_item_and_forgives_absence(dynamodb, hash_table):
    put(dynamodb, hash_table, a={"S": "k"}, v={"N": "1"})
    request = {"TableName": hash_table, "Key": {"a": {"S": "k"}}, "ReturnValues": "ALL_OLD"}
    assert dynamodb.delete_item(**request)["Attributes"] == {"a": {"S": "k"}, "v": {"N": "1"}}
    assert "Attributes" not in dynamodb.delete_item(**request)


def units(answer):
    return answer["ConsumedCapacity"]["CapacityUnits"]


def test_capacity_counts_kilobytes_written_and_four_read(dynamodb, hash_table):
    request = {"TableName": hash_table, "ReturnConsumedCapacity": "TOTAL"}
    key = {"a": {"S": "k"}}
    assert units(dynamodb.get_item(**request, Key=key)) == 0.5
    assert units(dynamodb.put_item(**request, Item={**key, "v": {"S": "x" * 1021}})) == 1
    assert units(dynamodb.put_item(**request, Item={**key, "v": {"S": "x" * 1022}})) == 2
    assert units(dynamodb.put_item(**request, Item={**key, "v": {"S": "x" * 5000}})) == 5
    assert units(dynamodb.put_item(**request, Item=key)) == 5
    dynamodb.put_item(TableName=hash_table, Item={**key, "v": {"S": "x" * 5000}})
    assert units(dynamodb.get_item(**request, Key=key)) == 1
    assert units(dynamodb.get_item(**request, Key=key, ConsistentRead=True)) == 2
    assert units(dynamodb.delete_item(**request, Key=key)) == 5
    assert units(dynamodb.delete_item(**request, Key=key)) == 1
    answer = dynamodb.get_item(TableName=hash_table, Key=key, ReturnConsumedCapacity="INDEXES")
    assert answer["ConsumedCapacity"]["Table"] == {"CapacityUnits": 0.5}


def arms(answer):
    consumed = answer["ConsumedCapacity"]
    indexes = {**consumed.get("GlobalSecondaryIndexes", {}), **consumed.get("LocalSecondaryIndexes", {})}
    return (
        consumed["CapacityUnits"],
        consumed["Table"]["CapacityUnits"],
        {name: arm["CapacityUnits"] for name, arm in indexes.items()},
    )


def test_capacity_counts_the_indexes_that_change(dynamodb, range_table):
    request = {"TableName": range_table, "ReturnConsumedCapacity": "INDEXES"}
    key = {"a": {"S": "k"}, "b": {"S": "1"}}
    item = {**key, "c": {"S": "c"}, "d": {"S": "d"}, "e": {"S": "e"}, "f": {"S": "f"}}
    everywhere = {"local": 1.0, "all": 1.0, "some": 1.0}
    assert arms(dynamodb.put_item(**request, Item=item)) == (4, 1, everywhere)
    assert arms(dynamodb.put_item(**request, Item=item)) == (1, 1, {})

    def update(expression, value):
        values = {"ExpressionAttributeValues": {":v": {"S": value}}} if value else {}
        return arms(dynamodb.update_item(**request, Key=key, UpdateExpression=expression, **values))

    assert update("SET f = :v", "f2") == (2, 1, {"all": 1.0})
    assert update("SET e = :v", "e2") == (3, 1, {"all": 1.0, "some": 1.0})
    assert update("SET c = :v", "c2") == (7, 1, {"local": 2.0, "all": 2.0, "some": 2.0})
    assert update("REMOVE d", "") == (3, 1, {"all": 1.0, "some": 1.0})
    assert arms(dynamodb.delete_item(**request, Key=key)) == (3, 1, {"local": 1.0, "all": 1.0})


def test_item_collection_metrics_only_with_local_indexes(dynamodb, hash_table, range_table):
    size = {"ReturnItemCollectionMetrics": "SIZE"}
    item = {"a": {"S": "k"}, "b": {"S": "1"}}
    answer = dynamodb.put_item(TableName=range_table, Item=item, **size)
    assert answer["ItemCollectionMetrics"] == {
        "ItemCollectionKey": {"a": {"S": "k"}},
        "SizeEstimateRangeGB": [0.0, 1.0],
    }
    assert "ItemCollectionMetrics" not in dynamodb.put_item(TableName=hash_table, Item=item, **size)


@pytest.mark.parametrize(
    ("update", "made"),
    [
        ({}, True),
        ({"AttributeUpdates": {}}, True),
        ({"AttributeUpdates": {"x": {"Action": "DELETE"}}}, False),
        ({"AttributeUpdates": {"x": {"Action": "DELETE", "Value": {"NS": ["1"]}}}}, False),
        (
            {"AttributeUpdates": {"x": {"Action": "DELETE"}, "y": {"Action": "ADD", "Value": {"N": "1"}}}},
            True,
        ),
        ({"UpdateExpression": "REMOVE x"}, False),
        ({"UpdateExpression": "REMOVE x.y, z[0]"}, False),
        ({"UpdateExpression": "DELETE x :v", "ExpressionAttributeValues": {":v": {"NS": ["1"]}}}, False),
        ({"UpdateExpression": "REMOVE x ADD y :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}, True),
    ],
)
def test_update_that_only_removes_makes_no_item(dynamodb, hash_table, update, made):
    key = {"a": {"S": "new"}}
    answer = dynamodb.update_item(TableName=hash_table, Key=key, ReturnValues="ALL_NEW", **update)
    assert ("Attributes" in answer) is made
    assert ("Item" in dynamodb.get_item(TableName=hash_table, Key=key)) is made
