"""Paths and templates of inputs, on whatever one may write."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.services.events import inputs, json_paths
from cloudlet.services.events.json_paths import MISSING, InvalidPath

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200)
@given(st.text(alphabet="$.[]*'\"ab01-_", max_size=12), VALUES)
def test_no_path_breaks_the_parser(path: str, document: object) -> None:
    try:
        json_paths.value(document, path)
    except InvalidPath as refused:
        assert str(refused) == path


@settings(max_examples=200)
@given(VALUES)
def test_a_template_of_json_stays_json_whatever_a_variable_holds(value: object) -> None:
    filled = inputs.fill('{"plain": <v>, "text": "it is <v>"}', lambda _name: value)
    document = json.loads(filled)
    assert document["plain"] == value
    if isinstance(value, str):
        assert document["text"] == f"it is {value}"


def test_paths_lead_where_they_say() -> None:
    document = {"a": [{"b": 1}, {"b": 2}, {}], "c d": {"e-f": "g"}}
    assert json_paths.value(document, "$") == document
    assert json_paths.value(document, "$.a[1].b") == 2
    assert json_paths.value(document, "$.a[*].b") == [1, 2]
    assert json_paths.value(document, "$['c d'].e-f") == "g"
    assert json_paths.value(document, "$.a[9]") is MISSING
    assert json_paths.value(document, "$.a.b") is MISSING
