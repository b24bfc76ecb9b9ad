"""AWS's refusals, letter for letter.

[denied] https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from access.policies import ACCOUNT, USER, allow, decide, deny, document

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


def test_without_resource_none_is_named():  # [denied], its first examples
    assert decide(USER, resource="").message == (
        f"User: {USER.arn} is not authorized to perform: sqs:SendMessage "
        "because no identity-based policy allows the sqs:SendMessage action"
    )


def test_what_is_allowed_has_no_message():
    assert decide(USER, (document(allow()),)).message == ""
