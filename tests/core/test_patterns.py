"""Patterns against what AWS answered for some 150 pairs of event and pattern, and against themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.core import patterns
from cloudlet.core.pattern_operators import FILTER, InvalidPattern
from json5_documents import read_json5
from vectors import vectors

PAIRS = sorted(vectors("event-patterns").glob("*.json5"))


def matches(pattern: Any, event: Any) -> bool:
    return patterns.compile_pattern(pattern).matches(event)


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_pair_ends_as_on_aws(path: Path) -> None:
    pair = read_json5(path.read_text())
    if path.stem.endswith("_EXC"):
        with pytest.raises(InvalidPattern):
            patterns.compile_pattern(pair["EventPattern"])
    else:
        assert matches(pair["EventPattern"], pair["Event"]) is not path.stem.endswith("_NEG")


def test_of_two_same_keys_the_last_counts() -> None:
    folder = vectors("event-patterns")
    event = json.loads((folder / "complex_multi_key_event.json").read_text())
    assert patterns.parse((folder / "complex_multi_key_event_pattern.json").read_text()).matches(event)


def test_fields_must_come_from_one_element_of_an_array() -> None:
    pattern = {"orders": {"item": ["tea"], "state": ["open"]}}
    assert matches(pattern, {"orders": [{"item": "rum", "state": "shut"}, {"item": "tea", "state": "open"}]})
    assert not matches(
        pattern, {"orders": [{"item": "tea", "state": "shut"}, {"item": "rum", "state": "open"}]}
    )


def test_true_is_not_one_and_text_is_no_number() -> None:
    assert not matches({"a": [1]}, {"a": True})
    assert not matches({"a": [True]}, {"a": 1})
    assert not matches({"a": ["1"]}, {"a": 1})
    assert not matches({"a": [{"numeric": ["=", 1]}]}, {"a": True})


def test_a_wildcard_may_be_escaped() -> None:
    assert matches({"a": [{"wildcard": "x\\*y*"}]}, {"a": "x*yz"})
    assert not matches({"a": [{"wildcard": "x\\*y*"}]}, {"a": "xxyz"})
    assert matches({"a": [{"wildcard": "x\\\\*"}]}, {"a": "x\\z"})


def test_parts_of_a_wildcard_may_not_overlap() -> None:
    assert not matches({"a": [{"wildcard": "ab*ba"}]}, {"a": "aba"})
    assert matches({"a": [{"wildcard": "ab*ba"}]}, {"a": "abba"})


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ([], "Filter is not an object"),
        ({}, "Empty objects are not allowed"),
        ({"a": {}}, "Empty objects are not allowed"),
        ({"a": []}, "Empty arrays are not allowed"),
        ({"a": 1}, '"a" must be an object or an array'),
        ({"a": [[1]]}, "Match value must be String, number, true, false, or null"),
        ({"a": [{"like": "x"}]}, "Unrecognized match type like"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "Only one key allowed in match expression"),
        ({"a": [{"exists": "yes"}]}, "exists match pattern must be either true or false."),
        ({"a": [{"numeric": ["<", 5, ">", 1]}]}, "Too many elements in numeric expression"),
        ({"a": [{"numeric": [">", 5, "<", 5]}]}, "Bottom must be less than top"),
        ({"a": [{"numeric": ["!", 5]}]}, "Unrecognized numeric range operator: !"),
        ({"a": [{"cidr": "10.0.0.0"}]}, "Malformed CIDR, one '/' required"),
        ({"$or": [{"a": [1]}]}, "There must have at least 2 Objects in $or relationship."),
        ({"$or": {"a": [1]}}, "It must be an Array followed with $or."),
    ],
)
def test_what_is_no_pattern_is_refused_with_the_reason(pattern: Any, reason: str) -> None:
    with pytest.raises(InvalidPattern) as refused:
        patterns.compile_pattern(pattern)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    "expression", [{"wildcard": "a*"}, {"anything-but": {"prefix": "a"}}, {"anything-but": {"suffix": "a"}}]
)
def test_a_filter_knows_fewer_operators_than_a_rule(expression: Any) -> None:
    patterns.compile_pattern({"a": [expression]})
    with pytest.raises(InvalidPattern):
        patterns.compile_pattern({"a": [expression]}, FILTER)


@pytest.mark.parametrize("text", ["", "simple string", "null", "[]", '{"a": [NaN]}', "[" * 100_000])
def test_text_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidPattern):
        patterns.parse(text)


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
_EVENTS = st.dictionaries(
    st.text("abc", min_size=1, max_size=2),
    st.recursive(
        _LEAVES,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(event=_EVENTS, leaf=_LEAVES)
def test_a_value_that_stands_there_matches_and_its_opposite_does_not(event: Any, leaf: Any) -> None:
    event = {**event, "zz": {"deep": leaf}}
    assert matches({"zz": {"deep": [leaf]}}, event)
    assert matches({"zz": {"deep": [{"exists": True}]}}, event)
    assert not matches({"zz": {"deep": [{"exists": False}]}}, event)
    if isinstance(leaf, str):
        assert not matches({"zz": {"deep": [{"anything-but": leaf}]}}, event)


@settings(max_examples=150, deadline=None)
@given(document=st.dictionaries(st.text("ab$or", max_size=3), st.lists(_LEAVES | _EVENTS, max_size=3)))
def test_any_document_is_a_pattern_or_refused(document: Any) -> None:
    try:
        patterns.compile_pattern(document).matches(document)
    except InvalidPattern:
        return


@pytest.mark.parametrize(
    ("numeric", "reason"),
    [
        ([], "Invalid member in numeric match: ]"),
        ([1, "<="], "Invalid member in numeric match: 1"),
        ([">", 20, 30], "Bad value in numeric range: 30"),
        ([">", 20, "<", 30, "<", 50], "Too many terms in numeric range expression"),
        ([">", 20, "<="], "Value of <= must be numeric"),
        ([">", "20", "<", "30"], "Value of > must be numeric"),
    ],
)
def test_a_bad_range_is_told_as_aws_does(numeric: list[Any], reason: str) -> None:
    with pytest.raises(InvalidPattern) as refused:
        patterns.compile_pattern({"a": [{"numeric": numeric}]})
    assert str(refused.value) == reason
