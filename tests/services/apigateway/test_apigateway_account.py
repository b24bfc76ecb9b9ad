"""The settings that all APIs of an account share."""

from __future__ import annotations

import json

import pytest

from refusals import refusal

NOT_TRUSTED = (
    "BadRequestException",
    "The role ARN does not have required permissions configured. "
    "Please grant trust permission for API Gateway and add the required role policy.",
)


def role(client, service, name):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)
    return made["Role"]["Arn"]


def patch(op, path, value=None):
    return {"op": op, "path": path, **({} if value is None else {"value": value})}


def test_a_role_that_trusts_api_gateway_is_set_and_removed(apigateway, client):
    arn = role(client, "apigateway.amazonaws.com", "logs")
    update = apigateway.update_account
    shown = update(patchOperations=[patch("replace", "/cloudwatchRoleArn", arn)])
    assert shown["cloudwatchRoleArn"] == apigateway.get_account()["cloudwatchRoleArn"] == arn
    shown = update(patchOperations=[patch("replace", "/cloudwatchRoleArn", "")])
    assert "cloudwatchRoleArn" not in shown


def test_other_roles_are_refused(apigateway, client, account):
    update = apigateway.update_account
    stranger = role(client, "lambda.amazonaws.com", "stranger")
    for arn in (stranger, f"arn:aws:iam::{account}:role/none"):
        steps = [patch("replace", "/cloudwatchRoleArn", arn)]
        assert refusal(update, patchOperations=steps) == NOT_TRUSTED


@pytest.mark.unverified("AWS's text for a feature that cannot be removed could not be looked up")
def test_usage_plans_stay(apigateway):
    update = apigateway.update_account
    assert update(patchOperations=[patch("add", "/features", "UsagePlans")])["features"] == ["UsagePlans"]
    steps = [patch("remove", "/features", "UsagePlans")]
    assert refusal(update, patchOperations=steps) == (
        "BadRequestException",
        "Invalid feature specified: UsagePlans",
    )
