from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.numbers import Wording
from cloudlet.services.dynamodb.values import checked_value, equal, item_size, less, value_size

INVALID = "One or more parameter values were invalid: "
EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"

VALUES = st.recursive(
    st.one_of(
        st.builds(lambda text: {"S": text}, st.text(max_size=5)),
        st.builds(lambda number: {"N": str(number)}, st.integers(-(10**9), 10**9)),
        st.builds(lambda raw: {"B": raw}, st.binary(max_size=5)),
        st.builds(lambda flag: {"BOOL": flag}, st.booleans()),
        st.just({"NULL": True}),
        st.builds(lambda members: {"SS": sorted(members)}, st.sets(st.text(max_size=3), min_size=1)),
    ),
    lambda inner: st.one_of(
        st.builds(lambda elements: {"L": elements}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"M": members}, st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    ),
    max_leaves=8,
)


def nested(levels):
    value = {"S": "x"}
    for _ in range(levels):
        value = {"M": {"a": value}}
    return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, EMPTY),
        ({"M": {"a": {}}}, EMPTY),
        ({"L": [{}]}, EMPTY),
        ({"SS": []}, INVALID + "An string set  may not be empty"),
        ({"NS": []}, INVALID + "An number set  may not be empty"),
        ({"BS": []}, INVALID + "Binary sets should not be empty"),
        ({"SS": ["b", "a", "b"]}, INVALID + 'Input collection ["a", "b", "b"] contains duplicates.'),
        ({"NS": ["2", "1", "2.0"]}, INVALID + "Input collection contains duplicates."),
        (
            {"BS": [b"\xff", b"\x00", b"\x00"]},
            INVALID + 'Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.',
        ),
        ({"S": "a", "N": "b"}, "The parameter cannot be converted to a numeric value: b"),
        (
            {"S": "a", "N": "1"},
            "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes",
        ),
        (
            nested(32),
            "Nesting Levels have exceeded supported limits: "
            "Attributes in the item have nested levels beyond supported limit",
        ),
    ],
)
def test_value_that_dynamodb_refuses_is_refused_in_its_words(value, message):
    with pytest.raises(ValidationException) as refused:
        checked_value(value)
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"SS": ["b", "a", "b"]}, INVALID + "Input collection [b, a, b] contains duplicates."),
        ({"NS": ["2", "1", "2"]}, "Input collection contains duplicates"),
        (
            {"BS": [b"\xff", b"\x00", b"\x00"]},
            INVALID + "Input collection [/w==, AA==, AA==]of type BS contains duplicates.",
        ),
    ],
)
def test_older_wording_lists_duplicates_as_they_were_sent(value, message):
    with pytest.raises(ValidationException) as refused:
        checked_value(value, Wording.OLDER)
    assert refused.value.message == message


@pytest.mark.parametrize("value", [{"S": ""}, {"B": b""}, {"SS": [""]}, {"L": []}, {"M": {}}, nested(31)])
def test_empty_values_and_31_levels_of_maps_are_allowed(value):
    assert checked_value(value) == value


def test_numbers_become_canonical_at_every_depth():
    sent = {"M": {"a": {"L": [{"N": "1.0"}, {"NS": ["2e1", "3"]}]}}}
    assert checked_value(sent) == {"M": {"a": {"L": [{"N": "1"}, {"NS": ["3", "20"]}]}}}


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"a": {"S": "é"}}, 3),
        ({"é": {"B": b"123"}}, 5),
        ({"a": {"N": "12"}}, 3),
        ({"a": {"BOOL": True}}, 2),
        ({"a": {"NULL": True}}, 2),
        ({"a": {"SS": ["x", "yz"]}}, 4),
        ({"a": {"L": []}}, 4),
        ({"a": {"M": {}}}, 4),
        ({"a": {"L": [{"S": "x"}]}}, 6),
        ({"a": {"M": {"b": {"S": "x"}}}}, 7),
    ],
)
def test_item_weighs_what_aws_documents(item, size):
    assert item_size(item) == size


@given(VALUES)
def test_item_never_weighs_more_than_its_encoding(value):
    item = {"a": checked_value(value)}
    assert item_size(item) <= len(msgspec.msgpack.encode(item))


@given(VALUES)
def test_checked_value_is_stable_equal_to_itself_and_has_a_weight(value):
    checked = checked_value(value)
    assert checked_value(checked) == checked
    assert equal(checked, checked)
    assert value_size(checked) >= 0


@given(st.text(max_size=6), st.text(max_size=6))
def test_strings_order_by_their_utf8_bytes(left, right):
    assert less({"S": left}, {"S": right}) == (left.encode() < right.encode())


def test_values_of_different_types_have_no_order():
    assert less({"S": "1"}, {"N": "2"}) is None


def test_sets_are_equal_in_any_order():
    assert equal({"SS": ["a", "b"]}, {"SS": ["b", "a"]})
    assert not equal({"SS": ["a"]}, {"SS": ["b", "a"]})
