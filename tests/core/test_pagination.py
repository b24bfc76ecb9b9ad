"""Pages of whole lists: nothing is lost or shown twice, and foreign tokens are refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.core.pagination import InvalidToken, page


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(), max_size=30), st.integers(1, 10))
def test_pages_joined_are_the_list(items, size):
    shown, token = page(items, None, size)
    joined = list(shown)
    while token is not None:
        shown, token = page(items, token, size)
        assert shown
        joined += shown
    assert joined == items


def test_a_list_of_one_full_page_has_no_token():
    assert page([1, 2], None, 2) == ([1, 2], None)


@pytest.mark.parametrize(
    "token", ["!", "A", "é", *(base64.b64encode(text).decode() for text in (b"-5", b"x"))]
)
def test_a_token_that_no_page_ends_with_is_refused(token):
    with pytest.raises(InvalidToken):
        page([1, 2, 3], token, 1)


def test_a_number_too_long_to_read_is_no_token():
    with pytest.raises(InvalidToken):
        page([1, 2, 3], base64.b64encode(b"1" * 5000).decode(), 1)
