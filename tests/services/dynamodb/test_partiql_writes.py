"""INSERT, UPDATE and DELETE, alone, in batches and in transactions.

Expectations come from public measurements of DynamoDB (paritysuite and nubo-db, dynamodb-conformance).
"""

from __future__ import annotations

import pytest

from refusals import refusal

NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "
LEFTOVER = NOT_WELL_FORMED + "Unexpected token after expression"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
WRONG_TYPE = "An operand in the update expression has an incorrect data type"
FAILED = ("ConditionalCheckFailedException", "The conditional request failed")


@pytest.fixture
def run(dynamodb):
    def execute(statement, *parameters, **more):
        given = {"Parameters": list(parameters)} if parameters else {}
        return dynamodb.execute_statement(Statement=statement, **given, **more)["Items"]

    return execute


@pytest.fixture
def refused(dynamodb):
    def refuse(statement, *parameters):
        given = {"Parameters": list(parameters)} if parameters else {}
        return refusal(dynamodb.execute_statement, Statement=statement, **given)

    return refuse


@pytest.fixture
def item(dynamodb, hash_table):
    """Writes the item `x` with some attributes."""

    def put(**attributes):
        dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "x"}, **attributes})

    return put


@pytest.fixture
def stored(dynamodb, hash_table):
    def find(name="x"):
        return dynamodb.get_item(TableName=hash_table, Key={"a": {"S": name}}).get("Item")

    return find


def strings(*values):
    return {"L": [{"S": value} for value in values]}


def test_an_insert_writes_every_kind_of_value(run, stored, hash_table):
    answer = run(
        f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'x', 's': 'it''s', 'n': -1.50, 't': true, 'u': null, "
        "'l': [1, 'b'], 'm': {'k': {'j': 2}}, 'ss': <<'b', 'a'>>, 'ns': <<2, 1>>, 'p': ?}",
        {"B": b"\x00"},
    )
    assert answer == []
    assert stored() == {
        "a": {"S": "x"},
        "s": {"S": "it's"},
        "n": {"N": "-1.5"},
        "t": {"BOOL": True},
        "u": {"NULL": True},
        "l": {"L": [{"N": "1"}, {"S": "b"}]},
        "m": {"M": {"k": {"M": {"j": {"N": "2"}}}}},
        "ss": {"SS": ["a", "b"]},
        "ns": {"NS": ["1", "2"]},
        "p": {"B": b"\x00"},
    }


def test_an_insert_does_not_replace(run, refused, stored, hash_table):
    run(f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'x', 'v': 1}}")
    assert refused(f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'x', 'v': 2}}") == (
        "DuplicateItemException",
        "Duplicate primary key exists in table",
    )
    assert stored()["v"] == {"N": "1"}


@pytest.mark.parametrize(
    ("clauses", "after"),
    [
        ("SET v = 2", {"v": {"N": "2"}, "w": {"S": "w"}}),
        ("SET v = v + 1", {"v": {"N": "2"}, "w": {"S": "w"}}),
        ("SET v = 5 - v, w = 'z'", {"v": {"N": "4"}, "w": {"S": "z"}}),
        ("SET v = 2 SET w = 'z'", {"v": {"N": "2"}, "w": {"S": "z"}}),
        ("SET u = 1 REMOVE w", {"v": {"N": "1"}, "u": {"N": "1"}}),
        ("REMOVE v REMOVE w", {}),
        ("SET u = if_not_exists(u, 0) + 1", {"v": {"N": "1"}, "w": {"S": "w"}, "u": {"N": "1"}}),
        (
            "SET u = list_append([1], [2])",
            {"v": {"N": "1"}, "w": {"S": "w"}, "u": {"L": [{"N": "1"}, {"N": "2"}]}},
        ),
    ],
)
def test_an_update_sets_and_removes(run, item, stored, hash_table, clauses, after):
    item(v={"N": "1"}, w={"S": "w"})
    assert run(f"UPDATE \"{hash_table}\" {clauses} WHERE a = 'x'") == []
    assert stored() == {"a": {"S": "x"}, **after}


def test_an_update_may_begin_with_from(run, refused, item, stored, hash_table):
    item(v={"N": "1"})
    run(f'from "{hash_table}" where a = ? and v = 1 set v = ? remove w', {"S": "x"}, {"N": "7"})
    assert stored()["v"] == {"N": "7"}
    assert refused(f"FROM \"{hash_table}\" WHERE a = 'x' AND v = 1 SET v = 8") == FAILED
    assert refused(f"FROM \"{hash_table}\" WHERE a = 'ghost' SET v = 8") == FAILED


@pytest.mark.parametrize(
    ("function", "after"),
    [
        ("ss = set_add(ss, <<'0', 'z', 'a'>>)", {"SS": ["0", "a", "b", "z"]}),
        ("ss = SET_ADD(ss, <<'a'>>)", {"SS": ["a", "b"]}),
        ("ss = set_delete(ss, <<'a', 'zz'>>)", {"SS": ["b"]}),
        ("ss = set_delete(ss, <<'a', 'b'>>)", None),
    ],
)
def test_sets_grow_and_shrink(run, item, stored, hash_table, function, after):
    item(ss={"SS": ["a", "b"]})
    run(f"UPDATE \"{hash_table}\" SET {function} WHERE a = 'x'")
    assert stored().get("ss") == after


def test_adding_to_a_set_that_is_not_there_makes_it_and_deleting_does_not(run, item, stored, hash_table):
    item()
    run(
        f"UPDATE \"{hash_table}\" SET n = set_add(n, ?) SET o = set_delete(o, <<'a'>>) WHERE a = 'x'",
        {"SS": ["q"]},
    )
    assert stored() == {"a": {"S": "x"}, "n": {"SS": ["q"]}}


@pytest.mark.parametrize(
    "statement", ["UPDATE \"{}\" SET v = 9 WHERE a = 'x' AND {}", "DELETE FROM \"{}\" WHERE a = 'x' AND {}"]
)
@pytest.mark.parametrize("condition", ["w = 'beta'", "NOT begins_with(w, 'al')", "attribute_exists(nope)"])
def test_a_condition_that_does_not_hold_stops_a_write(
    refused, item, stored, hash_table, statement, condition
):
    item(w={"S": "alpha"}, v={"N": "1"})
    assert refused(statement.format(hash_table, condition)) == FAILED
    assert stored()["v"] == {"N": "1"}


def test_a_failed_condition_shows_the_item_when_asked(dynamodb, item, hash_table):
    item(v={"N": "1"})
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as caught:
        dynamodb.execute_statement(
            Statement=f"DELETE FROM \"{hash_table}\" WHERE a = 'x' AND v = 2",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"] == {"a": {"S": "x"}, "v": {"N": "1"}}


def test_deleting_what_is_not_there_is_no_failure_whatever_the_condition(run, hash_table):
    assert run(f"DELETE FROM \"{hash_table}\" WHERE a = 'ghost'") == []
    assert run(f"DELETE FROM \"{hash_table}\" WHERE a = 'ghost' AND v = 1") == []
    assert run(f"DELETE FROM \"{hash_table}\" WHERE a = 'ghost' RETURNING ALL OLD *") == []


def test_updating_what_is_not_there_is_a_failed_condition(refused, stored, hash_table):
    assert refused(f"UPDATE \"{hash_table}\" SET v = 1 WHERE a = 'ghost'") == FAILED
    assert (
        refused(f"UPDATE \"{hash_table}\" SET v = 1 WHERE a = 'ghost' AND attribute_not_exists(a)") == FAILED
    )
    assert stored("ghost") is None


@pytest.mark.parametrize(
    ("clauses", "returning", "shown"),
    [
        ("SET w = 'new'", "ALL OLD", [{"a": {"S": "x"}, "w": {"S": "old"}, "t": strings("a", "b", "c")}]),
        ("SET w = 'new'", "ALL NEW", [{"a": {"S": "x"}, "w": {"S": "new"}, "t": strings("a", "b", "c")}]),
        ("SET w = 'new'", "MODIFIED OLD", [{"w": {"S": "old"}}]),
        ("SET w = 'new'", "MODIFIED NEW", [{"w": {"S": "new"}}]),
        ("SET u = 'new'", "MODIFIED OLD", []),
        ("SET u = 'new'", "MODIFIED NEW", [{"u": {"S": "new"}}]),
        ("REMOVE w", "MODIFIED OLD", [{"w": {"S": "old"}}]),
        ("REMOVE w", "MODIFIED NEW", []),
        ("SET t[2] = 'y', t[0] = 'x'", "MODIFIED NEW", [{"t": strings("x", "y")}]),
        ("SET t[2] = 'y', t[0] = 'x'", "MODIFIED OLD", [{"t": strings("a", "c")}]),
        ("SET t[5] = 'd'", "MODIFIED NEW", []),
        ("SET t[3] = 'd'", "MODIFIED NEW", [{"t": strings("d")}]),
        ("SET t[3] = 'd'", "MODIFIED OLD", []),
        ("REMOVE t[1]", "MODIFIED OLD", [{"t": strings("b")}]),
        ("REMOVE t[1]", "MODIFIED NEW", [{"t": strings("c")}]),
        ("REMOVE t[2]", "MODIFIED NEW", []),
    ],
)
def test_returning_shows_what_was_or_is(run, item, hash_table, clauses, returning, shown):
    item(w={"S": "old"}, t=strings("a", "b", "c"))
    assert run(f"UPDATE \"{hash_table}\" {clauses} WHERE a = 'x' RETURNING {returning} *") == shown


def test_a_delete_returns_only_the_whole_old_item(run, refused, item, stored, hash_table):
    item(w={"S": "old"})
    for returning in ("MODIFIED OLD", "MODIFIED NEW", "ALL NEW"):
        assert refused(f"DELETE FROM \"{hash_table}\" WHERE a = 'x' RETURNING {returning} *") == (
            "ValidationException",
            f"Invalid returning clause: RETURNING {returning} *. "
            "Only RETURNING ALL OLD * is allowed in DELETE statements.",
        )
    assert stored() is not None
    assert run(f"DELETE FROM \"{hash_table}\" WHERE a = 'x' RETURNING ALL OLD *") == [
        {"a": {"S": "x"}, "w": {"S": "old"}}
    ]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("INSERT INTO \"{}\" VALUE {{'a': 'y'}} foo", LEFTOVER),
        ("INSERT INTO \"{}\" t VALUE {{'a': 'y'}}", LEFTOVER),
        ("INSERT INTO \"{}\" VALUE {{'a': 'y', 'n': 1e126}}", f"{OVERFLOW} under root"),
        ("INSERT INTO \"{}\" VALUE {{'a': 'y', 'm': {{'x': 1e126}}}}", f"{OVERFLOW} under root.x"),
        ("INSERT INTO \"{}\" VALUE {{'a': 'y', 'l': [1, 1e126]}}", f"{OVERFLOW} under root[1]"),
        ("INSERT INTO \"{}\" VALUE {{'a': 'y', 's': <<>>}}", "Empty bags are not supported"),
        (
            "INSERT INTO \"{}\" VALUE {{'a': 'y', 's': set_add(<<'a'>>, <<'b'>>)}}",
            "Unsupported data type: set_add under key root at 1:42:7",
        ),
        ("UPDATE \"{}\" SET v = 9 WHERE a = 'x' foo", LEFTOVER),
        ("UPDATE \"{}\" t SET v = 3 WHERE a = 'x'", "Aliasing is not supported"),
        ("UPDATE \"{}\" SET v = 1e-131 WHERE a = 'x'", f"{UNDERFLOW} under root"),
        (
            "UPDATE \"{}\" SET t = set_add(ss, <<'x'>>) WHERE a = 'x'",
            "The first argument to SET_ADD must equal the assignment value at 1:23:7",
        ),
        (
            "UPDATE \"{}\" SET ss = set_add(ss, 'x') WHERE a = 'x'",
            "The second argument to SET_ADD must be a value with type SET at 1:32:2",
        ),
        (
            "UPDATE \"{}\" SET ss = set_add(ss) WHERE a = 'x'",
            "SET_ADD must have exactly two arguments at 1:24:7",
        ),
        (
            "UPDATE \"{}\" SET t = set_delete(ss, <<'x'>>) WHERE a = 'x'",
            "The first argument to SET_DELETE must equal the assignment value at 1:23:10",
        ),
        ("UPDATE \"{}\" SET ss = set_add(ss, <<1>>) WHERE a = 'x'", WRONG_TYPE),
        ("UPDATE \"{}\" SET s = set_add(s, <<'x'>>) WHERE a = 'x'", WRONG_TYPE),
        (
            "UPDATE \"{}\" SET ss = set_add(ss, <<'x', 'x'>>) WHERE a = 'x'",
            "One or more parameter values were invalid: Input collection [x, x] contains duplicates.",
        ),
        (
            "UPDATE \"{}\" SET l[0] = 'x' WHERE a = 'x'",
            "The document path provided in the update expression is invalid for update",
        ),
        ('UPDATE "{}" SET v = 1', "Where clause does not contain a mandatory equality on all key attributes"),
        (
            'DELETE FROM "{}" WHERE v = 1',
            "Where clause does not contain a mandatory equality on all key attributes",
        ),
        ("DELETE FROM \"{}\" t WHERE a = 'x'", "Aliasing is not supported"),
        ("DELETE FROM \"{}\" WHERE a = 'x' ORDER BY a", LEFTOVER),
    ],
)
def test_a_bad_statement_changes_nothing(refused, item, stored, hash_table, statement, message):
    item(ss={"SS": ["a"]}, s={"S": "s"})
    assert refused(statement.format(hash_table)) == ("ValidationException", message)
    assert stored() == {"a": {"S": "x"}, "ss": {"SS": ["a"]}, "s": {"S": "s"}}
    assert stored("y") is None


def test_a_batch_answers_statement_by_statement(dynamodb, item, stored, hash_table):
    item(v={"N": "1"})
    statements = [
        f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'new'}}",
        f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'x'}}",
        f"UPDATE \"{hash_table}\" SET v = v + 1 WHERE a = 'x' RETURNING MODIFIED NEW *",
        f"UPDATE \"{hash_table}\" REMOVE v WHERE a = 'x' RETURNING MODIFIED NEW *",
        f"DELETE FROM \"{hash_table}\" WHERE a = 'x' AND v = 7",
        f"DELETE FROM \"{hash_table}\" WHERE a = 'x' RETURNING MODIFIED OLD *",
        f'SLECT * FROM "{hash_table}"',
        "UPDATE \"nothing\" SET v = 1 WHERE a = 'x'",
    ]
    answer = dynamodb.batch_execute_statement(Statements=[{"Statement": each} for each in statements])
    written, *rest = answer["Responses"]
    assert written == {"TableName": hash_table}
    assert rest[0]["Error"] == {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}
    assert rest[1] == {"TableName": hash_table, "Item": {"v": {"N": "2"}}}
    assert rest[2] == {"TableName": hash_table}
    assert rest[3]["Error"] == {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert rest[4]["Error"]["Code"] == "ValidationError"
    assert [each.get("TableName") for each in rest[3:7]] == [hash_table, None, None, None]
    assert rest[5]["Error"] == {
        "Code": "ValidationError",
        "Message": f"{NOT_WELL_FORMED}Expected data manipulation",
    }
    assert rest[6]["Error"]["Code"] == "ResourceNotFound"
    assert stored("new") == {"a": {"S": "new"}}


def test_a_batch_reads_single_items_each_as_consistent_as_it_asks(dynamodb, item, hash_table):
    item(v={"N": "1"})
    read = {"Statement": f'SELECT v FROM "{hash_table}" WHERE a = ?', "Parameters": [{"S": "x"}]}
    answer = dynamodb.batch_execute_statement(
        Statements=[read, {**read, "ConsistentRead": True}], ReturnConsumedCapacity="TOTAL"
    )
    assert answer["Responses"] == [{"TableName": hash_table, "Item": {"v": {"N": "1"}}}] * 2
    assert answer["ConsumedCapacity"] == [{"TableName": hash_table, "CapacityUnits": 1.5}]


@pytest.mark.parametrize("where", ["v = 1", "a = 'x' AND attribute_exists(v)"])
def test_a_read_of_several_items_is_no_part_of_a_batch_or_a_transaction(dynamodb, item, hash_table, where):
    item(v={"N": "1"})
    statement = f'SELECT * FROM "{hash_table}" WHERE {where}'
    message = "Select statements within {} must specify the primary key in the where clause."
    (response,) = dynamodb.batch_execute_statement(Statements=[{"Statement": statement}])["Responses"]
    assert response["Error"] == {
        "Code": "ValidationError",
        "Message": message.format("BatchExecuteStatement"),
    }
    assert "TableName" not in response
    assert refusal(dynamodb.execute_transaction, TransactStatements=[{"Statement": statement}]) == (
        "ValidationException",
        f"Validation failed in TransactStatements[0]: {message.format('ExecuteTransaction')}",
    )


def test_a_transaction_writes_everything(dynamodb, item, stored, hash_table):
    item(v={"N": "1"})
    answer = dynamodb.execute_transaction(
        TransactStatements=[
            {"Statement": f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'new'}}"},
            {
                "Statement": f"UPDATE \"{hash_table}\" SET v = ? WHERE a = 'x' AND v = 1",
                "Parameters": [{"N": "5"}],
            },
            {"Statement": f"DELETE FROM \"{hash_table}\" WHERE a = 'ghost'"},
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["Responses"] == []
    assert answer["ConsumedCapacity"][0]["TableName"] == hash_table
    assert (stored("new"), stored()["v"]) == ({"a": {"S": "new"}}, {"N": "5"})


def test_a_transaction_that_fails_says_why_and_writes_nothing(dynamodb, item, stored, hash_table):
    item(v={"N": "1"})
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as caught:
        dynamodb.execute_transaction(
            TransactStatements=[
                {"Statement": f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'x'}}"},
                {"Statement": f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'new'}}"},
            ]
        )
    response = caught.value.response
    assert response["CancellationReasons"] == [
        {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
        {"Code": "None"},
    ]
    assert response["Error"]["Message"].endswith("[DuplicateItem, None]")
    assert stored("new") is None


def test_a_transaction_checks_with_exists(dynamodb, item, stored, hash_table):
    item(v={"N": "1"})
    exists = f"EXISTS(SELECT * FROM \"{hash_table}\" WHERE a = 'x' AND v = {{}})"
    insert = {"Statement": f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'new'}}"}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.execute_transaction(TransactStatements=[{"Statement": exists.format(2)}, insert])
    dynamodb.execute_transaction(TransactStatements=[{"Statement": exists.format(1)}, insert])
    assert stored("new") is not None
    bare = f"EXISTS(SELECT * FROM \"{hash_table}\" WHERE a = 'x')"
    assert refusal(dynamodb.execute_transaction, TransactStatements=[{"Statement": bare}, insert]) == (
        "ValidationException",
        "Validation failed in TransactStatements[0]: "
        "EXISTS() must contain a single item read with additional condition",
    )
    assert refusal(dynamodb.execute_statement, Statement=bare) == (
        "ValidationException",
        "EXISTS can only be used in ExecuteTransaction write requests.",
    )


def test_a_repeated_transaction_is_done_once(dynamodb, item, stored, hash_table):
    item(v={"N": "0"})
    request = {
        "TransactStatements": [{"Statement": f"UPDATE \"{hash_table}\" SET v = v + 1 WHERE a = 'x'"}],
        "ClientRequestToken": "once",
        "ReturnConsumedCapacity": "INDEXES",
    }
    first, again = (dynamodb.execute_transaction(**request)["ConsumedCapacity"][0] for _ in range(2))
    assert stored()["v"] == {"N": "1"}
    assert (first["WriteCapacityUnits"], again["ReadCapacityUnits"]) == (2.0, 2.0)
    assert "ReadCapacityUnits" not in first
    assert "WriteCapacityUnits" not in again


def test_a_transaction_reads_single_items(dynamodb, item, hash_table):
    item(v={"N": "1"})
    answer = dynamodb.execute_transaction(
        TransactStatements=[
            {"Statement": f"SELECT v FROM \"{hash_table}\" WHERE a = 'x'"},
            {"Statement": f"SELECT * FROM \"{hash_table}\" WHERE a = 'ghost'"},
        ]
    )
    assert answer["Responses"] == [{"Item": {"v": {"N": "1"}}}, {}]


def test_a_transaction_takes_no_returning_and_no_index(dynamodb, item, stored, hash_table, range_table):
    item(v={"N": "1"})
    returning = f"UPDATE \"{hash_table}\" SET v = 2 WHERE a = 'x' RETURNING ALL NEW *"
    code, message = refusal(dynamodb.execute_transaction, TransactStatements=[{"Statement": returning}])
    assert code == "ValidationException"
    assert "RETURNING clause is not supported in ExecuteTransaction" in message
    assert stored()["v"] == {"N": "1"}
    indexed = f'SELECT * FROM "{range_table}"."all" WHERE c = \'x\''
    assert refusal(dynamodb.execute_transaction, TransactStatements=[{"Statement": indexed}]) == (
        "ValidationException",
        "Validation failed in TransactStatements[0]: Reads on indices are not supported within transactions.",
    )


def test_an_insert_names_no_index(dynamodb, range_table):
    statement = f"INSERT INTO \"{range_table}\".\"all\" VALUE {{'a': 'x', 'b': 'y'}}"
    assert refusal(dynamodb.execute_statement, Statement=statement) == (
        "ValidationException",
        "FROM clause may only contain a single table name",
    )
