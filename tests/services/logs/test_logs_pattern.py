"""Filter patterns, with the examples of AWS's documentation.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlet.services.logs.errors import InvalidParameterException
from cloudlet.services.logs.pattern import compile_pattern

JSON_EVENT = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "198.51.100.11",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "latency": 50,
        "enabled": True,
    }
)
ACCESS_LOG = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "error", False),
        ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", False),
        ("?ERROR ?ARGUMENTS", "[WARN] ARGUMENTS", True),
        ("?ERROR ?ARGUMENTS", "[INFO] fine", False),
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
        ("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", False),
        ("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", True),
        ("%4[0-9]{2}%", "status 404", True),
        ("%4[0-9]{2}%", "status 504 no", False),
        ('{ $.eventType = "UpdateTrail" }', JSON_EVENT, True),
        ('{ $.eventType != "UpdateTrail" }', JSON_EVENT, False),
        ("{ $.sourceIPAddress = 198.51.100.* }", JSON_EVENT, True),
        ('{ $.arrayKey[0] = "value" }', JSON_EVENT, True),
        ("{ $.objectList[1].id = 2 }", JSON_EVENT, True),
        ("{ $.SomeObject IS NULL }", JSON_EVENT, True),
        ("{ $.SomeOtherObject NOT EXISTS }", JSON_EVENT, True),
        ("{ $.enabled IS TRUE }", JSON_EVENT, True),
        ("{ $.latency > 49.5 && $.latency <= 50 }", JSON_EVENT, True),
        ('{ ($.latency > 60 || $.eventType = "Update*") && $.objectList[*].name = "b" }', JSON_EVENT, True),
        ("{ $.eventType = %Update|Delete% }", JSON_EVENT, True),
        ("{ $.latency = 50 }", "not json", False),
        ("[ip, env, user, time, request, status, size]", ACCESS_LOG, True),
        ("[ip, env, user, time, request, status = 4*, size > 1000]", ACCESS_LOG, True),
        ("[ip, ..., status = 404, size]", ACCESS_LOG, True),
        ("[ip, ..., status = 404 || status = 410, size]", ACCESS_LOG, True),
        ("[ip, ..., status = 5*, size]", ACCESS_LOG, False),
        ("[ip, user]", ACCESS_LOG, False),
        ("[ip=%127\\.0\\.0\\.[1-9]%, ...]", ACCESS_LOG, True),
    ],
)
def test_a_pattern_matches_as_documented(pattern, message, expected):
    assert compile_pattern(pattern)(message) is expected


@pytest.mark.parametrize("pattern", ["{ $.a = }", "{ $.a", "[a,,b]", "[...,x,...]", "{ a = 1 }", "%(%"])
def test_a_broken_pattern_is_refused(pattern):
    with pytest.raises(InvalidParameterException, match="Invalid filter pattern"):
        compile_pattern(pattern)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_pattern_or_is_refused(pattern, message):
    try:
        matches = compile_pattern(pattern)
    except InvalidParameterException:
        return
    assert matches(message) in (True, False)
