"""Java's patterns: what they match, and that none runs away."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.services.apigateway.execute import java_regex
from cloudlet.services.apigateway.execute.java_regex import PatternError

EMAIL = r"[\w.+-]+@([a-z0-9-]+\.)+[a-z]{2,6}"
ADDRESS = "a.long.name.of.somebody+tag@mail.some-department.example-company.example.com"
CATASTROPHES = [
    (r"(a+)+", "a" * 40 + "!"),
    (r"(a|aa)+", "a" * 40 + "!"),
    (r"(a*)*b", "a" * 40),
    (r"(.*a){12}", "a" * 60 + "!"),
    (r"(a?){16}(a?){16}(a?){16}a{40}", "a" * 40),
    ("a?" * 40 + "a" * 40, "a" * 40),
    (r".*.*.*.*.*x", "a" * 2000),
    (r"([a-z]+)*=", "a" * 60),
    (r"(a.+)+b", "a" * 60),
]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (EMAIL, ADDRESS, True),
        (EMAIL, ADDRESS + "!", False),
        (r"(\d{1,3}\.){3}\d{1,3}", "192.168.10.1", True),
        (r"([^,]*,)*[^,]*", "one,two,three,four,five,six,seven,eight", True),
        (r"(/[\w-]+)+/?", "/a-rather-long/path/with-many/segments/in-it", True),
        (r"\p{Upper}\p{Alpha}*\P{Digit}", "Hello!", True),
        (r"(?<year>\d{4})-\d\d", "2024-05", True),
        (r"\Qa.b\E+", "a.bb", True),
        (r"é\w", "éé", False),
        (r".*foo.*bar.*", "x" * 300 + "foo" + "y" * 300 + "bar", True),
    ],
)
def test_a_pattern_matches_as_in_java(pattern, text, expected):
    assert java_regex.matches(text, pattern) is expected


def test_a_plain_replacement_works_on_a_large_text():
    assert java_regex.replace("a  b\n" * 2000, r"\s", "", 0) == "ab" * 2000


@pytest.mark.parametrize(
    ("pattern", "replacement", "expected"),
    [
        ("(b)(c)", "$2$1", "acbacb"),
        ("b", r"\$", "a$ca$c"),
        ("(?<x>b)", "${x}!", "ab!cab!c"),
        ("", "-", "-a-b-c-a-b-c-"),
    ],
)
def test_a_replacement_is_made_as_in_java(pattern, replacement, expected):
    assert java_regex.replace("abcabc", pattern, replacement, 0) == expected


@pytest.mark.parametrize(
    ("pattern", "replacement"), [("b", "$"), ("b", "$1"), ("b", "\\"), ("[b", "x"), (r"\p{Nope}", "x")]
)
def test_what_java_refuses_is_an_error(pattern, replacement):
    with pytest.raises(PatternError):
        java_regex.replace("abc", pattern, replacement, 0)


@pytest.mark.parametrize(("pattern", "text"), CATASTROPHES, ids=lambda value: value[:20])
def test_a_pattern_that_backtracks_without_end_is_refused(pattern, text):
    with pytest.raises(PatternError, match="too long"):
        java_regex.matches(text, pattern)


PIECES = st.sampled_from(
    [
        "a",
        "b",
        ".",
        "\\w",
        "[ab]",
        "[^a]",
        "(",
        "(?:",
        ")",
        ")*",
        ")+",
        "|",
        "*",
        "+",
        "?",
        "{2,9}",
        "^",
        "$",
        "\\.",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.text("ab.", max_size=60))
def test_any_pattern_ends_or_raises_the_one_error(pattern, text):
    try:
        java_regex.matches(text, pattern)
        java_regex.split(text, pattern, 0)
    except PatternError:
        return
