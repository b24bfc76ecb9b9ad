from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import Expressions
from cloudlet.services.dynamodb.expressions.projections import compile_projection
from cloudlet.services.dynamodb.expressions.updates import compile_update

TYPED = {
    ":a": {"S": "a"},
    ":b": {"N": "1"},
    ":c": {"B": b"a"},
    ":d": {"BOOL": False},
    ":e": {"NULL": True},
    ":f": {"SS": ["a"]},
    ":g": {"NS": ["1"]},
    ":h": {"BS": [b"a"]},
    ":i": {"M": {}},
    ":j": {"L": []},
}


def message(text, names=None, values=None):
    with pytest.raises(ValidationException) as refused:
        compile_update(text, names or {}).check(values or {})
    assert refused.value.message.startswith("Invalid UpdateExpression: ")
    return refused.value.message.removeprefix("Invalid UpdateExpression: ")


def updated(text, item, values=None, names=None):
    update = compile_update(text, names or {})
    update.check(values or {})
    return update.applied(item, values or {})


def refusal(text, item, values=None):
    with pytest.raises(ValidationException) as refused:
        updated(text, item, values)
    return refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        "whatever",
        "set a",
        "add a",
        "delete a",
        "set a=set",
        "remove a = b",
        "add a = b",
        "delete a = b",
        "delete a b",
        "delete a if_not_exist(b)",
        "add abort b",
        "add a if_not_exist(b)",
        "remove a b",
        "set a b",
        "set :a = b",
        "add :a b",
        "delete :a b",
        "remove :a",
        "set a = b / c",
        "set a = b * c",
        'set a[1] = "eight"',
        "set a[1] = 1",
        "SET a = if_not_exist(a, 100)",
        "SET if_not_exist(a, b) = a",
        "set (a = (b + c))",
        "set a = (b.c).d + e",
        "set a = (b.c)[0] + e",
        "set a = b + c + d",
        "SET _name = :value",
        "set a = b,",
    ],
)
def test_syntax_errors_are_refused(text):
    assert message(text).startswith("Syntax error; ")


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        ("INVALID SYNTAX HERE", "INVALID", "INVALID SYNTAX"),
        ("ADD hits : incr", ":", "hits : incr"),
        ("SET #as, #LambdaPowertoolsContext = :a", ",", "#as, #LambdaPowertoolsContext"),
        ("SET path2 = VALUE 1", "1", "VALUE 1"),
        ("SET _id = :a", "_", "SET _id"),
    ],
)
def test_syntax_error_shows_the_token_between_its_neighbours(text, token, near):
    assert message(text) == f'Syntax error; token: "{token}", near: "{near}"'


@pytest.mark.parametrize(
    "text", ["set a = (b + c)", "set a = ((b.c.d)+(e))", "SET a = if_not_exists(a, b) + b"]
)
def test_parentheses_may_stand_around_values(text):
    assert compile_update(text, {})


@pytest.mark.parametrize(
    ("text", "word"), [(" set #c = :c set abOrt = true ", "abOrt"), (" remove Absolute ", "Absolute")]
)
def test_reserved_words_are_refused(text, word):
    assert message(text) == f"Attribute name is a reserved keyword; reserved keyword: {word}"


def test_unknown_functions_are_refused():
    text = "set #c = if_not_exist(:c) set c = d"
    assert message(text) == "Invalid function name; function: if_not_exist"


@pytest.mark.parametrize("function", ["size", "attribute_exists"])
def test_functions_of_conditions_are_refused(function):
    expected = f"The function is not allowed in an update expression; function: {function}"
    assert message(f"set a = {function}(b)") == expected


def test_elements_beyond_the_end_are_appended_by_index():
    values = {f":{number}": {"N": number} for number in ("84", "37", "50")}
    after = updated("set a[84] = :84, a[37] = :37, a[50] = :50", {"a": {"L": []}}, values)
    assert after["a"] == {"L": [{"N": "37"}, {"N": "50"}, {"N": "84"}]}


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("set a = #c set c = :d", "SET"),
        ("remove #d set a = b remove e", "REMOVE"),
        ("add #d :e set a = b add e :f", "ADD"),
        ("delete #d :e set a = b delete #e :f", "DELETE"),
    ],
)
def test_sections_may_stand_only_once(text, section):
    assert message(text) == f'The "{section}" section can only be used once in an update expression;'


def test_undefined_names_come_before_undefined_values():
    assert message("SET #c = if_not_exists(:c)") == (
        "An expression attribute name used in the document path is not defined; attribute name: #c"
    )
    assert message("SET #a = if_not_exists(:c)", {"#a": "a"}) == (
        "An expression attribute value used in expression is not defined; attribute value: :c"
    )


@pytest.mark.parametrize(
    ("text", "relation", "one", "two"),
    [
        ("set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)", "overlap", "[c, [1], a]", "[c]"),
        ("set c.b.#c = a, c = a, #d = a", "overlap", "[c, b, c]", "[c]"),
        ("set a = b remove a, #c, #d", "overlap", "[a]", "[a]"),
        ("set #c[3].#d = a, #c[3] = a", "overlap", "[c, [3], [3]]", "[c, [3]]"),
        ("remove c, #c.a, #d", "overlap", "[c]", "[c, a]"),
        ("remove a, #c, a, #d", "overlap", "[a]", "[a]"),
        ("set #c[3].#d = a, #c.#d[3] = if_not_exists(a)", "conflict", "[c, [3], [3]]", "[c, [3], [3]]"),
        ("remove a.#c set a[1] = #d", "conflict", "[a, c]", "[a, [1]]"),
    ],
)
def test_paths_that_overlap_or_conflict_are_refused(text, relation, one, two):
    assert message(text, {"#c": "c", "#d": "[3]"}) == (
        f"Two document paths {relation} with each other; "
        f"must remove or rewrite one of these paths; path one: {one}, path two: {two}"
    )


@pytest.mark.parametrize(
    ("text", "operator", "kind"),
    [
        ("set b = list_append(:a, a), c = if_not_exists(a) add a.b :a", "ADD", "STRING"),
        ("delete a.b :a", "DELETE", "STRING"),
        ("add a.b :e", "ADD", "NULL"),
        ("add a.b :d", "ADD", "BOOLEAN"),
        ("add a.b :c", "ADD", "BINARY"),
        ("add a.b :i", "ADD", "MAP"),
        ("delete a.b :j", "DELETE", "LIST"),
        ("delete a.b :b", "DELETE", "NUMBER"),
    ],
)
def test_add_and_delete_of_wrong_types_are_refused(text, operator, kind):
    assert message(text, values=TYPED) == (
        f"Incorrect operand type for operator or function; operator: {operator}, operand type: {kind}"
    )


@pytest.mark.parametrize("function", ["if_not_exists", "list_append"])
def test_functions_with_one_operand_are_refused(function):
    assert message(f"set a = {function}(c)") == (
        "Incorrect number of operands for operator or function; "
        f"operator or function: {function}, number of operands: 1"
    )


def test_list_append_is_no_operand_of_itself():
    assert message("set a = list_append(list_append(:j, :j), :j)", values=TYPED) == (
        "The function is not allowed to be used this way in an expression; function: list_append"
    )


@pytest.mark.parametrize(
    "text", ["set a = if_not_exists(:a, c)", "set a = if_not_exists(if_not_exists(a, b), c)"]
)
def test_if_not_exists_needs_a_path(text):
    assert message(text, values=TYPED) == (
        "Operator or function requires a document path; operator or function: if_not_exists"
    )


@pytest.mark.parametrize(
    ("text", "function", "kind"),
    [
        ("set a = list_append(:a, a)", "list_append", "S"),
        ("set a = list_append(a, :b)", "list_append", "N"),
        ("set a = list_append(:h, a)", "list_append", "BS"),
        ("set a = a + :a", "+", "S"),
        ("set a = :a + :c", "+", "S"),
        ("set a = :c + a", "+", "B"),
        ("set a = a - :f", "-", "SS"),
        ("set a = a - :j", "-", "L"),
        ("set a = a + :d", "+", "BOOL"),
    ],
)
def test_operands_of_wrong_types_are_refused(text, function, kind):
    assert message(text, values=TYPED) == (
        "Incorrect operand type for operator or function; "
        f"operator or function: {function}, operand type: {kind}"
    )


def test_empty_expression_is_refused():
    assert message("") == "The expression can not be empty;"


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("SET a = :b", {}, {"a": {"N": "1"}}),
        ("SET a = a + :b", {"a": {"N": "41"}}, {"a": {"N": "42"}}),
        ("SET a = :b - a", {"a": {"N": "0.5"}}, {"a": {"N": "0.5"}}),
        ("SET a = if_not_exists(a, :b)", {"a": {"S": "x"}}, {"a": {"S": "x"}}),
        ("SET a = if_not_exists(a, :b) + :b", {}, {"a": {"N": "2"}}),
        ("SET a = list_append(a, :l)", {"a": {"L": [{"S": "x"}]}}, {"a": {"L": [{"S": "x"}, {"N": "1"}]}}),
        ("SET a.b.c = :b", {"a": {"M": {"b": {"M": {}}}}}, {"a": {"M": {"b": {"M": {"c": {"N": "1"}}}}}}),
        ("SET a[5] = :b", {"a": {"L": [{"S": "x"}]}}, {"a": {"L": [{"S": "x"}, {"N": "1"}]}}),
        ("SET a[0] = :b", {"a": {"L": [{"S": "x"}]}}, {"a": {"L": [{"N": "1"}]}}),
        ("SET a = b, b = a", {"a": {"S": "1"}, "b": {"S": "2"}}, {"a": {"S": "2"}, "b": {"S": "1"}}),
        ("REMOVE a[0], a[1]", {"a": {"L": [{"S": "x"}, {"S": "y"}, {"S": "z"}]}}, {"a": {"L": [{"S": "z"}]}}),
        ("REMOVE a, b", {"a": {"S": "x"}}, {}),
        ("REMOVE a.b", {"a": {"M": {"b": {"S": "x"}, "c": {"S": "y"}}}}, {"a": {"M": {"c": {"S": "y"}}}}),
        ("ADD a :b", {}, {"a": {"N": "1"}}),
        ("ADD a :b", {"a": {"N": "1.5"}}, {"a": {"N": "2.5"}}),
        ("ADD a :f", {"a": {"SS": ["b"]}}, {"a": {"SS": ["a", "b"]}}),
        ("DELETE a :f", {"a": {"SS": ["a", "b"]}}, {"a": {"SS": ["b"]}}),
        ("DELETE a :f", {"a": {"SS": ["a"]}}, {}),
        ("DELETE a :f", {}, {}),
        ("SET b = a REMOVE a", {"a": {"S": "x"}}, {"b": {"S": "x"}}),
    ],
)
def test_updates_mean_what_they_mean_in_dynamodb(text, before, after):
    given_item = {**before}
    assert updated(text, given_item, {**TYPED, ":l": {"L": [{"N": "1"}]}}) == after
    assert given_item == before


@pytest.mark.parametrize("text", ["set c = b", "set e = list_append(b, c)"])
def test_value_from_an_attribute_that_is_not_there_is_refused(text):
    expected = "The provided expression refers to an attribute that does not exist in the item"
    assert refusal(text, {}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "set b.a = :a",
        "set b[1] = :a",
        "set y.a = :a",
        "set y[1] = :a",
        "set c[1] = :a",
        "set d.x = :a",
        "remove b.a",
        "remove y[1]",
        "remove c[1]",
        "remove d.x",
        "delete b.a :f",
        "delete d.x :f",
        "add b[1] :f",
        "add y.a :f",
    ],
)
def test_path_into_something_that_is_no_document_is_refused(text):
    item = {"b": {"S": "x"}, "c": {"M": {"1": {"S": "a"}}}, "d": {"L": [{"S": "a"}]}}
    expected = "The document path provided in the update expression is invalid for update"
    assert refusal(text, item, TYPED) == expected


@pytest.mark.parametrize(
    "text",
    [
        "delete d :f",
        "delete b :g",
        "delete b.a :g",
        "delete c :g",
        "add b :g",
        "add d :b",
        "set e = a + :b",
        "set e = b - :b",
        "set e = list_append(d, if_not_exists(f, :j))",
    ],
)
def test_operand_of_a_wrong_type_in_the_item_is_refused(text):
    item = {"a": {"S": "k"}, "b": {"M": {"a": {"SS": ["1"]}}}, "c": {"N": "1"}, "d": {"NS": ["1"]}}
    expected = "An operand in the update expression has an incorrect data type"
    assert refusal(text, item, TYPED) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", {"a": {"S": "x"}}),
        ("m.b, zzz", {"m": {"M": {"b": {"S": "y"}}}}),
        ("l[2], l[0]", {"l": {"L": [{"N": "0"}, {"N": "2"}]}}),
        ("m.x.y, a.b", {}),
        ("l[9]", {}),
    ],
)
def test_projection_keeps_the_shape_of_the_document(text, expected):
    item = {
        "a": {"S": "x"},
        "m": {"M": {"b": {"S": "y"}, "c": {"S": "z"}}},
        "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]},
    }
    assert compile_projection(text, {}).of(item) == expected


def test_projection_paths_that_overlap_are_refused():
    with pytest.raises(ValidationException) as refused:
        compile_projection("b[1], a, a.b", {})
    assert refused.value.message == (
        "Invalid ProjectionExpression: Two document paths overlap with each other; "
        "must remove or rewrite one of these paths; path one: [a], path two: [a, b]"
    )


def test_expressions_are_compiled_once_within_a_bound():
    expressions = Expressions(bound=2)
    first = expressions.update("SET a = :a", {})
    assert expressions.update("SET a = :a", {}) is first
    assert expressions.update("SET a = :a", {"#x": "y"}) is not first
    expressions.update("SET b = :a", {})
    assert expressions.update("SET a = :a", {}) is not first


def test_expression_over_4_kilobytes_is_refused():
    expressions = Expressions()
    text = "SET " + "a" * 4092
    with pytest.raises(ValidationException) as refused:
        expressions.update(text + "a", {})
    assert "Expression size has exceeded the maximum allowed size" in refused.value.message


PIECES = st.lists(
    st.sampled_from(
        [
            "SET",
            "REMOVE",
            "ADD",
            "DELETE",
            "a",
            "b.c",
            "d[1]",
            "#n",
            ":v",
            ":w",
            "(",
            ")",
            ",",
            "=",
            "+",
            "-",
            "if_not_exists",
            "list_append",
            "4",
            ".",
            "[",
            "]",
            "a",
            "=",
            ":v",
        ]
    ),
    max_size=14,
)


@settings(max_examples=300)
@given(PIECES, st.booleans())
def test_any_text_either_runs_or_is_refused_with_validation_exception(pieces, spaced):
    text = (" " if spaced else "").join(pieces)
    values = {":v": {"L": []}, ":w": {"N": "1"}}
    try:
        update = compile_update(text, {"#n": "name"})
        update.check(values)
        assert isinstance(update.applied({"a": {"N": "1"}, "d": {"L": []}}, values), dict)
    except ValidationException as refused:
        assert refused.message


def test_deep_nesting_is_refused_and_does_not_overflow_the_stack():
    assert "nested" in message("SET a = " + "(" * 1500 + "b" + ")" * 1500)
    assert "nested" in message("SET a = " + "if_not_exists(b, " * 300 + "c" + ")" * 300)


LARGEST = 400 * 1024
TOO_LARGE = ("ValidationException", "Item size to update has exceeded the maximum allowed size")
TEN = {"S": "y" * 10}
ONE = {"N": "1"}


@pytest.mark.parametrize(
    ("clause", "charge", "seed", "value"),
    [
        (", c = abcdefghij", 19 + 1 + 15 + 10, {"abcdefghij": TEN}, None),
        (", c = m.z", 19 + 1 + 15 + 1 + 14 + 1, {"m": {"M": {"z": TEN}}}, None),
        (", c = l[10]", 19 + 1 + 15 + 1 + 14 + 2, {"l": {"L": [ONE] * 11}}, None),
        (", l[0] = :v", 19 + 1 + 4 + 1 + 10, {"l": {"L": [ONE]}}, TEN),
        (", l = list_append(l, :v)", 19 + 1 + 37 + 16 + 3 + 1 + 10, {"l": {"L": []}}, {"L": [TEN]}),
        (", c = if_not_exists(c, :v)", 19 + 1 + 39 + 16 + 10, {"c": ONE}, TEN),
        (", n = n + :v", 19 + 1 + 34 + 16 + 2, {"n": ONE}, ONE),
        (", n = n - :v", 19 + 1 + 37 + 16 + 2, {"n": ONE}, ONE),
        (" ADD abcdefghij :v", 19 + 10 + 2, {"abcdefghij": ONE}, ONE),
        (" REMOVE m.z", 1 + 1 + 4 + 1, {"m": {"M": {"z": TEN}}}, None),
        (" DELETE ss :v", 1 + 2, {"ss": {"SS": ["p", "q"]}}, {"SS": ["q"]}),
    ],
)
def test_update_is_charged_for_its_clauses(dynamodb, refused, hash_table, clause, charge, seed, value):
    values = {} if value is None else {":v": value}
    padding = LARGEST - len("b") - 3 - 19 - charge
    request = {"TableName": hash_table, "UpdateExpression": "SET b = :pad" + clause}
    for key, size, accepted in (("x", padding, True), ("y", padding + 1, False)):
        dynamodb.put_item(TableName=hash_table, Item={"a": {"S": key}, **seed})
        request |= {
            "Key": {"a": {"S": key}},
            "ExpressionAttributeValues": {":pad": {"S": "x" * size}, **values},
        }
        if accepted:
            assert (
                len(dynamodb.update_item(**request, ReturnValues="UPDATED_NEW")["Attributes"]["b"]["S"])
                == size
            )
        else:
            assert refused(dynamodb.update_item, **request) == TOO_LARGE


def test_only_update_item_itself_is_charged_so(dynamodb, refused, hash_table):
    key = {"a": {"S": "x"}}
    largest = {"S": "x" * (LARGEST - len("axb"))}
    update = {
        "TableName": hash_table,
        "Key": key,
        "UpdateExpression": "SET b = :b",
        "ExpressionAttributeValues": {":b": largest},
    }
    assert refused(dynamodb.update_item, **update) == TOO_LARGE
    dynamodb.transact_write_items(TransactItems=[{"Update": update}])
    statement = f"UPDATE \"{hash_table}\" SET b = ? WHERE a = 'x'"
    dynamodb.execute_statement(Statement=statement, Parameters=[largest])
    updates = {"b": {"Action": "PUT", "Value": largest}}
    dynamodb.update_item(TableName=hash_table, Key=key, AttributeUpdates=updates)
    assert len(dynamodb.get_item(TableName=hash_table, Key=key)["Item"]["b"]["S"]) == LARGEST - 3
