"""What AWS refuses to store as a policy, in its words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.policies import ACCOUNT, allow
from cloudlet.access.evaluate import Evaluator
from cloudlet.access.statement import compile_policy
from cloudlet.core.access import MalformedPolicyDocument, PolicyDocument, PolicyKind

SYNTAX = "Syntax errors in policy."
IAM_PATHS = (
    'IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, '
    "instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, "
    "report/, access-report/."
)
VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."


def refusal(document: object, kind: PolicyKind = PolicyKind.IDENTITY) -> str | None:
    """AWS's text, or None for a policy it stores."""
    text = document if isinstance(document, str) else json.dumps(document)
    try:
        Evaluator().validate(text, kind)
    except MalformedPolicyDocument as refused:
        return refused.message
    return None


def of(statement: object, version: str | None = "2012-10-17") -> dict[str, object]:
    return {"Version": version, "Statement": statement} if version else {"Statement": statement}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (of(allow()), None),
        (of([allow("s3:Get*", "arn:aws:s3:::b/*"), allow()]), None),
        (of(allow(Condition={"StringEquals": {"aws:username": ["ann"]}})), None),
        (of(allow(Condition={"Bool": {"aws:SecureTransport": True}})), None),
        ("{", SYNTAX),
        ("[]", SYNTAX),
        ("", SYNTAX),
        ("null", SYNTAX),
        (of(allow(Condition={"servicecatalog:accountLevel": "self"})), SYNTAX),
        (of(allow(), version=None), "Policy document must be version 2012-10-17 or greater."),
        (of(allow(), version="2008-10-17"), "Policy document must be version 2012-10-17 or greater."),
        (of({"Effect": "Allow", "Resource": "*"}), "Policy statement must contain actions."),
        (of({"Effect": "Allow", "Action": [], "Resource": "*"}), "Policy statement must contain actions."),
        (of({"Effect": "Allow", "Action": "*"}), "Policy statement must contain resources."),
        (of({"Effect": "Allow", "Action": "*", "Resource": []}), "Policy statement must contain resources."),
        (of(allow("PutObject")), VENDOR),
        (of(allow("s3:a:b")), "Actions/Condition can contain only one colon."),
        (of(allow("*", "")), 'Resource  must be in ARN format or "*".'),
        (of(allow("*", "bucket/*")), 'Resource bucket/* must be in ARN format or "*".'),
        (
            of(allow("*", "arn:${ARN_PARTITION}:s3:::x")),
            'Partition "${ARN_PARTITION}" is not valid for resource "arn:${ARN_PARTITION}:s3:::x".',
        ),
        (
            of(allow("*", "arn:aws:*:*:*:*x*")),
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ),
        (
            of(allow("*", "arn:aws:iam:us-east-1:*:role/x")),
            "IAM resource arn:aws:iam:us-east-1:*:role/x cannot contain region information.",
        ),
        (of(allow("*", "arn:aws:iam::111122223333:account-alias/*")), IAM_PATHS),
        (of(allow("*", "arn:aws:iam::111122223333:*/cdk-*")), IAM_PATHS),
        (of(allow("*", "arn:aws:iam::111122223333:role/${aws:username}")), None),
        (
            of(allow("*", "arn:aws:route53:eu-west-1::hostedzone/*")),
            "Resource arn:aws:route53:eu-west-1::hostedzone/* can not contain region information.",
        ),
        (
            of(allow("*", "arn:aws:route53::111122223333:hostedzone/*")),
            "Resource arn:aws:route53::111122223333:hostedzone/* cannot contain an account id.",
        ),
        (of(allow("*", "arn:aws:s3:eu-west-1:111122223333:accesspoint/a")), None),
        (of(allow("*", "arn:aws:sqs:*:<ACCOUNT_ID>:q")), "The policy failed legacy parsing"),
        (of(allow("*", "arn:aws:iam::${aws:PrincipalAccount}:role/x")), "The policy failed legacy parsing"),
        (of(allow("*", "arn:aws:s3:::${aws:username}/*")), None),
        (of(allow("*", "arn:*:sqs:*:*:*")), None),
        (of(allow("*", "arn:aws:iam::aws:policy/X")), None),
        (
            of([allow(Sid="a"), allow(Sid="a")]),
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        (of(allow(Principal="*")), "Policy document should not specify a principal."),
        (
            of(allow(Sid="a b")),
            "Statement IDs (SID) must be alpha-numeric. "
            "Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ),
    ],
)
def test_an_identity_policy_is_taken_or_refused_in_words(document, text):
    assert refusal(document) == text


@pytest.mark.unverified("these texts were not found in a first-hand answer of AWS")
@pytest.mark.parametrize(
    ("document", "text"),
    [
        (of(allow(), version="2012-10-18"), SYNTAX),
        (of([]), SYNTAX),
        ({"Version": "2012-10-17"}, SYNTAX),
        ({**of(allow()), "Statements": []}, SYNTAX),
        (of({**allow(), "Colour": "red"}), SYNTAX),
        (of({**allow(), "Effect": "allow"}), SYNTAX),
        (of({"Action": "*", "Resource": "*"}), SYNTAX),
        (of({**allow(), "NotAction": "*"}), SYNTAX),
        (of({**allow(), "NotResource": "*"}), SYNTAX),
        (of({**allow(), "Action": {"a": "b"}}), SYNTAX),
        (of({**allow(), "Resource": {"Ref": "Bucket"}}), SYNTAX),
        (of(allow(Condition={"StringSounds": {"aws:username": "a"}})), SYNTAX),
        (of(allow("*", "arn:aws")), "Resource vendor must be fully qualified and cannot contain regexes."),
        (
            of(allow("*", "s3::example-bucket/*")),
            'Partition "" is not valid for resource "arn::example-bucket/*:*:*:*".',
        ),
        (
            of(allow("*", "arn:aws2:s3:::b")),
            'Partition "aws2" is not valid for resource "arn:aws2:s3:::b".',
        ),
        (of(allow("*", "arn:aws:s3::example_bucket")), "The policy failed legacy parsing"),
        (of(allow("a a:x")), "Vendor a a is not valid"),
        (of(allow(Condition={"StringEquals": {"name": "a"}})), VENDOR),
        (
            of(allow("*", "arn:aws:s3:us-east-1::b")),
            "Resource arn:aws:s3:us-east-1::b can not contain region information.",
        ),
    ],
)
def test_identity_policy_in_texts_from_second_hand(document, text):
    assert refusal(document) == text


def trust(principal: object = None, action: object = "sts:AssumeRole", **more: object) -> dict[str, object]:
    found = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return of({name: value for name, value in found.items() if value is not None})


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (trust({"Service": "lambda.amazonaws.com"}), None),
        (trust({"AWS": ACCOUNT}), None),
        (trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), None),
        (trust({"AWS": f"arn:aws:iam::{ACCOUNT}:role/path/name"}), None),
        (trust({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/name/session"}), None),
        (trust({"Federated": "cognito-identity.amazonaws.com"}, "sts:AssumeRoleWithWebIdentity"), None),
        ({**trust("*"), "Version": "2008-10-17"}, None),
        (trust("*", Resource="*"), "Has prohibited field Resource"),
        (trust({"AWS": "ann"}), 'Invalid principal in policy: "AWS":"ann"'),
        (
            trust({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/*"}),
            f'Invalid principal in policy: "AWS":"arn:aws:sts::{ACCOUNT}:assumed-role/r/*"',
        ),
        (trust({"Service": "s3 files"}), 'Invalid principal in policy: "SERVICE":"s3 files"'),
    ],
)
def test_a_malformed_trust_policy_is_refused_in_words(document, text):
    assert refusal(document, PolicyKind.TRUST) == text


@pytest.mark.unverified("these texts were not found in a first-hand answer of AWS")
@pytest.mark.parametrize(
    ("document", "text"),
    [
        (trust(), "Missing required field Principal"),
        (trust("*", "s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."),
        (trust({}), "Missing required field Principal cannot be empty!"),
        (trust("*", NotResource="*"), "AssumeRole policy must not contain resources."),
        (trust(NotPrincipal="*"), "AssumeRole policy must not contain NotPrincipal field."),
        (trust("*", action=[]), "Missing required field Action"),
        (trust("ann"), 'Invalid principal in policy: "STAR":"ann"'),
    ],
)
def test_trust_policy_in_texts_from_second_hand(document, text):
    assert refusal(document, PolicyKind.TRUST) == text


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (allow(Principal="*"), None),
        (allow(), "Missing required field Principal"),
    ],
)
def test_a_malformed_resource_policy_is_refused_in_words(statement, text):
    assert refusal(of(statement), PolicyKind.RESOURCE) == text


@pytest.mark.unverified("found only where others report it of S3")
def test_resource_policy_with_an_empty_principal():
    refused = refusal(of(allow(Principal={})), PolicyKind.RESOURCE)
    assert refused == "Missing required field Principal cannot be empty!"


@pytest.mark.unverified("S3's and other services' texts for these were not looked up")
@pytest.mark.parametrize("element", ["Action", "Resource"])
def test_resource_policy_without_an_element(element):
    statement = allow(Principal="*")
    del statement[element]
    assert refusal(of(statement), PolicyKind.RESOURCE) == f"Missing required field {element}"


words = st.sampled_from(
    ["Version", "2012-10-17", "Statement", "Effect", "Allow", "Deny", "Action", "Resource", "Principal",
     "Condition", "AWS", "*", "s3:*", "arn:aws:s3:::b", "StringLike", "aws:username", "${", "${a:b,'"]
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | values.map(json.dumps), st.sampled_from(PolicyKind))
def test_the_parser_raises_nothing_but_its_own_error(text, kind):
    if refusal(text, kind) is None:
        compile_policy(PolicyDocument("accepted", text))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "\ud800", '{"Version": NaN}'])
def test_hostile_texts_are_syntax_errors(text):
    assert refusal(text) == SYNTAX
