"""Session tokens and access key ids, without a server."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from cloudlet.core.access import PolicyDocument, Principal, PrincipalKind
from cloudlet.services.iam import tokens

SECRET = b"s" * 32
KEY = "ASIAQAAAAAAAAAAAAAAA"
CALLER = Principal(
    PrincipalKind.ASSUMED_ROLE,
    "arn:aws:sts::123456789012:assumed-role/worker/test",
    "123456789012",
    unique_id="AROAAAAAAAAAAAAAAAAAA:test",
    role_arn="arn:aws:iam::123456789012:role/worker",
    tags=(("team", "réd"),),
    transitive_tag_keys=("team",),
    session_policies=(PolicyDocument("session policy", "{}"),),
    access_key_id=KEY,
    mfa_authenticated=False,
    token_issued_at=5.0,
)


def test_a_token_brings_back_all_that_was_said():
    token = tokens.seal(SECRET, tokens.Claims(99.0, CALLER))

    credential = tokens.open_token(SECRET, KEY, token)

    assert (credential.principal, credential.expires_at) == (CALLER, 99.0)
    assert credential.secret_access_key == tokens.secret_access_key(SECRET, token)


def test_a_token_of_another_server_is_broken():
    token = tokens.seal(b"t" * 32, tokens.Claims(99.0, CALLER))

    with pytest.raises(tokens.BrokenToken):
        tokens.open_token(SECRET, KEY, token)


@settings(max_examples=50)
@given(some.integers(min_value=0), some.integers(min_value=1, max_value=255))
def test_a_token_altered_anywhere_never_opens(place, change):
    token = bytearray(tokens.seal(SECRET, tokens.Claims(99.0, CALLER)), "ascii")
    token[place % len(token)] ^= change

    with pytest.raises((tokens.BrokenToken, tokens.ForeignToken)):
        tokens.open_token(SECRET, KEY, token.decode("latin-1"))


@settings(max_examples=50)
@given(some.text())
def test_whatever_else_is_said_is_foreign(text):
    with pytest.raises(tokens.ForeignToken):
        tokens.open_token(SECRET, KEY, text)


@settings(max_examples=50)
@given(some.integers(min_value=0, max_value=10**12 - 1), some.integers())
def test_an_access_key_id_has_its_account_in_it(number, seed):
    account = f"{number:012d}"

    key_id = tokens.access_key_id("ASIA", account, random.Random(seed))

    assert len(key_id) == 20
    assert tokens.find_account(key_id) == account


@pytest.mark.parametrize(
    "key_id", ["AKIAIOSFODNN7EXAMPLE", "test", "", "000000000000", "ASIA0000000000000000"]
)
def test_other_keys_say_no_account(key_id):
    assert tokens.find_account(key_id) is None
