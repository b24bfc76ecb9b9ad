"""Global indexes whose keys are of several attributes."""

from __future__ import annotations

import pytest

SEVERAL = (
    "PartiQL statements cannot be executed on tables with multi-attribute HASH keys "
    "or multi-attribute RANGE keys."
)
VALUES = {
    ":h": "o1",
    ":t": "T",
    ":live": "live",
    ":a": "a",
    ":r": "r",
    ":r1": "r1",
}
ITEMS = [
    ("p1", "T", "live", "b", "r1"),
    ("p2", "T", "live", "a", "r2"),
    ("p3", "T", "live", "a", "r1"),
    ("p4", "T", "draft", "c", "r1"),
    ("p5", "F", "live", "a", "r0"),
    ("p6", "T", "live", None, "r1"),
]


def index(hashes, ranges, name="several"):
    schema = [{"AttributeName": each, "KeyType": "HASH"} for each in hashes]
    schema += [{"AttributeName": each, "KeyType": "RANGE"} for each in ranges]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}


def table(hashes, ranges, kinds=None):
    names = dict.fromkeys(["k", *hashes, *ranges], "S") | (kinds or {})
    return {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in names.items()
        ],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [index(hashes, ranges)],
        "BillingMode": "PAY_PER_REQUEST",
    }


def item(**attributes):
    return {name: {"S": value} for name, value in attributes.items() if value is not None}


@pytest.fixture
def four_sorts(dynamodb):
    dynamodb.create_table(TableName="four", **table("h", "abcd"))
    for k, a, b, c, d in ITEMS:
        dynamodb.put_item(TableName="four", Item=item(k=k, h="o1", a=a, b=b, c=c, d=d))
    return "four"


def asked(table, expression):
    used = {name: {"S": value} for name, value in VALUES.items() if name in expression.split()}
    return {
        "TableName": table,
        "IndexName": "several",
        "KeyConditionExpression": expression,
        "ExpressionAttributeValues": used,
    }


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("h = :h", "p5 p4 p3 p2 p1"),
        ("h = :h AND a = :t", "p4 p3 p2 p1"),
        ("b = :live AND h = :h AND a = :t", "p3 p2 p1"),
        ("h = :h AND a = :t AND b = :live AND c = :a", "p3 p2"),
        ("h = :h AND a = :t AND b = :live AND c > :a", "p1"),
        ("h = :h AND a = :t AND b < :live", "p4"),
        ("h = :h AND a = :t AND b = :live AND c = :a AND begins_with (d, :r )", "p3 p2"),
        ("h = :h AND a = :t AND b = :live AND c = :a AND d BETWEEN :r1 AND :r1", "p3"),
    ],
)
def test_conditions_narrow_the_sort_attributes_one_after_the_other(
    dynamodb, four_sorts, expression, expected
):
    request = asked(four_sorts, expression)
    for forward, keys in ((True, expected.split()), (False, expected.split()[::-1])):
        paginator = dynamodb.get_paginator("query")
        pages = paginator.paginate(**request, ScanIndexForward=forward, PaginationConfig={"PageSize": 1})
        assert [each["k"]["S"] for page in pages for each in page["Items"]] == keys


def test_a_page_ends_with_the_keys_of_table_and_index(dynamodb, four_sorts):
    page = dynamodb.query(**asked(four_sorts, "h = :h"), Limit=1)
    assert page["LastEvaluatedKey"] == item(k="p5", h="o1", a="F", b="live", c="a", d="r0")
    scanned = dynamodb.scan(TableName=four_sorts, IndexName="several")
    assert scanned["Count"] == 5


@pytest.mark.parametrize(
    ("expression", "missing", "present"),
    [
        ("h = :h AND a = :t AND c = :a", "b", "c"),
        ("h = :h AND a = :t AND b > :live AND c = :a", "b", "c"),
        ("h = :h AND b = :live", "a", "b"),
    ],
)
def test_a_gap_between_the_sort_attributes_is_refused(
    dynamodb, invalid, four_sorts, expression, missing, present
):
    assert invalid(dynamodb.query, **asked(four_sorts, expression)) == (
        f"RANGE key attributes {missing} must have equality conditions specified in the query "
        f"because a condition is present on key attribute {present}"
    )


def test_several_partition_attributes_are_one_partition_key(dynamodb, invalid):
    created = dynamodb.create_table(TableName="two", **table(["h1", "h2"], ["r"], {"h2": "N"}))
    (described,) = created["TableDescription"]["GlobalSecondaryIndexes"]
    assert described["KeySchema"] == index(["h1", "h2"], ["r"])["KeySchema"]
    for number in ("1", "2"):
        dynamodb.put_item(
            TableName="two", Item={**item(k=number, h1="x", r="r" + number), "h2": {"N": number}}
        )
    dynamodb.put_item(TableName="two", Item=item(k="outside", h1="x"))
    request = {"TableName": "two", "IndexName": "several"}
    values = {":x": {"S": "x"}, ":2": {"N": "2.0"}}
    found = dynamodb.query(
        **request, KeyConditionExpression="h2 = :2 AND h1 = :x", ExpressionAttributeValues=values
    )
    assert [each["k"]["S"] for each in found["Items"]] == ["2"]
    message = invalid(
        dynamodb.query,
        **request,
        KeyConditionExpression="h1 = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    assert message == "Query condition missed key schema element: h2"
    dynamodb.update_item(TableName="two", Key=item(k="2"), UpdateExpression="REMOVE h2")
    assert dynamodb.scan(**request)["Count"] == 1


@pytest.mark.parametrize(("hashes", "ranges", "kind"), [("abcde", "", "HASH"), ("a", "bcdef", "RANGE")])
def test_an_index_key_has_at_most_four_attributes_of_a_kind(dynamodb, invalid, hashes, ranges, kind):
    assert invalid(dynamodb.create_table, TableName="wide", **table(hashes, ranges)) == (
        "One or more parameter values were invalid: "
        f"The KeySchema exceeds the maximum allowed number of {kind} key attributes"
    )


def test_a_table_key_has_at_most_two_attributes(dynamodb, invalid):
    schema = [{"AttributeName": name, "KeyType": "HASH" if name == "a" else "RANGE"} for name in "abc"]
    message = invalid(
        dynamodb.create_table,
        TableName="three",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in "abc"],
        KeySchema=schema,
        BillingMode="PAY_PER_REQUEST",
    )
    told = ", ".join(
        f"KeySchemaElement(attributeName={each['AttributeName']}, keyType={each['KeyType']})"
        for each in schema
    )
    assert message == (
        f"1 validation error detected: Value '[{told}]' at 'keySchema' failed to satisfy constraint: "
        "Member must have length less than or equal to 2"
    )


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("""SELECT * FROM "two"."several" WHERE h1 = 'a'""", SEVERAL),
        ("""SELECT k FROM "two"."several" WHERE h1 = 'a' AND h2 = 'x' ORDER BY r DESC""", SEVERAL),
        ("""SELECT * FROM "two"."several" WHERE h1 = 5""", SEVERAL),
        ('SELECT * FROM "two"."several"', SEVERAL),
        ('SELECT COUNT(*) FROM "two"."several"', SEVERAL),
        ('SELECT COUNT(*) FROM "two"', "Unexpected path component at 1:8:5"),
        (
            'SELECT * FROM "two"."several" WHERE',
            "Statement wasn't well formed, can't be processed: Unexpected term",
        ),
    ],
)
def test_partiql_does_not_read_such_an_index(dynamodb, invalid, statement, message):
    dynamodb.create_table(TableName="two", **table(["h1", "h2"], ["r"]))
    assert invalid(dynamodb.execute_statement, Statement=statement) == message


def test_partiql_reads_and_writes_the_table_of_such_an_index(dynamodb):
    dynamodb.create_table(TableName="two", **table(["h1", "h2"], ["r"]))
    dynamodb.execute_statement(Statement="""INSERT INTO "two" VALUE {'k': 'i', 'h1': 'a'}""")
    statements = [
        {"Statement": """SELECT * FROM "two"."several" WHERE h1 = 'a' AND h2 = 'x' AND r = 'm'"""},
        {"Statement": """SELECT * FROM "two" WHERE k = 'i'"""},
    ]
    refused, read = dynamodb.batch_execute_statement(Statements=statements)["Responses"]
    assert refused["Error"] == {"Code": "ValidationError", "Message": SEVERAL}
    assert read["Item"] == item(k="i", h1="a")
