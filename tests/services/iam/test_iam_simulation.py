"""The policy simulator asks the engine that judges every call."""

from __future__ import annotations

import json

import pytest

from cloudlet.services.iam.positions import find_statement, line_and_column
from iam_fixtures import allow, trust


def decisions(answer):
    return {
        (each["EvalActionName"], each["EvalResourceName"]): each["EvalDecision"]
        for each in answer["EvaluationResults"]
    }


def test_a_users_own_and_its_groups_policies_count(iam):
    iam.create_group(GroupName="team")
    iam.put_group_policy(GroupName="team", PolicyName="g", PolicyDocument=allow("s3:GetObject"))
    arn = iam.create_user(UserName="ann")["User"]["Arn"]
    iam.add_user_to_group(GroupName="team", UserName="ann")
    deny = json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}}
    )
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=deny)

    answer = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["s3:GetObject", "s3:PutObject", "s3:ListBucket"]
    )

    assert decisions(answer) == {
        ("s3:GetObject", "*"): "allowed",
        ("s3:PutObject", "*"): "explicitDeny",
        ("s3:ListBucket", "*"): "implicitDeny",
    }
    assert answer["IsTruncated"] is False
    assert answer["EvaluationResults"][2]["MatchedStatements"] == []


def test_each_resource_is_judged_for_itself(iam):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    document = allow("s3:GetObject", resource="arn:aws:s3:::mine/*")
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=document)
    arn = iam.get_role(RoleName="worker")["Role"]["Arn"]

    answer = iam.simulate_principal_policy(
        PolicySourceArn=arn,
        ActionNames=["s3:GetObject"],
        ResourceArns=["arn:aws:s3:::mine/a", "arn:aws:s3:::other/a"],
    )

    assert list(decisions(answer).values()) == ["allowed", "implicitDeny"]


def test_a_boundary_limits_what_policies_allow(iam):
    answer = iam.simulate_custom_policy(
        PolicyInputList=[allow("s3:*")],
        PermissionsBoundaryPolicyInputList=[allow("ec2:*")],
        ActionNames=["s3:GetObject"],
    )

    result = answer["EvaluationResults"][0]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_condition_keys_are_given_or_said_to_be_missing(iam):
    document = allow("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/Team": "red"}})
    asked = {"PolicyInputList": [document], "ActionNames": ["s3:GetObject"]}
    entry = {
        "ContextKeyName": "aws:PrincipalTag/Team",
        "ContextKeyType": "string",
        "ContextKeyValues": ["red"],
    }

    without = iam.simulate_custom_policy(**asked)["EvaluationResults"][0]
    given = iam.simulate_custom_policy(**asked, ContextEntries=[entry])["EvaluationResults"][0]

    assert (without["EvalDecision"], given["EvalDecision"]) == ("implicitDeny", "allowed")
    assert (without["MissingContextValues"], given["MissingContextValues"]) == (
        ["aws:PrincipalTag/Team"],
        [],
    )


@pytest.mark.unverified("the names and positions of matched statements were not found recorded")
def test_the_statement_that_decided_is_shown(iam):
    result = iam.simulate_custom_policy(PolicyInputList=[allow("s3:*")], ActionNames=["s3:GetObject"])

    matched = result["EvaluationResults"][0]["MatchedStatements"]
    text = allow("s3:*")
    assert matched == [
        {
            "SourcePolicyId": "PolicyInputList.1",
            "SourcePolicyType": "IAM Policy",
            "StartPosition": {"Line": 1, "Column": text.index("[{") + 2},
            "EndPosition": {"Line": 1, "Column": text.index("}]") + 2},
        }
    ]


def test_whoever_is_not_there_cannot_be_simulated(iam, account, refusal):
    asked = {"ActionNames": ["s3:GetObject"]}

    assert refusal(
        iam.simulate_principal_policy, PolicySourceArn=f"arn:aws:iam::{account}:user/gone", **asked
    ) == ("NoSuchEntity", "The user with name gone cannot be found.")


def test_what_the_simulator_cannot_honour_is_refused(iam, refusal):
    answer = refusal(
        iam.simulate_custom_policy,
        PolicyInputList=[allow("s3:*")],
        ActionNames=["ec2:RunInstances"],
        ResourceHandlingOption="EC2-VPC-InstanceStore",
    )

    assert answer[0] == "NotImplemented"


def test_statements_are_found_by_sid_and_by_place():
    text = json.dumps({"Statement": [{"Sid": "a", "x": "}"}, {"y": 1}]}, indent=1)

    first, second = find_statement(text, "a"), find_statement(text, "2")

    assert json.loads(text[first.start : first.end]) == {"Sid": "a", "x": "}"}
    assert json.loads(text[second.start : second.end]) == {"y": 1}
    assert line_and_column(text, first.start) == {"Line": 3, "Column": 3}
    assert find_statement(text, "3") is None
    assert find_statement('{"Statement": {"y": 1}}', "2") is None
