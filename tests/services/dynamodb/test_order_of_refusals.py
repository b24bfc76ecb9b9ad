"""Which of several faults of a Query or Scan DynamoDB tells."""

from __future__ import annotations

import pytest

INVALID = "One or more parameter values were invalid: "
BAD_START = "The provided starting key is invalid"
SCHEMA = "The provided key element does not match the schema"
EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
NOT_ALL = (
    INVALID + "Select type ALL_ATTRIBUTES is not supported for global secondary index some "
    "because its projection type is not ALL"
)
NO_TOTAL = (
    "The TotalSegments parameter is required but was not present in the request "
    "when Segment parameter is present"
)
TYPE = INVALID + "ComparisonOperator {} is not valid for {} AttributeValue type"
NO_ARGUMENT = {"a": {"ComparisonOperator": "EQ"}}
TEXT, NUMBER = {"S": "a"}, {"N": "1"}
OF_LOCAL = {"a": TEXT, "b": TEXT, "c": TEXT}


def condition(operator, *values):
    return {"a": {"ComparisonOperator": operator, "AttributeValueList": list(values)}}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"ScanFilter": condition("LT", {"BOOL": True}), "ExclusiveStartKey": {"a": {}}},
            TYPE.format("LT", "BOOL"),
        ),
        (
            {"ScanFilter": condition("BETWEEN", {"L": []}, {"L": []}), "ExclusiveStartKey": {"a": {}}},
            TYPE.format("BETWEEN", "L"),
        ),
        (
            {"ScanFilter": NO_ARGUMENT, "AttributesToGet": ["a", "a"]},
            INVALID + "Duplicate value in attribute name: a",
        ),
        ({"FilterExpression": "", "ExclusiveStartKey": {"a": {}}}, f"{BAD_START}: {EMPTY}"),
        ({"FilterExpression": "", "ExpressionAttributeNames": {}}, NO_TOTAL),
        ({"Select": "SPECIFIC_ATTRIBUTES"}, NO_TOTAL),
    ],
)
def test_scan_s_segments_are_judged_after_older_parameters_and_before_expressions(
    dynamodb, invalid, parameters, message
):
    assert invalid(dynamodb.scan, TableName="none", Segment=1, **parameters) == message


def test_query_s_filter_is_judged_before_its_attributes(dynamodb, invalid):
    request = {"TableName": "none", "AttributesToGet": ["a", "a"], "KeyConditions": condition("EQ", TEXT)}
    message = invalid(dynamodb.query, **request, QueryFilter=NO_ARGUMENT)
    assert message == INVALID + "Invalid number of argument(s) for the EQ ComparisonOperator"
    assert invalid(dynamodb.query, **request) == INVALID + "Duplicate value in attribute name: a"


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"a": TEXT}, BAD_START),
        ({"b": TEXT, "c": TEXT}, BAD_START),
        ({"a": NUMBER, "z": TEXT}, SCHEMA),
        ({"a": TEXT, "b": NUMBER}, "Query condition missed key schema element: a"),
        ({"a": TEXT, "z": TEXT}, "Query condition missed key schema element: a"),
    ],
)
def test_start_key_s_partition_is_judged_before_the_conditions_and_its_sort_key_after(
    dynamodb, invalid, range_table, start, message
):
    request = {"KeyConditions": {"z": {"ComparisonOperator": "NULL"}}, "ExclusiveStartKey": start}
    assert invalid(dynamodb.query, TableName=range_table, **request) == message


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"a": TEXT, "c": NUMBER}, BAD_START),
        ({**OF_LOCAL, "c": NUMBER}, SCHEMA),
        ({**OF_LOCAL, "b": NUMBER}, f"{BAD_START}: {SCHEMA}"),
    ],
)
def test_start_key_s_part_of_the_index_is_judged_before_its_part_of_the_table(
    dynamodb, invalid, range_table, start, message
):
    request = {"TableName": range_table, "IndexName": "local", "ExclusiveStartKey": start}
    assert invalid(dynamodb.query, **request, KeyConditions=condition("EQ", TEXT)) == message
    assert invalid(dynamodb.scan, **request) == message


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"c": TEXT}, BAD_START),
        ({"x": NUMBER, "y": NUMBER, "c": TEXT, "d": TEXT}, NOT_ALL),
    ],
)
def test_all_attributes_of_an_index_without_them_are_refused_between_the_parts_of_the_start_key(
    dynamodb, invalid, range_table, start, message
):
    request = {"IndexName": "some", "Select": "ALL_ATTRIBUTES", "FilterExpression": "attribute_exists(a.b)"}
    refused = invalid(dynamodb.scan, TableName=range_table, ExclusiveStartKey=start, **request)
    assert refused == message


def test_all_attributes_of_an_index_without_them_are_refused_before_paths_into_keys(
    dynamodb, invalid, range_table
):
    request = {
        "KeyConditionExpression": "c = :c",
        "FilterExpression": "a.b = :c",
        "ExpressionAttributeValues": {":c": TEXT},
    }
    named = {"TableName": range_table, "IndexName": "some"}
    assert invalid(dynamodb.query, **named, **request, Select="ALL_ATTRIBUTES") == NOT_ALL
    assert invalid(dynamodb.query, **named, **request).startswith("Key attributes must be scalars")
