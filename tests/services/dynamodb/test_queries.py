from __future__ import annotations

import pytest

INVALID = "One or more parameter values were invalid: "
SCHEMA = "The provided key element does not match the schema"


def fill(dynamodb, table, items):
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={table: puts})


def strings(*names):
    return [{"S": name} for name in names]


@pytest.fixture
def filled(dynamodb, range_table):
    items = [
        {"a": {"S": "x"}, "b": {"S": b}, "c": {"S": c}, "d": {"S": d}, "e": {"S": "e" + b}, "f": {"S": "f"}}
        for b, c, d in [("1", "p", "3"), ("2", "q", "2"), ("20", "p", "1"), ("3", "q", "0"), ("é", "p", "0")]
    ]
    fill(dynamodb, range_table, [*items, {"a": {"S": "y"}, "b": {"S": "1"}}])
    return range_table


def sorts(answer, name="b"):
    return [item[name]["S"] for item in answer["Items"]]


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("", (), ["1", "2", "20", "3", "é"]),
        (" AND b = :1", "2", ["2"]),
        (" AND b < :1", "2", ["1"]),
        (" AND b <= :1", "2", ["1", "2"]),
        (" AND b > :1", "2", ["20", "3", "é"]),
        (" AND b >= :1", "2", ["2", "20", "3", "é"]),
        (" AND :1 > b", "2", ["1"]),
        (" AND b BETWEEN :1 AND :2", ("2", "3"), ["2", "20", "3"]),
        (" AND begins_with(b, :1)", "2", ["2", "20"]),
        (" AND begins_with(b, :1)", "é", ["é"]),
        (" AND b = :1", "none", []),
    ],
)
def test_query_reads_the_range_of_its_condition(dynamodb, filled, condition, values, expected):
    bound = {f":{number}": {"S": value} for number, value in enumerate(values, 1)} if condition else {}
    if isinstance(values, str):
        bound = {":1": {"S": values}}
    query = {
        "TableName": filled,
        "KeyConditionExpression": f"a = :a{condition}",
        "ExpressionAttributeValues": {":a": {"S": "x"}, **bound},
    }
    assert sorts(dynamodb.query(**query)) == expected
    assert sorts(dynamodb.query(**query, ScanIndexForward=False)) == expected[::-1]


def test_numbers_order_by_value(dynamodb, number_table):
    numbers = ["-100", "-1.5", "-1", "0", "0.5", "2", "10", "1e20"]
    items = [{"a": {"S": "x"}, "n": {"N": number}} for number in numbers]
    fill(dynamodb, number_table, items[::-1])
    query = {"TableName": number_table, "KeyConditionExpression": "a = :a AND n BETWEEN :low AND :high"}
    values = {":a": {"S": "x"}, ":low": {"N": "-1.50"}, ":high": {"N": "10.0"}}
    found = dynamodb.query(**query, ExpressionAttributeValues=values)["Items"]
    assert [item["n"]["N"] for item in found] == ["-1.5", "-1", "0", "0.5", "2", "10"]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_of_a_query_make_up_the_whole(dynamodb, filled, forward, limit):
    query = {
        "TableName": filled,
        "KeyConditionExpression": "a = :a",
        "ExpressionAttributeValues": {":a": {"S": "x"}},
        "ScanIndexForward": forward,
        "Limit": limit,
    }
    found, start = [], {}
    while True:
        answer = dynamodb.query(**query, **start)
        found += sorts(answer)
        if "LastEvaluatedKey" not in answer:
            break
        assert set(answer["LastEvaluatedKey"]) == {"a", "b"}
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    assert found == (["1", "2", "20", "3", "é"] if forward else ["é", "3", "20", "2", "1"])


@pytest.mark.parametrize("index", ["all", "some", "local"])
@pytest.mark.parametrize("forward", [True, False])
def test_pages_of_an_index_make_up_the_whole(dynamodb, filled, index, forward):
    attribute, value = ("a", "x") if index == "local" else ("c", "p")
    query = {
        "TableName": filled,
        "IndexName": index,
        "KeyConditionExpression": f"{attribute} = :v",
        "ExpressionAttributeValues": {":v": {"S": value}},
        "ScanIndexForward": forward,
    }
    whole = dynamodb.query(**query)["Items"]
    pages = [page["Items"] for page in dynamodb.get_paginator("query").paginate(**query, Limit=1)]
    assert [item for page in pages for item in page] == whole
    assert len(whole) == (5 if index == "local" else 3)
    last = dynamodb.query(**query, Limit=1)["LastEvaluatedKey"]
    keys = {"all": {"a", "b", "c"}, "some": {"a", "b", "c", "d"}, "local": {"a", "b", "c"}}
    assert set(last) == keys[index]


def test_index_gives_only_what_it_projects(dynamodb, filled):
    query = {"TableName": filled, "KeyConditionExpression": "c = :c"}
    values = {"ExpressionAttributeValues": {":c": {"S": "p"}}}
    (first, *_) = dynamodb.query(**query, IndexName="some", **values)["Items"]
    assert set(first) == {"a", "b", "c", "d", "e"}
    (first, *_) = dynamodb.query(**query, IndexName="all", **values)["Items"]
    assert set(first) == {"a", "b", "c", "d", "e", "f"}


def test_local_index_fetches_from_the_table_what_it_lacks(dynamodb, filled):
    query = {
        "TableName": filled,
        "IndexName": "local",
        "KeyConditionExpression": "a = :a AND c = :c",
        "ExpressionAttributeValues": {":a": {"S": "x"}, ":c": {"S": "q"}},
        "ReturnConsumedCapacity": "INDEXES",
    }
    plain = dynamodb.query(**query)
    assert set(plain["Items"][0]) == {"a", "b", "c"}
    assert plain["ConsumedCapacity"]["Table"]["CapacityUnits"] == 0
    assert plain["ConsumedCapacity"]["LocalSecondaryIndexes"]["local"]["CapacityUnits"] == 0.5
    whole = dynamodb.query(**query, Select="ALL_ATTRIBUTES")
    assert set(whole["Items"][0]) == {"a", "b", "c", "d", "e", "f"}
    assert whole["ConsumedCapacity"]["Table"]["CapacityUnits"] == 1
    projected = dynamodb.query(**query, ProjectionExpression="f")
    assert projected["Items"] == [{"f": {"S": "f"}}] * 2


def test_index_follows_its_items(dynamodb, filled):
    query = {
        "TableName": filled,
        "IndexName": "all",
        "KeyConditionExpression": "c = :c",
        "ExpressionAttributeValues": {":c": {"S": "p"}},
    }
    key = {"a": {"S": "x"}, "b": {"S": "1"}}
    dynamodb.update_item(
        TableName=filled,
        Key=key,
        UpdateExpression="SET c = :c",
        ExpressionAttributeValues={":c": {"S": "moved"}},
    )
    assert sorted(sorts(dynamodb.query(**query))) == ["20", "é"]
    dynamodb.update_item(TableName=filled, Key=key, UpdateExpression="REMOVE c")
    dynamodb.delete_item(TableName=filled, Key={"a": {"S": "x"}, "b": {"S": "20"}})
    assert sorts(dynamodb.query(**query)) == ["é"]
    assert dynamodb.scan(TableName=filled, IndexName="all")["Count"] == 3


def test_filter_counts_what_it_looked_at(dynamodb, filled):
    query = {
        "TableName": filled,
        "KeyConditionExpression": "a = :a",
        "FilterExpression": "c = :c",
        "ExpressionAttributeValues": {":a": {"S": "x"}, ":c": {"S": "p"}},
    }
    answer = dynamodb.query(**query)
    assert (answer["Count"], answer["ScannedCount"], sorts(answer)) == (3, 5, ["1", "20", "é"])
    answer = dynamodb.query(**query, Limit=2)
    assert (sorts(answer), answer["ScannedCount"], "LastEvaluatedKey" in answer) == (["1"], 2, True)
    answer = dynamodb.query(**query, Select="COUNT")
    assert (answer["Count"], "Items" in answer) == (3, False)


def test_legacy_conditions_and_filters_query_too(dynamodb, filled):
    conditions = {
        "a": {"ComparisonOperator": "EQ", "AttributeValueList": strings("x")},
        "b": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": strings("2")},
    }
    request = {"TableName": filled, "KeyConditions": conditions}
    assert sorts(dynamodb.query(**request)) == ["2", "20"]
    filter_ = {"c": {"ComparisonOperator": "EQ", "AttributeValueList": strings("q")}}
    assert sorts(dynamodb.query(**request, QueryFilter=filter_)) == ["2"]
    assert dynamodb.query(**request, AttributesToGet=["f"])["Items"] == [{"f": {"S": "f"}}] * 2
    scanned = dynamodb.scan(TableName=filled, ScanFilter=filter_)
    assert (scanned["Count"], scanned["ScannedCount"]) == (2, 6)


OPERAND = "Incorrect operand type for operator or function; operator or function: {}, operand type: {}"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {},
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
        ),
        ({"expression": "b = :v"}, "Query condition missed key schema element: a"),
        ({"expression": "zz = :v"}, "Query condition missed key schema element: a"),
        ({"expression": "a = :v AND zz = :v"}, "Query condition missed key schema element: b"),
        ({"expression": "a > :v"}, "Query key condition not supported"),
        (
            {"expression": "a = :v", "KeyConditions": {}},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {KeyConditions} Expression parameters: {KeyConditionExpression}",
        ),
        (
            {"expression": "a = :n"},
            INVALID + "Condition parameter type does not match schema type",
        ),
        (
            {"expression": "a = :v AND b = :bool"},
            INVALID + "Condition parameter type does not match schema type",
        ),
        (
            {"expression": "a = :v AND begins_with(b, :n)"},
            "Invalid KeyConditionExpression: " + OPERAND.format("begins_with", "N"),
        ),
        (
            {"expression": "a = :v AND :bool >= b"},
            "Invalid KeyConditionExpression: " + OPERAND.format(">=", "BOOL"),
        ),
        (
            {"expression": "a = :v AND b > :v AND b < :v"},
            "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key",
        ),
        (
            {"expression": "a = :v AND b > :v AND c = :v"},
            "The number of query conditions (3) exceeds the number of key attributes "
            "defined in the schema (2)",
        ),
        (
            {"expression": "a = :v OR b = :v"},
            "Invalid operator used in KeyConditionExpression: OR",
        ),
        (
            {"expression": "a = :v", "IndexName": "nope"},
            "The table does not have the specified index: nope",
        ),
        (
            {"expression": "c = :v", "IndexName": "all", "ConsistentRead": True},
            "Consistent reads are not supported on global secondary indexes",
        ),
        (
            {"expression": "c = :v", "IndexName": "some", "Select": "ALL_ATTRIBUTES"},
            INVALID + "Select type ALL_ATTRIBUTES is not supported for global secondary index some "
            "because its projection type is not ALL",
        ),
        (
            {"expression": "c = :v", "IndexName": "some", "ProjectionExpression": "f, a, g"},
            INVALID + "Global secondary index some does not project [f, g]",
        ),
        (
            {"expression": "a = :v", "FilterExpression": "b = :v"},
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: b",
        ),
        (
            {"expression": "a = :v", "Select": "ALL_ATTRIBUTES", "ProjectionExpression": "b"},
            "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES",
        ),
        (
            {"expression": "a = :v", "Select": "ALL_PROJECTED_ATTRIBUTES"},
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
        ),
        (
            {"expression": "a = :v", "ExclusiveStartKey": {"a": {"S": "v"}}},
            "The provided starting key is invalid",
        ),
        (
            {"expression": "a = :v", "ExclusiveStartKey": {"a": {"N": "1"}, "b": {"S": "1"}}},
            SCHEMA,
        ),
        (
            {"expression": "a = :v", "ExclusiveStartKey": {"a": {"S": "other"}, "b": {"S": "1"}}},
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
        (
            {"expression": "a = :v AND b > :v", "ExclusiveStartKey": {"a": {"S": "v"}, "b": {"S": "a"}}},
            "The provided starting key does not match the range key predicate",
        ),
    ],
)
def test_query_that_dynamodb_refuses_is_refused_in_its_words(
    dynamodb, invalid, range_table, parameters, message
):
    request = {"TableName": range_table, **parameters}
    if expression := request.pop("expression", None):
        values = {":v": {"S": "v"}, ":n": {"N": "1"}, ":bool": {"BOOL": True}}
        text = expression + " " + request.get("FilterExpression", "")
        used = {name: value for name, value in values.items() if name in text}
        request.update(KeyConditionExpression=expression, ExpressionAttributeValues=used)
    assert invalid(dynamodb.query, **request) == message


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({}, "Conditions can be of length 1 or 2 only"),
        (
            {"a": {"ComparisonOperator": "EQ"}},
            INVALID + "Invalid number of argument(s) for the EQ ComparisonOperator",
        ),
        (
            {"a": {"ComparisonOperator": "LT", "AttributeValueList": [{"BOOL": True}]}},
            INVALID + "ComparisonOperator LT is not valid for BOOL AttributeValue type",
        ),
        (
            {"a": {"ComparisonOperator": "IN", "AttributeValueList": [{"S": "b"}, {"N": "1"}]}},
            INVALID + "AttributeValues inside AttributeValueList must be of same type",
        ),
        (
            {"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": strings("b", "a")}},
            "The BETWEEN condition was provided a range where the lower bound is greater "
            "than the upper bound",
        ),
        (
            {"a": {"ComparisonOperator": "NULL"}},
            "Attempted conditional constraint is not an indexable operation",
        ),
        (
            {"a": {"ComparisonOperator": "LT", "AttributeValueList": strings("a")}},
            "Query key condition not supported",
        ),
    ],
)
def test_legacy_key_conditions_that_dynamodb_refuses(dynamodb, invalid, hash_table, conditions, message):
    assert invalid(dynamodb.query, TableName=hash_table, KeyConditions=conditions) == message


def test_scan_segments_make_up_the_whole(dynamodb, hash_table):
    items = [{"a": {"S": str(number)}} for number in range(60)]
    fill(dynamodb, hash_table, items)
    found = []
    for segment in range(4):
        pages = dynamodb.get_paginator("scan").paginate(
            TableName=hash_table, Segment=segment, TotalSegments=4, Limit=7
        )
        part = [item["a"]["S"] for page in pages for item in page["Items"]]
        assert part
        found += part
    assert sorted(found) == sorted(item["a"]["S"] for item in items)
    assert len(found) == 60


def test_page_ends_at_one_megabyte(dynamodb, hash_table):
    for number in range(4):
        item = {"a": {"S": str(number)}, "v": {"S": "x" * 300_000}}
        dynamodb.put_item(TableName=hash_table, Item=item)
    first = dynamodb.scan(TableName=hash_table, ReturnConsumedCapacity="TOTAL")
    assert first["Count"] == 4
    assert "LastEvaluatedKey" in first
    assert first["ConsumedCapacity"]["CapacityUnits"] == 146.5
    rest = dynamodb.scan(TableName=hash_table, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert rest["Items"] == []
    assert "LastEvaluatedKey" not in rest


def test_limit_reached_gives_a_key_even_at_the_end(dynamodb, filled):
    query = {
        "TableName": filled,
        "KeyConditionExpression": "a = :a",
        "ExpressionAttributeValues": {":a": {"S": "x"}},
    }
    assert "LastEvaluatedKey" in dynamodb.query(**query, Limit=5)
    assert "LastEvaluatedKey" not in dynamodb.query(**query, Limit=6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"Segment": 0},
            "The TotalSegments parameter is required but was not present in the request "
            "when Segment parameter is present",
        ),
        (
            {"TotalSegments": 4},
            "The Segment parameter is required but was not present in the request "
            "when parameter TotalSegments is present",
        ),
        (
            {"Segment": 5, "TotalSegments": 5},
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            "Segment: 5 is not less than TotalSegments: 5",
        ),
        ({"IndexName": "nope"}, "The table does not have the specified index: nope"),
        (
            {"ExpressionAttributeValues": {":v": {"S": "x"}}},
            "ExpressionAttributeValues can only be specified when using expressions: "
            "FilterExpression is null",
        ),
        (
            {"FilterExpression": "e = d", "ScanFilter": {}, "AttributesToGet": ["e"]},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {AttributesToGet, ScanFilter} Expression parameters: "
            "{FilterExpression}",
        ),
        ({"ExclusiveStartKey": {}}, "The provided starting key is invalid: " + SCHEMA),
        (
            {"ExclusiveStartKey": {"a": {"N": "1"}, "b": {"S": "x"}}},
            "The provided starting key is invalid: " + SCHEMA,
        ),
        (
            {"ExclusiveStartKey": {"a": {"N": "b"}}},
            "The provided starting key is invalid: The parameter cannot be converted to a numeric value: b",
        ),
        (
            {"IndexName": "all", "ExclusiveStartKey": {"a": {"S": "x"}}},
            "The provided starting key is invalid",
        ),
        (
            {"FilterExpression": "begins_with(zz, :n)", "ExpressionAttributeValues": {":n": {"N": "5"}}},
            "Invalid FilterExpression: " + OPERAND.format("begins_with", "N"),
        ),
        (
            {"FilterExpression": "zz = :n", "ExpressionAttributeValues": {":n": {"N": "x"}}},
            "ExpressionAttributeValues contains invalid value: "
            "The parameter cannot be converted to a numeric value: x for key :n",
        ),
        (
            {"FilterExpression": "a.x = b"},
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
            "Key: a",
        ),
    ],
)
def test_scan_that_dynamodb_refuses_is_refused_in_its_words(
    dynamodb, invalid, range_table, parameters, message
):
    assert invalid(dynamodb.scan, TableName=range_table, **parameters) == message


def test_start_key_of_another_segment_is_refused(dynamodb, invalid, hash_table):
    fill(dynamodb, hash_table, [{"a": {"S": str(number)}} for number in range(10)])
    other = dynamodb.scan(TableName=hash_table, Segment=1, TotalSegments=2)["Items"][0]
    request = {"TableName": hash_table, "Segment": 0, "TotalSegments": 2, "ExclusiveStartKey": other}
    assert invalid(dynamodb.scan, **request) == (
        "The provided starting key is invalid: Invalid ExclusiveStartKey. "
        "Please use ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: 0"
    )


def test_deeply_nested_filter_is_evaluated(dynamodb, hash_table):
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "x"}, "v": {"S": "y"}})
    text = "(v = :v AND " * 249 + "v = :v" + ")" * 249
    values = {"ExpressionAttributeValues": {":v": {"S": "y"}}}
    assert dynamodb.scan(TableName=hash_table, FilterExpression=text, **values)["Count"] == 1


UNDEFINED = "An expression attribute value used in expression is not defined; attribute value: :missing"
BAD_OPERAND = OPERAND.format("begins_with", "N")


@pytest.mark.parametrize(
    ("table", "expression", "message"),
    [
        ("range", "a = :missing AND begins_with(b, :n)", UNDEFINED),
        ("range", "begins_with(b, :n) AND a = :missing", BAD_OPERAND),
        ("range", "a = :v AND begins_with(b, :n) AND b = :missing", BAD_OPERAND),
        ("range", "a = :v AND begins_with(b, :n) AND b > :v", BAD_OPERAND),
        ("nowhere", "a = :v AND begins_with(b, :n)", BAD_OPERAND),
    ],
)
def test_the_first_fault_of_a_key_condition_is_told_before_its_table_is_looked_up(
    dynamodb, invalid, range_table, table, expression, message
):
    values = {":v": {"S": "v"}, ":n": {"N": "1"}}
    used = {name: value for name, value in values.items() if name in expression}
    refused = invalid(
        dynamodb.query,
        TableName=table,
        KeyConditionExpression=expression,
        ExpressionAttributeValues=used,
    )
    assert refused == f"Invalid KeyConditionExpression: {message}"


def test_query_tells_of_a_bad_limit_in_words_of_its_own(dynamodb, invalid, hash_table):
    wanted = {"KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "x"}}}
    assert invalid(dynamodb.query, TableName=hash_table, Limit=0, **wanted) == (
        "1 validation error detected: Value at 'Limit' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1"
    )
