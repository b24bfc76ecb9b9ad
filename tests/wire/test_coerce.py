"""Loosely typed values are fitted to the service models."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.core.errors import ValidationError
from cloudlet.wire.coerce import Coercion
from cloudlet.wire.model import Models

COERCION = Coercion(Models())


def fitted(operation: str, **request: Any) -> Any:
    return COERCION.coerce("dynamodb", operation, request)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ({"Limit": "5"}, {"Limit": 5}),
        ({"Limit": 5.0}, {"Limit": 5}),
        ({"Limit": "9007199254740993"}, {"Limit": 9007199254740993}),
        ({"ConsistentRead": "true"}, {"ConsistentRead": True}),
        ({"ConsistentRead": "False"}, {"ConsistentRead": False}),
        ({"TableName": 5}, {"TableName": "5"}),
        ({"TableName": True}, {"TableName": "true"}),
        ({"AttributesToGet": [1, "a"]}, {"AttributesToGet": ["1", "a"]}),
        ({"ExpressionAttributeNames": {"#a": 1}}, {"ExpressionAttributeNames": {"#a": "1"}}),
        (
            {"ExpressionAttributeValues": {":a": {"BOOL": "true"}}},
            {"ExpressionAttributeValues": {":a": {"BOOL": True}}},
        ),
    ],
)
def test_scalars_are_fitted_at_every_depth(given_value: Any, expected: Any) -> None:
    assert fitted("Query", **given_value) == expected


@pytest.mark.parametrize(
    ("request_given", "message"),
    [
        ({"Limit": "five"}, "#/Limit: expected type: Number, found: String"),
        ({"Limit": "1.5"}, "#/Limit: expected type: Integer, found: String"),
        ({"Limit": True}, "#/Limit: expected type: Integer, found: Boolean"),
        ({"ConsistentRead": "yes"}, "#/ConsistentRead: expected type: Boolean, found: String"),
        ({"TableName": ["a"]}, "#/TableName: expected type: String, found: JSONArray"),
        ({"AttributesToGet": "a"}, "#/AttributesToGet: expected type: JSONArray, found: String"),
        (
            {"ExpressionAttributeNames": "a"},
            "#/ExpressionAttributeNames: expected type: JSONObject, found: String",
        ),
        ({"Nope": 1}, "#: extraneous key [Nope] is not permitted"),
        (
            {"ExclusiveStartKey": {"a": {"T": 1}}},
            "#/ExclusiveStartKey/a: extraneous key [T] is not permitted",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(request_given: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        fitted("Query", **request_given)
    assert caught.value.message == message


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["Limit", "TableName", "ConsistentRead", "KeyConditions"]),
        st.from_type(object) | st.text() | st.floats() | st.lists(st.none()),
    )
)
def test_no_value_gets_anything_but_a_refusal(request_given: dict[str, Any]) -> None:
    try:
        fitted("Query", **request_given)
    except ValidationError:
        return
