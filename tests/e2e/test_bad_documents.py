"""Malformed and monstrous documents in the places where clients send whole documents."""

from __future__ import annotations

import base64
import json

import pytest
from botocore.exceptions import ClientError

from cloud_functions import TRUST, zipped

DEEP = 30_000
DEEP_ARRAY = "[" * DEEP + "]" * DEEP
DEEP_OBJECT = '{"a":' * DEEP + "1" + "}" * DEEP
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture
def refused():
    """The code and the status of the refusal of a call."""

    def refused(call, **members):
        with pytest.raises(ClientError) as caught:
            call(**members)
        answer = caught.value.response
        return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]

    return refused


@pytest.mark.parametrize(
    "document",
    ["{", "[]", "nonsense", '{"Statement": 1}', DEEP_ARRAY[:40_000], '{"Statement": [' + "[" * 4000],
)
def test_policy_that_is_none_is_malformed(client, refused, document):
    create_role = client("iam").create_role
    answer = refused(create_role, RoleName="r", AssumeRolePolicyDocument=document)
    assert answer == ("MalformedPolicyDocument", 400)


@pytest.mark.parametrize("marker", ["\x80", "é", "====", "a" * 300, base64.b64encode(b"sts:1").decode()])
def test_marker_that_was_never_given_is_refused(client, refused, marker):
    assert refused(client("iam").list_users, Marker=marker) == ("ValidationError", 400)


@pytest.mark.parametrize(
    "body",
    [
        "{", "- a", "a: b", "\t- :", "\0", "Resources: {A: !Nope x}", "Resources: &a {B: *a}",
        DEEP_ARRAY, DEEP_OBJECT, "[" * 20_000, "{a: " * 9_000, "- " * 20_000, BOMB,
    ],
)  # fmt: skip
def test_template_that_is_none_is_a_validation_error(client, refused, body):
    cloudformation = client("cloudformation")
    for call in (cloudformation.validate_template, cloudformation.create_stack):
        named = {} if call == cloudformation.validate_template else {"StackName": "s"}
        assert refused(call, TemplateBody=body, **named) == ("ValidationError", 400)


@pytest.mark.parametrize(
    "archive", [b"x", b"PK\x03\x04", zipped({"a": "b"})[:-10], zipped({"a": "b"})[10:], bytes(100)]
)
def test_zip_that_is_none_cannot_be_unzipped(deployment, refused, archive):
    answer = refused(
        deployment.functions.create_function,
        FunctionName="f",
        Runtime="python3.12",
        Handler="index.handler",
        Role=deployment.role("f"),
        Code={"ZipFile": archive},
    )
    assert answer == ("InvalidParameterValueException", 400)


def test_event_that_is_no_json_is_refused_and_a_deep_one_harms_nobody(deployment, refused):
    deployment.python("f", "def handler(event, context):\n    return 1\n")
    invoke = deployment.functions.invoke
    for payload in (b"{", b"\xff", b"nan", b"{'a': 1}", b"[" * 50_000):
        assert refused(invoke, FunctionName="f", Payload=payload) == ("InvalidRequestContentException", 400)
    context = base64.b64encode(b"[" * 2500).decode()
    assert refused(invoke, FunctionName="f", ClientContext=context)[1] == 400
    deep = json.dumps(DEEP_OBJECT)
    assert invoke(FunctionName="f", Payload=deep.encode())["StatusCode"] == 200
    assert (
        invoke(FunctionName="f", Payload=DEEP_ARRAY[: DEEP // 100] + DEEP_ARRAY[-DEEP // 100 :])["StatusCode"]
        == 200
    )
    assert deployment.call("f").value == 1


def test_item_that_is_nested_too_deeply_is_refused(client, make_table, refused):
    dynamodb = make_table("table")
    value = {"S": "x"}
    for _ in range(60):
        value = {"L": [value]}
    answer = refused(dynamodb.put_item, TableName="table", Item={"id": {"S": "a"}, "deep": value})
    assert answer == ("ValidationException", 400)


def test_expression_that_is_nested_without_end_is_refused(client, make_table, refused):
    dynamodb = make_table("table")
    for expression in (
        "(" * 2000 + "id = :v" + ")" * 2000,
        "NOT " * 1000 + "id = :v",
        "a" + "[0]" * 1300,
        "a" + ".a" * 2000,
    ):
        answer = refused(
            dynamodb.scan,
            TableName="table",
            FilterExpression=expression,
            ExpressionAttributeValues={":v": {"S": "x"}},
        )
        assert answer == ("ValidationException", 400)


def test_trust_policy_is_judged_by_its_own_grammar(client, refused):
    create_role = client("iam").create_role
    foreign = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Resource": "*"}]}
    answer = refused(create_role, RoleName="r", AssumeRolePolicyDocument=json.dumps(foreign))
    assert answer == ("MalformedPolicyDocument", 400)
