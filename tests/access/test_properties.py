"""What must hold for every policy, found by trying many."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from access.policies import ACCOUNT, OTHER, SESSION, USER, decide, document
from cloudlet.access.least_privilege import least_privilege
from cloudlet.access.wildcards import Matcher, compiled, tokens
from cloudlet.core.access import Permission, PolicyDocument

alphabet = st.text(alphabet="ab*?", max_size=8)
actions = st.sampled_from(["*", "sqs:*", "sqs:Send*", "sqs:SendMessage", "s3:GetObject"])
resources = st.sampled_from(["*", "arn:aws:sqs:*", "arn:aws:s3:::b", "arn:aws:sqs:*:*:${aws:username}"])
conditions = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:username": "ann"}},
        {"StringNotEquals": {"aws:username": "ann"}},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}},
    ]
)
principals = st.sampled_from(["*", {"AWS": USER.arn}, {"AWS": ACCOUNT}, {"AWS": SESSION.role_arn}])


def statements(effect: st.SearchStrategy[str], **more: st.SearchStrategy[object]):
    return st.fixed_dictionaries(
        {"Effect": effect, "Action": actions, "Resource": resources, "Condition": conditions, **more}
    )


some = st.lists(statements(st.sampled_from(["Allow", "Deny"])), min_size=1, max_size=3)
attached = st.lists(
    statements(st.sampled_from(["Allow", "Deny"]), Principal=principals), min_size=1, max_size=3
)
callers = st.sampled_from([USER, SESSION])
owners = st.sampled_from([None, OTHER])


def reference(pattern: str, text: str) -> bool:
    """Wildcards by their definition, without any cleverness."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return reference(pattern[1:], text) or (bool(text) and reference(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and reference(pattern[1:], text[1:])


@settings(max_examples=500, deadline=None)
@given(alphabet, st.text(alphabet="ab\n*", max_size=8))
def test_a_wildcard_matches_as_its_definition_says(pattern, text):
    assert (compiled(tokens(pattern)).fullmatch(text) is not None) is reference(pattern, text)
    assert Matcher([pattern]).matches(text) is reference(pattern, text)


@settings(max_examples=200, deadline=None)
@given(st.lists(alphabet, max_size=4), st.text(alphabet="ab", max_size=6))
def test_many_patterns_match_what_one_of_them_matches(patterns, text):
    assert Matcher(patterns).matches(text) is any(reference(each, text) for each in patterns)


@settings(max_examples=150, deadline=None)
@given(callers, owners, some, attached, statements(st.just("Deny")))
def test_one_more_deny_never_allows(caller, owner, identity, resource, more):
    before = decide(
        caller, (document(*identity),), resource_policy=document(*resource), resource_account=owner
    )
    after = decide(
        caller, (document(*identity, more),), resource_policy=document(*resource), resource_account=owner
    )
    assert before.allowed or not after.allowed


@settings(max_examples=150, deadline=None)
@given(callers, owners, some, attached, statements(st.just("Allow"), Principal=principals))
def test_one_more_allow_never_refuses(caller, owner, identity, resource, more):
    own = {name: value for name, value in more.items() if name != "Principal"}
    before = decide(
        caller, (document(*identity),), resource_policy=document(*resource), resource_account=owner
    )
    for wider_identity, wider_resource in (([*identity, own], resource), (identity, [*resource, more])):
        after = decide(
            caller,
            (document(*wider_identity),),
            resource_policy=document(*wider_resource),
            resource_account=owner,
        )
        assert after.allowed or not before.allowed


@settings(max_examples=150, deadline=None)
@given(callers, some, some)
def test_a_boundary_only_takes_away(caller, identity, boundary):
    without = decide(caller, (document(*identity),))
    within = decide(caller, (document(*identity),), document(*boundary))
    assert without.allowed or not within.allowed


needs = st.builds(
    Permission,
    st.sampled_from(["sqs:SendMessage", "s3:GetObject", "s3:PutObject"]),
    st.sampled_from(["arn:aws:s3:::b/x", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${$}", "arn:aws:sqs:r:1:q"]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(needs, min_size=1, max_size=5), needs)
def test_least_privilege_allows_what_was_observed_and_nothing_else(observed, another):
    policy = PolicyDocument("least", least_privilege(observed))
    seen = {(each.action, each.resource) for each in observed}
    for each in (*observed, another):
        allowed = decide(USER, (policy,), action=each.action, resource=each.resource).allowed
        assert allowed is ((each.action, each.resource) in seen)


def test_a_hostile_pattern_takes_no_time():
    pattern = compiled(tokens("*a" * 30 + "*b"))
    started = time.perf_counter()
    assert pattern.fullmatch("a" * 2000) is None
    assert time.perf_counter() - started < 1.0
