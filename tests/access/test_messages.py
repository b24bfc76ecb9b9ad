"""AWS's refusals, letter for letter.

[denied] https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import pytest

from access.policies import ACCOUNT, ANONYMOUS, OTHER, USER, allow, decide, deny, document

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"


def test_an_explicit_deny_in_a_managed_policy_names_its_arn():
    """As AWS answers since January 2026."""
    policy = document(deny(), name=f"arn:aws:iam::{ACCOUNT}:policy/Fence")
    assert decide(USER, (policy,)).message == (
        f"User: {USER.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
        f"with an explicit deny in an identity-based policy: arn:aws:iam::{ACCOUNT}:policy/Fence"
    )


def test_an_explicit_deny_in_an_inline_policy_names_no_policy():
    assert decide(USER, (document(deny(), name="inline"),)).message.endswith("in an identity-based policy")


def test_s3_puts_the_resource_in_quotation_marks():
    decision = decide(USER, action="s3:GetObject", resource="arn:aws:s3:::b/k")
    assert decision.message == (
        f'User: {USER.arn} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" '
        "because no identity-based policy allows the s3:GetObject action"
    )


def test_iam_names_a_role_by_its_kind_and_name():
    decision = decide(
        USER, action="iam:GetRole", resource=f"arn:aws:iam::{ACCOUNT}:role/admin", resource_text="role admin"
    )
    assert decision.message == (
        f"User: {USER.arn} is not authorized to perform: iam:GetRole on resource: role admin "
        "because no identity-based policy allows the iam:GetRole action"
    )


def test_without_resource_none_is_named():  # [denied], its first examples
    assert decide(USER, resource="").message == (
        f"User: {USER.arn} is not authorized to perform: sqs:SendMessage "
        "because no identity-based policy allows the sqs:SendMessage action"
    )


def test_an_explicit_deny_in_a_boundary_names_its_arn():
    policy = document(deny(), name=f"arn:aws:iam::{ACCOUNT}:policy/Boundary")
    assert decide(USER, (), policy).message.endswith(
        f"with an explicit deny in a permissions boundary: arn:aws:iam::{ACCOUNT}:policy/Boundary"
    )


@pytest.mark.parametrize(("caller", "owner"), [(ANONYMOUS, ACCOUNT), (USER, OTHER), (ANONYMOUS, None)])
def test_s3_gives_no_reason_outside_the_account(caller, owner):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html"""
    decision = decide(caller, action="s3:GetObject", resource="arn:aws:s3:::b/k", resource_account=owner)
    assert decision.message == "Access Denied"


def test_what_is_allowed_has_no_message():
    assert decide(USER, (document(allow()),)).message == ""
