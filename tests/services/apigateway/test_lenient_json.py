"""What MOCK request templates may look like, from plain JSON to what AWS was seen to take."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.services.apigateway.execute.lenient_json import LenientJsonError, parse

TAKEN = [
    ('{"statusCode": 200}', {"statusCode": 200}),
    ("{statusCode: 200}", {"statusCode": 200}),
    ("\n            \n{\n  'statusCode': 200,\n}\n", {"statusCode": 200}),
    ('{"statusCode": -1000}', {"statusCode": -1000}),
    ('{"statusCode": "200"}', {"statusCode": "200"}),
    ("{statusCode: 200, \"value\": 'goog'}", {"statusCode": 200, "value": "goog"}),
    ("{statusCode: 200,super{ f}oo: [ba r]}", {"statusCode": 200, "super{ f}oo": ["ba r"]}),
    ("{statusCode: 200, foo}: [ba r]}", {"statusCode": 200, "foo}": ["ba r"]}),
    ("{statusCode: 200, foo'}: [ba r]}", {"statusCode": 200, "foo'}": ["ba r"]}),
    ("{statusCode: 200, }foo: [ba r]}", {"statusCode": 200}),
    ('{statusCode: 200, "": ""}', {"statusCode": 200, "": ""}),
    (
        "{a: {b: [1, 2.5, true, null, 'x', y z,]}, c: -1e3,}",
        {"a": {"b": [1, 2.5, True, None, "x", "y z"]}, "c": -1000.0},
    ),
    ("{a: 'it\\'s \\u0041\\n'}", {"a": "it's A\n"}),
    ("statusCode: 200", "statusCode: 200"),
    ("[]", []),
    ("{}", {}),
]
REFUSED = [
    "",
    "   ",
    "{",
    '{"statusCode": 200',
    "{statusCode: 200, {foo: [ba r]}",
    "{statusCode}",
    "{a:}",
    "{a: 'b' c}",
    "[1",
    "[" * 500,
]


@pytest.mark.parametrize(("text", "expected"), TAKEN)
def test_what_is_nearly_json_is_taken(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(LenientJsonError):
        parse(text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=4), st.booleans())
def test_reads_all_json_alike(value, ascii_only):
    assert parse(json.dumps(value, ensure_ascii=ascii_only)) == value


@settings(max_examples=200, deadline=None)
@given(st.text("{}[]:,'\"\\ abc19.-\n", max_size=40))
def test_any_text_is_read_or_raises_the_one_error(text):
    try:
        parse(text)
    except LenientJsonError:
        return
