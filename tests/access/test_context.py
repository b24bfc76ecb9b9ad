"""The global condition keys, as AWS's page on them lists them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (the table of principals)
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from access.policies import (
    ACCOUNT,
    ANONYMOUS,
    NOW,
    OTHER,
    ROLE_ARN,
    ROOT,
    SERVICE,
    SESSION,
    USER,
    allow,
    decide,
    document,
)
from cloudlet.access.context import request_context


@pytest.mark.parametrize(
    ("caller", "key", "expected"),
    [
        (ROOT, "aws:principaltype", ("Account",)),
        (USER, "aws:principaltype", ("User",)),
        (SESSION, "aws:principaltype", ("AssumedRole",)),
        (ANONYMOUS, "aws:principaltype", ("Anonymous",)),
        (ROOT, "aws:userid", (ACCOUNT,)),
        (USER, "aws:userid", ("AIDAEXAMPLEEXAMPLE123",)),
        (SESSION, "aws:userid", ("AROAEXAMPLEEXAMPLE123:session",)),
        (ANONYMOUS, "aws:userid", ("anonymous",)),
        (ROOT, "aws:username", None),
        (USER, "aws:username", ("ann",)),
        (SESSION, "aws:username", None),
        (USER, "aws:principalarn", (USER.arn,)),
        (SESSION, "aws:principalarn", (ROLE_ARN,)),
        (SERVICE, "aws:principalarn", None),
        (USER, "aws:principalaccount", (ACCOUNT,)),
        (SERVICE, "aws:principalaccount", None),
        (SERVICE, "aws:principalisawsservice", ("true",)),
        (USER, "aws:principalisawsservice", ("false",)),
        (SERVICE, "aws:principalservicename", ("s3.amazonaws.com",)),
        (USER, "aws:principalservicename", None),
        (USER, "aws:multifactorauthpresent", None),
        (replace(SESSION, mfa_authenticated=True), "aws:multifactorauthpresent", ("true",)),
        (replace(SESSION, token_issued_at=NOW), "aws:tokenissuetime", ("2020-09-13T12:26:40Z",)),
        (USER, "aws:tokenissuetime", None),
        (replace(SESSION, source_identity="ann"), "aws:sourceidentity", ("ann",)),
        (replace(USER, tags=(("Team", "red"),)), "aws:principaltag/team", ("red",)),
        (USER, "aws:principaltag/team", None),
        (USER, "aws:currenttime", ("2020-09-13T12:26:40Z",)),
        (USER, "aws:epochtime", ("1600000000",)),
        (USER, "aws:viaawsservice", ("false",)),
        (USER, "aws:calledvia", None),
        (USER, "aws:securetransport", ("false",)),
        (USER, "aws:sourceip", None),
        (USER, "aws:nosuchkey", None),
    ],
)
def test_a_key_has_the_value_of_its_caller(caller, key, expected):
    assert request_context(caller, now=NOW).find(key) == expected


def test_keys_of_the_call():
    call = request_context(
        USER,
        now=NOW,
        source_ip="203.0.113.7",
        secure=True,
        region="eu-west-1",
        user_agent="aws-cli/2",
        referer="https://example.com/",
        source_arn="arn:aws:s3:::b",
        source_account=OTHER,
        called_via=("cloudformation.amazonaws.com", "dynamodb.amazonaws.com"),
    )
    assert {name: call.find(name) for name in CALL_KEYS} == CALL_KEYS


CALL_KEYS = {
    "aws:sourceip": ("203.0.113.7",),
    "aws:securetransport": ("true",),
    "aws:requestedregion": ("eu-west-1",),
    "aws:useragent": ("aws-cli/2",),
    "aws:referer": ("https://example.com/",),
    "aws:sourcearn": ("arn:aws:s3:::b",),
    "aws:sourceaccount": (OTHER,),
    "aws:calledvia": ("cloudformation.amazonaws.com", "dynamodb.amazonaws.com"),
    "aws:calledviafirst": ("cloudformation.amazonaws.com",),
    "aws:calledvialast": ("dynamodb.amazonaws.com",),
    "aws:viaawsservice": ("true",),
}


@pytest.mark.parametrize(
    ("condition", "context", "allowed"),
    [
        ({"StringEquals": {"aws:ResourceTag/Team": "red"}}, {"aws:ResourceTag/team": ("red",)}, True),
        ({"StringEquals": {"s3:prefix": "a/"}}, {"s3:prefix": ("b/",)}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}, {"aws:TagKeys": ("a", "b")}, False),
        (
            {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
            {"iam:PassedToService": ("lambda.amazonaws.com",)},
            True,
        ),
        ({"StringEquals": {"aws:ResourceAccount": ACCOUNT}}, {}, True),
        ({"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}, {}, True),
    ],
)
def test_keys_of_the_permission(condition, context, allowed):
    policy = document(allow(Condition=condition))
    assert decide(USER, (policy,), context=context).allowed is allowed
