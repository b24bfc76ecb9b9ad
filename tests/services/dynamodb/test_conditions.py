from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions.conditions import compile_condition
from cloudlet.services.dynamodb.expressions.key_conditions import KeyCondition, compile_key_condition

KIND = "FilterExpression"


def message(text, names=None, values=None):
    with pytest.raises(ValidationException) as refused:
        compile_condition(KIND, text, names or {}).check(values or {})
    assert refused.value.message.startswith(f"Invalid {KIND}: ")
    return refused.value.message.removeprefix(f"Invalid {KIND}: ")


def holds(text, item, values=None, names=None):
    condition = compile_condition(KIND, text, names or {})
    condition.check(values or {})
    return condition.holds(item, values or {})


@pytest.mark.parametrize(
    "text",
    [
        "things are not gonna be ok",
        "a > 4",
        "attribute_exists(Pictures-RearView)",
        'attribute_exists("Pictures.RearView")',
        "attribute_exists(Pictures..RearView)",
        "attribute_exists(Pi#ctures.RearView)",
        "attribute_exists(asdf[a])",
        "a.:a < b.:b",
        "a in b, c",
        "a > between",
        "a in b",
        "a in (b,c,)",
        "(a)between(b.(c.d))and(c)",
        "(a)between(b.c.d)and((c)",
        "#$.b > a",
        "a > :things.stuff",
        "b[:a] > a",
        "b[#_] > a",
        "ü > a",
        "(a)between(b.c[4.5].#d)and(:a)",
        "size(a).b > a",
        "(size(a)).b > a",
        "size(a)[0] > a",
        "a",
        ":a",
        "(a) and b = c",
        "a = b = c",
        " ",
        "_a = b",
    ],
)
def test_syntax_errors_are_refused(text):
    assert message(text).startswith('Syntax error; token: "')


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        ("a > 4", "4", "> 4"),
        ("a =", "<EOF>", "="),
        ("a = :b extra c", "extra", ":b extra c"),
        ("user-id = :a", "-", "user-id"),
        ("= a", "=", "= a"),
    ],
)
def test_syntax_error_shows_the_token_between_its_neighbours(text, token, near):
    assert message(text) == f'Syntax error; token: "{token}", near: "{near}"'


@pytest.mark.parametrize(
    "text",
    [
        "a=a and a > ((views))",
        "(a)between(((b.c)).d)and(c)",
        "a > whatever((:things), ((a)))",
        "a=a AND ((a=a AND a=a)) AND a=a",
        "a=a OR ((a=a OR a=a)) OR a=a",
        "a=a AND ((a=a AND (a=a AND a=a)))",
        "((attribute_not_exists(pk)))",
    ],
)
def test_redundant_parentheses_are_refused(text):
    assert message(text) == "The expression has redundant parentheses;"


@pytest.mark.parametrize(
    "text",
    ["(a = b) and ((c = d) or (e = f))", "(attribute_exists((a)))", "((a = b) and c = d)", "a in ((b))"],
)
def test_single_parentheses_are_welcome_anywhere(text):
    assert compile_condition(KIND, text, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=a and whatever((:things)) > a", "Invalid function name; function: whatever"),
        (
            "if_not_exists(a, :a) = :a",
            "The function is not allowed in a condition expression; function: if_not_exists",
        ),
        ("list_append(a, b)", "The function is not allowed in a condition expression; function: list_append"),
        ("attRIbute_exIsts((views), #a)", "Invalid function name; function: attRIbute_exIsts"),
        ("a=a and attribute_exists((views), (#a)) > b", "attribute_exists"),
        ("attribute_not_exists(things) > b", "attribute_not_exists"),
        ("attribute_type(things, :a) > b", "attribute_type"),
        ("begins_with(things, a) > b", "begins_with"),
        ("contains(:things, c) > b", "contains"),
        ("size(contains(a, b)) > a", "contains"),
        ("size(things)", "size"),
        ("a between b and attribute_exists(things)", "attribute_exists"),
        ("a in (b, attribute_exists(things))", "attribute_exists"),
    ],
)
def test_functions_where_they_may_not_stand_are_refused(text, expected):
    misuse = "The function is not allowed to be used this way in an expression; function: "
    assert message(text) == (expected if " " in expected else misuse + expected)


@pytest.mark.parametrize(
    ("text", "word"), [("attribute_exists(views, #a)", "views"), (":a < abOrT", "abOrT")]
)
def test_reserved_words_are_refused(text, word):
    assert message(text) == f"Attribute name is a reserved keyword; reserved keyword: {word}"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("attribute_exists(#Pictures.RearView, :a) and a=a", "#Pictures"),
        ("begins_with(Pictures.#RearView)", "#RearView"),
        ("(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", "#P"),
        ("#4g > a", "#4g"),
        ("#_ > a", "#_"),
        ("(a)between(b.c[45].#d)and(:a)", "#d"),
    ],
)
def test_undefined_names_are_refused(text, name):
    expected = "An expression attribute name used in the document path is not defined; attribute name: "
    assert message(text) == expected + name


@pytest.mark.parametrize(
    ("text", "name"), [("begins_with(:hello, #a, #b)", ":hello"), (":a < :b", ":a"), (":_ > a", ":_")]
)
def test_undefined_values_are_refused(text, name):
    expected = "An expression attribute value used in expression is not defined; attribute value: "
    assert message(text) == expected + name


@pytest.mark.parametrize(
    ("text", "function", "count"),
    [
        ("attribute_exists(things, a) and a=a", "attribute_exists", 2),
        ("attribute_not_exists(things, b)", "attribute_not_exists", 2),
        ("attribute_type(things)", "attribute_type", 1),
        ("begins_with(things)", "begins_with", 1),
        ("begins_with(things, size(a), b)", "begins_with", 3),
        ("contains(things)", "contains", 1),
        ("size(things, a) > b", "size", 2),
    ],
)
def test_functions_with_too_few_or_too_many_operands_are_refused(text, function, count):
    assert message(text) == (
        "Incorrect number of operands for operator or function; "
        f"operator or function: {function}, number of operands: {count}"
    )


@pytest.mark.parametrize(
    ("text", "function", "value"),
    [
        ("attribute_type(a, size(a)) and a=a and a=:a", "attribute_type", {"N": "1"}),
        ("attribute_type(a, :a)", "attribute_type", {"N": "1"}),
        ("attribute_type(a, :a)", "attribute_type", {"M": {}}),
        ("begins_with(a, size(a)) and a=:a", "begins_with", {"N": "1"}),
        ("begins_with(a, :a)", "begins_with", {"SS": ["1"]}),
        ("begins_with(:a, a)", "begins_with", {"BOOL": True}),
        ("size(size(a)) > :a", "size", {"N": "1"}),
        ("attribute_not_exists(size(:a))", "size", {"N": "1"}),
        ("size(:a) > a", "size", {"NULL": True}),
        ("b < :a", "<", {"BOOL": True}),
        (":a >= b", ">=", {"L": []}),
        ("b BETWEEN :a AND :a", "BETWEEN", {"BOOL": True}),
    ],
)
def test_operands_of_wrong_types_are_refused(text, function, value):
    assert message(text, values={":a": value}) == (
        "Incorrect operand type for operator or function; "
        f"operator or function: {function}, operand type: {next(iter(value))}"
    )


def test_attribute_type_of_an_unknown_type_is_refused():
    assert message("attribute_type(a, :a)", values={":a": {"S": "1"}}) == (
        "Invalid attribute type name found; type: 1, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
    )


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("attribute_exists(:a) and a=a", "attribute_exists"),
        ("attribute_not_exists(size(:a))", "attribute_not_exists"),
    ],
)
def test_existence_of_something_that_is_no_path_is_refused(text, function):
    expected = f"Operator or function requires a document path; operator or function: {function}"
    assert message(text, values={":a": {"S": "1"}}) == expected


@pytest.mark.parametrize(
    ("text", "operator", "operand"),
    [
        ("a = a AND #a = b AND :views > a", "=", "[a]"),
        ("#a <> a", "<>", "[a]"),
        ("a > #a", ">", "[a]"),
        ("((a=a) OR (a=a))", "=", "[a]"),
        ("contains(ab.bc[1].a, ab.bc[1].#a)", "contains", "[ab, bc, [1], a]"),
        ("attribute_type(ab.bc[1].#a, ab.bc[1].a)", "attribute_type", "[ab, bc, [1], a]"),
        ("begins_with(ab.bc[1].a, ab.bc[1].#a)", "begins_with", "[ab, bc, [1], a]"),
    ],
)
def test_an_attribute_compared_with_itself_is_refused(text, operator, operand):
    assert message(text, names={"#a": "a"}) == (
        "The first operand must be distinct from the remaining operands for this operator or function; "
        f"operator: {operator}, first operand: {operand}"
    )


def test_between_with_bounds_of_two_types_is_refused():
    assert message("a between :b and :a", values={":a": {"S": "a"}, ":b": {"N": "1"}}) == (
        "The BETWEEN operator requires same data type for lower and upper bounds; "
        "lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}"
    )


def test_between_with_bounds_upside_down_is_refused():
    assert message("a between :b and :a", values={":a": {"S": "a"}, ":b": {"S": "b"}}) == (
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
        "lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"
    )


def test_empty_expression_is_refused():
    assert message("") == "The expression can not be empty;"


ITEM = {
    "s": {"S": "hello"},
    "n": {"N": "5"},
    "flag": {"BOOL": True},
    "m": {"M": {"x": {"L": [{"N": "1"}, {"S": "two"}]}}},
    "ss": {"SS": ["a", "b"]},
    "b": {"B": b"abc"},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s = :hello", True),
        ("s <> :hello", False),
        ("absent = :hello", False),
        ("absent <> :hello", True),
        ("n < :six", True),
        ("n > :six", False),
        ("n <= :five AND n >= :five", True),
        ("n < :hello", False),
        ("n BETWEEN :five AND :six", True),
        ("s IN (:six, :hello)", True),
        ("s IN (:six)", False),
        ("attribute_exists(m.x[1])", True),
        ("attribute_exists(m.x[2])", False),
        ("attribute_not_exists(m.y)", True),
        ("m.x[0] = :one", True),
        ("attribute_type(ss, :ss)", True),
        ("attribute_type(s, :ss)", False),
        ("begins_with(s, :he)", True),
        ("begins_with(n, :he)", False),
        ("contains(s, :ell)", True),
        ("contains(ss, :a)", True),
        ("contains(m.x, :one)", True),
        ("size(s) = :five", True),
        ("size(ss) < :five", True),
        ("size(n) = :one", False),
        ("NOT s = :hello", False),
        ("NOT absent = :hello OR s = :six", True),
        ("s = :six OR s = :hello AND n = :six", False),
        ("(s = :six OR s = :hello) AND n = :five", True),
        ("NOT s = :six AND n = :five", True),
        ("flag = :true", True),
    ],
)
def test_conditions_mean_what_they_mean_in_dynamodb(text, expected):
    values = {
        ":hello": {"S": "hello"},
        ":he": {"S": "he"},
        ":ell": {"S": "ell"},
        ":a": {"S": "a"},
        ":one": {"N": "1"},
        ":five": {"N": "5"},
        ":six": {"N": "6"},
        ":ss": {"S": "SS"},
        ":true": {"BOOL": True},
    }
    assert holds(text, ITEM, values) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > b and size(b) > c or a > c", "Invalid operator used in KeyConditionExpression: OR"),
        ("a in (b, size(c), d)", "Invalid operator used in KeyConditionExpression: IN"),
        ("attribute_exists(a)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
        ("contains(a.d, b)", "Invalid operator used in KeyConditionExpression: contains"),
        ("not a > b", "Invalid operator used in KeyConditionExpression: NOT"),
        ("a <> b", "Invalid operator used in KeyConditionExpression: <>"),
        (
            ":a between size(b) and size(a) and b > :b",
            "Invalid condition in KeyConditionExpression: "
            "BETWEEN operator must have the key attribute as its first operand",
        ),
        (
            "begins_with(:a, b) and a > :b",
            "Invalid condition in KeyConditionExpression: "
            "begins_with operator must have the key attribute as its first operand",
        ),
        ("size(b) > a AND a.b > b AND b > c", "KeyConditionExpressions cannot contain nested operations"),
        ("a > size(b.d)", "KeyConditionExpressions cannot contain nested operations"),
        (
            "b > a.b",
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
        ),
        (
            "begins_with(a, b)",
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
        ),
        ("a.d > c", "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("b[0] > a", "KeyConditionExpressions cannot have conditions on nested attributes"),
        (":b > :a AND a < :b", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        (
            "b > :a AND b < :a",
            "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key",
        ),
    ],
)
def test_what_is_no_key_condition_is_refused(text, expected):
    values = {":a": {"S": "1"}, ":b": {"S": "1"}}
    condition = compile_key_condition(text, {})
    condition.check(values)
    with pytest.raises(ValidationException) as refused:
        condition.conditions(values)
    assert refused.value.message == expected


def test_key_condition_written_value_first_is_turned_around():
    condition = compile_key_condition("#p = :p AND :low <= sk", {"#p": "pk"})
    values = {":p": {"S": "x"}, ":low": {"N": "1"}}
    condition.check(values)
    assert condition.conditions(values) == (
        KeyCondition("pk", "=", ({"S": "x"},)),
        KeyCondition("sk", ">=", ({"N": "1"},)),
    )


PIECES = st.lists(
    st.sampled_from(
        [
            "a",
            "b.c",
            "d[1]",
            "#n",
            ":v",
            ":w",
            "(",
            ")",
            "(",
            ")",
            ",",
            "=",
            "<>",
            "<",
            ">=",
            "BETWEEN",
            "IN",
            "AND",
            "OR",
            "NOT",
            "size",
            "attribute_exists",
            "contains",
            "4",
            ".",
            "[",
            "]",
            "_",
        ]
    ),
    max_size=14,
)


@settings(max_examples=300)
@given(PIECES, st.booleans())
def test_any_text_either_compiles_or_is_refused_with_validation_exception(pieces, spaced):
    text = (" " if spaced else "").join(pieces)
    values = {":v": {"S": "x"}, ":w": {"N": "1"}}
    try:
        condition = compile_condition(KIND, text, {"#n": "name"})
        condition.check(values)
    except ValidationException as refused:
        assert refused.message.startswith(f"Invalid {KIND}: ")
        return
    assert condition.holds({"a": {"S": "x"}, "d": {"L": []}}, values) in (True, False)


def test_size_of_a_string_is_in_utf_16():
    item = {"s": {"S": "é\N{MUSICAL SYMBOL G CLEF}"}}
    assert holds("size(s) = :n", item, {":n": {"N": "3"}})


def test_deep_nesting_is_refused_and_does_not_overflow_the_stack():
    assert message("(" * 2046 + "a<b" + ")" * 2046) == "The expression has redundant parentheses;"
    assert message("a < " + "f(" * 1355 + "b" + ")" * 1355) == "Invalid function name; function: f"
    assert message("a<b " + "or (a<b " * 454 + ")" * 454) == (
        "The expression contains too many operators; operator count: 301"
    )
    assert "nested" in message("NOT " * 900 + "a = b")
    assert "nested" in message("size(" * 800 + "a" + ")" * 800 + " = b")


def test_conditions_may_nest_deeply():
    text = "(a = :v AND " * 200 + "a = :v" + ")" * 200
    assert holds(text, {"a": {"S": "x"}}, {":v": {"S": "x"}}) is True
    assert holds("NOT " * 200 + "a = :v", {"a": {"S": "x"}}, {":v": {"S": "x"}}) is True


def test_more_than_300_comparisons_are_refused():
    text = " and ".join(["a=b"] * 301)
    assert message(text) == "The expression contains too many operators; operator count: 301"
    assert compile_condition(KIND, " and ".join(["a=b"] * 300), {})


def test_in_takes_at_most_100_operands():
    text = f"a in ({','.join(['b'] * 101)})"
    assert message(text) == "The IN operator is provided with too many operands; number of operands: 101"
