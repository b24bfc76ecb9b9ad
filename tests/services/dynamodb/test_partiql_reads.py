"""SELECT: which items it finds, in which order and pages, and what it refuses.

Expectations come from public measurements of DynamoDB (paritysuite and nubo-db, dynamodb-conformance).
"""

from __future__ import annotations

import pytest

from refusals import refusal

NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "
LEFTOVER = NOT_WELL_FORMED + "Unexpected token after expression"
ALIASING = "Aliasing is not supported"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
NOT_NUMERIC = "The parameter cannot be converted to a numeric value"
TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: "
    "Attributes in the item have nested levels beyond supported limit"
)
INVALID = "One or more parameter values were invalid: "
NUMBERED = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
}
FULL = {
    "a": {"S": "x"},
    "ss": {"SS": ["a", "b", "c"]},
    "s": {"S": "str"},
    "m": {"M": {"sub": {"S": "deep"}}},
    "nul": {"NULL": True},
    "flag": {"BOOL": True},
    "l": {"L": [{"N": "1"}, {"N": "2"}]},
}


@pytest.fixture
def select(dynamodb):
    def run(statement, *parameters, **more):
        given = {"Parameters": list(parameters)} if parameters else {}
        return dynamodb.execute_statement(Statement=statement, **given, **more)["Items"]

    return run


@pytest.fixture
def full(dynamodb, hash_table):
    dynamodb.put_item(TableName=hash_table, Item=FULL)
    return hash_table


@pytest.fixture
def numbered(dynamodb):
    dynamodb.create_table(TableName="numbered", **NUMBERED)
    for pk in "pq":
        for sk in range(1, 4):
            dynamodb.put_item(TableName="numbered", Item={"pk": {"S": pk}, "sk": {"N": str(sk)}})
    return "numbered"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("attribute_exists(ss)", True),
        ("attribute_exists(nope)", False),
        ("attribute_not_exists(nope)", True),
        ("NOT attribute_exists(nope)", True),
        ("ATTRIBUTE_EXISTS(ss)", True),
        ("(attribute_exists(nope) OR attribute_exists(ss))", True),
        ("attribute_exists(ss) = true", True),
        ('attribute_exists("ss")', True),
        ("attribute_exists(m.sub)", True),
        ("attribute_exists(m.nope)", False),
        ("size(s) = 3", True),
        ("size(s) = 4", False),
        ("attribute_type(ss, 'SS')", True),
        ("nul IS NULL", True),
        ("s IS NULL", False),
        ("s IS NOT NULL", True),
        ("flag IS BOOL", True),
        ("s IS STRING", True),
        ("s IS BOOL", False),
        ("nope IS MISSING", True),
        ("s IS NOT MISSING", True),
        ("NOT begins_with(s, 'x')", True),
        ("contains(ss, 'b')", True),
        ("s BETWEEN 'a' AND 'z'", True),
        ("s NOT BETWEEN 'a' AND 'z'", False),
        ("s IN ['a', 'str']", True),
        ("s NOT IN ('a', 'str')", False),
        ("l[1] = 2", True),
        ("m = {'sub': 'deep'}", True),
        ("ss = <<'c', 'a', 'b'>>", True),
        ("flag = true", True),
        ("s != 'str'", False),
    ],
)
def test_a_condition_keeps_what_it_holds_for(select, full, condition, found):
    assert len(select(f"SELECT * FROM \"{full}\" WHERE a = 'x' AND {condition}")) == found


def test_a_filter_needs_no_key(select, full):
    assert select(f'SELECT a FROM "{full}" WHERE attribute_exists(flag)') == [{"a": {"S": "x"}}]


def test_a_column_has_the_name_of_its_last_part(select, full):
    assert select(f"SELECT m.sub, nope FROM \"{full}\" WHERE a = 'x'") == [{"sub": {"S": "deep"}}]


def test_comments_are_blank(select, full):
    for statement in (
        f"SELECT * FROM \"{full}\" WHERE a = 'x' -- a note",
        f"-- a note\nSELECT * FROM \"{full}\" -- a note\nWHERE a = 'x'",
        f"SELECT * FROM \"{full}\" /* a note */ WHERE a = 'x' /* a note */",
    ):
        assert select(statement) == [FULL]


@pytest.mark.parametrize(
    ("literal", "number"),
    [
        ("7.31e6", "7310000"),
        ("731e4", "7310000"),
        ("73100000e-1", "7310000"),
        (".73e1", "7.3"),
        ("-.73e1", "-7.3"),
    ],
)
def test_a_number_is_what_it_denotes(dynamodb, select, hash_table, literal, number):
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "n"}, "n": {"N": number}})
    assert len(select(f"SELECT * FROM \"{hash_table}\" WHERE a = 'n' AND n = {literal}")) == 1


def test_keywords_are_keywords_in_any_case_and_quoted_names_are_none(dynamodb, select, hash_table):
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "x"}, "order": {"S": "first"}})
    assert select(f'select "order" from "{hash_table}" where "order" = \'first\'') == [
        {"order": {"S": "first"}}
    ]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("pk = 'p' ORDER BY sk DESC", ["p3", "p2", "p1"]),
        ("pk = 'p' ORDER BY sk ASC", ["p1", "p2", "p3"]),
        ("pk = 'p' AND sk > 1", ["p2", "p3"]),
        ("pk = 'p' AND 3 > sk", ["p1", "p2"]),
        ("pk = 'p' AND sk BETWEEN 2 AND 3", ["p2", "p3"]),
        ("pk IN ['q', 'p'] AND sk = 1", ["q1", "p1"]),
        ("pk IN ['q', 'p'] AND sk = 1 ORDER BY pk", ["p1", "q1"]),
        ("pk IN ['p', 'q'] AND sk = 1 ORDER BY pk DESC", ["q1", "p1"]),
        ("pk = 'p' AND NOT sk = 1", ["p2", "p3"]),
        ("pk = 'p' AND sk <> 1", ["p2", "p3"]),
        ("pk = 'p' AND sk = 1 OR pk = 'q' AND sk = 2", ["p1", "q2"]),
        ("pk = 'p' AND NOT sk = 1 OR pk = 'q' AND sk = 2", ["p2", "p3", "q2"]),
    ],
)
def test_keys_say_what_is_read_and_in_which_order(select, numbered, clause, expected):
    items = select(f'SELECT * FROM "{numbered}" WHERE {clause}')
    assert [item["pk"]["S"] + item["sk"]["N"] for item in items] == expected


@pytest.mark.parametrize(
    "where", ["pk = 'p' OR pk = 'q'", "pk IN ['p', 'q']", "sk > 0", "sk > 0 AND pk <> 'r'"]
)
def test_pages_follow_each_other(dynamodb, numbered, where):
    statement, found, more = f'SELECT * FROM "{numbered}" WHERE {where}', [], {}
    while True:
        page = dynamodb.execute_statement(Statement=statement, Limit=2, **more)
        assert len(page["Items"]) <= 2
        found += [item["pk"]["S"] + item["sk"]["N"] for item in page["Items"]]
        if "NextToken" not in page:
            break
        assert set(page["LastEvaluatedKey"]) == {"pk", "sk"}
        more = {"NextToken": page["NextToken"]}
    assert sorted(found) == ["p1", "p2", "p3", "q1", "q2", "q3"]


def test_a_token_belongs_to_its_statement(dynamodb, numbered):
    statement = f'SELECT * FROM "{numbered}"'
    token = dynamodb.execute_statement(Statement=statement, Limit=1)["NextToken"]
    other = refusal(dynamodb.execute_statement, Statement=f"{statement} WHERE sk = 1", NextToken=token)
    assert other == ("ValidationException", "NextToken does not match request")
    assert refusal(dynamodb.execute_statement, Statement=statement, NextToken="AAAA") == (
        "ValidationException",
        "Invalid NextToken",
    )


@pytest.fixture
def indexed(dynamodb, range_table):
    dynamodb.put_item(
        TableName=range_table,
        Item={name: {"S": name + "1"} for name in "abcdef"},
    )
    return range_table


def test_an_index_gives_what_it_projects(select, indexed):
    assert select(f'SELECT * FROM "{indexed}"."all" WHERE c = \'c1\'') == [
        {name: {"S": name + "1"} for name in "abcdef"}
    ]
    assert select(f'SELECT * FROM "{indexed}"."local" WHERE a = \'a1\'') == [
        {name: {"S": name + "1"} for name in "abc"}
    ]


def test_a_local_index_fetches_other_columns_from_the_table(select, indexed):
    assert select(f'SELECT f FROM "{indexed}"."local" WHERE a = \'a1\'') == [{"f": {"S": "f1"}}]


def test_a_global_index_refuses_what_it_does_not_project_in_the_order_of_the_statement(dynamodb, indexed):
    for where in (" WHERE c = 'c1'", ""):
        assert refusal(
            dynamodb.execute_statement, Statement=f'SELECT z, f FROM "{indexed}"."some"{where}'
        ) == ("ValidationException", f"{INVALID}Global secondary index some does not project [z, f]")


@pytest.mark.parametrize(("index", "key"), [("some", "c = 'c1'"), ("local", "a IN ['a1']")])
def test_a_keyed_read_of_an_index_filters_only_what_it_projects(dynamodb, indexed, index, key):
    assert refusal(
        dynamodb.execute_statement,
        Statement=f'SELECT a FROM "{indexed}"."{index}" WHERE {key} AND NOT f = \'f1\'',
    ) == (
        "ValidationException",
        f"{INVALID}Secondary index {index} does not project one or more filter attributes: [f]",
    )


@pytest.mark.parametrize(
    ("source", "parameters", "message"),
    [
        ('"{}"."nope"', {"ConsistentRead": True}, "The table does not have the specified index"),
        (
            '"{}"."all"',
            {"ConsistentRead": True},
            "Strongly consistent read is not supported on Global Secondary Indexes",
        ),
        ('"{}".""', {}, "Path component cannot be an empty string"),
        ('""', {}, "Path component cannot be an empty string"),
    ],
)
def test_an_index_that_cannot_be_read_is_refused_in_the_words_of_statements(
    dynamodb, indexed, source, parameters, message
):
    statement = f"SELECT * FROM {source.format(indexed)} WHERE c = 'c1'"
    refused = refusal(dynamodb.execute_statement, Statement=statement, **parameters)
    assert refused == ("ValidationException", message)


def test_an_unkeyed_read_of_an_index_may_filter_what_it_has_not(select, indexed):
    assert select(f'SELECT a FROM "{indexed}"."some" WHERE f = \'f1\'') == []
    assert len(select(f'SELECT a FROM "{indexed}"."some" WHERE NOT f = \'f1\'')) == 1


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ('SELECTT * FROM "{}"', NOT_WELL_FORMED + "Expected data manipulation"),
        ("SELECT * FROM \"{}\" WHERE a = 'x' foo", LEFTOVER),
        ('SELECT * FROM "{}" WHERE n = 1 e5', LEFTOVER),
        ("SELECT * FROM \"{}\" WHERE a = 'x')", LEFTOVER),
        ("SELECT * FROM \"{}\" ORDER BY a WHERE a = 'x'", LEFTOVER),
        ('SELECT * FROM "{}" WHERE n = 1e2147483648', NOT_WELL_FORMED),
        ('SELECT * FROM "{}" WHERE n = 1e99999999999', NOT_WELL_FORMED),
        ('SELECT * FROM "{}" WHERE n = 1.5e-2147483647', NOT_WELL_FORMED),
        ('SELECT * FROM "{}" WHERE n = 1 # note', NOT_WELL_FORMED),
        ('SELECT * FROM "{}" WHERE n = 1 /* note', NOT_WELL_FORMED),
        ("SELECT * FROM \"{}\" t WHERE a = 'x'", ALIASING),
        ("SELECT * FROM \"{}\" AS t WHERE a = 'x'", ALIASING),
        ('SELECT * FROM "{}" WHERE n = 1e126', f"{OVERFLOW} under root"),
        ('SELECT * FROM "{}" WHERE n = 1e-131', f"{UNDERFLOW} under root"),
        (
            'SELECT * FROM "{}" WHERE n = 123456789012345678901234567890123456789',
            "Attempting to store more than 38 significant digits in a Number under root",
        ),
        (
            "SELECT * FROM \"{}\" WHERE a = 'x' AND attribute_exists('ss')",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "SELECT * FROM \"{}\" WHERE a = 'x' AND attribute_exists()",
            "Incorrect number of operands for operator or function; "
            "operator or function: attribute_exists, number of operands: 0",
        ),
        (
            "SELECT * FROM \"{}\" WHERE a = 'x' AND attribute_exists(ss, ns)",
            "Incorrect number of operands for operator or function; "
            "operator or function: attribute_exists, number of operands: 2",
        ),
        (
            "SELECT attribute_exists(ss) FROM \"{}\" WHERE a = 'x'",
            "Unexpected path component at 1:8:16",
        ),
        ('SELECT * FROM "{}" WHERE EXISTS(ss)', "Unrecognized function: exists at 1:28:6"),
        ("SELECT * FROM \"{}\" WHERE set_add(ss, <<'x'>>) = ss", "Unrecognized function: set_add at 1:28:7"),
        (
            'SELECT * FROM "{}" WHERE attribute_exists(m.inner)',
            NOT_WELL_FORMED + "Invalid path dot component",
        ),
    ],
)
def test_a_bad_statement_is_refused(dynamodb, full, statement, message):
    refused = refusal(dynamodb.execute_statement, Statement=statement.format(full))
    assert refused == ("ValidationException", message)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("value", [{"BOOL": True}, {"NULL": True}, {"L": []}, {"M": {}}, {"SS": ["a"]}])
def test_what_has_no_order_cannot_be_ordered(dynamodb, full, operator, value):
    assert refusal(
        dynamodb.execute_statement,
        Statement=f'SELECT a FROM "{full}" WHERE a = ? AND val {operator} ?',
        Parameters=[{"S": "x"}, value],
    ) == (
        "ValidationException",
        "Incorrect operand type for operator or function; "
        f"operator or function: {operator}, operand type: {next(iter(value))}",
    )


def nested(depth, leaf):
    for _ in range(depth):
        leaf = {"M": {"n": leaf}}
    return leaf


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([{"N": "1e99999999999"}], f"{NOT_NUMERIC}: 1e99999999999"),
        ([{"N": "1e-2147483648"}], f"{NOT_NUMERIC}: 1e-2147483648"),
        ([{"N": "1e2147483647"}], UNDERFLOW),
        ([{"N": ""}], NOT_NUMERIC),
        ([{"L": [{"N": "1"}, {"N": "1e99999999999"}]}], f"{NOT_NUMERIC}: 1e99999999999"),
        ([{"NS": ["1", "1e99999999999"]}], f"{NOT_NUMERIC}: 1e99999999999"),
        ([{"M": {"d": nested(40, {"S": "x"}), "bad": {"N": "abc"}}}], TOO_DEEP),
        ([{"M": {"bad": {"N": "abc"}, "d": nested(40, {"S": "x"})}}], f"{NOT_NUMERIC}: abc"),
        ([], "Number of parameters in request and statement don't match."),
        ([{"N": "1"}, {"N": "2"}], "Number of parameters in request and statement don't match."),
    ],
)
def test_a_bad_parameter_is_refused(dynamodb, full, parameters, message):
    given = {"Parameters": parameters} if parameters else {}
    statement = f"SELECT * FROM \"{full}\" WHERE a = 'x' AND n = ?"
    assert refusal(dynamodb.execute_statement, Statement=statement, **given) == (
        "ValidationException",
        message,
    )


def test_alternatives_may_not_overlap_on_the_sort_key(dynamodb, numbered):
    statement = f"SELECT * FROM \"{numbered}\" WHERE pk = 'p' AND sk > 1 OR pk = 'p' AND sk = 2"
    assert refusal(dynamodb.execute_statement, Statement=statement) == (
        "ValidationException",
        "Overlapping conditions with range keys are not supported in where clause",
    )


def test_a_table_that_is_not_there_is_said_to_be_missing(dynamodb):
    code, _ = refusal(dynamodb.execute_statement, Statement="SELECT * FROM \"nothing\" WHERE a = 'x'")
    assert code == "ResourceNotFoundException"


def test_capacity_is_told_when_asked_for(dynamodb, full):
    answer = dynamodb.execute_statement(
        Statement=f"SELECT * FROM \"{full}\" WHERE a = 'x'",
        ReturnConsumedCapacity="TOTAL",
        ConsistentRead=True,
    )
    assert answer["ConsumedCapacity"] == {"TableName": full, "CapacityUnits": 1.0}
