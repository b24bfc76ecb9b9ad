"""EventBridge's CloudFormation types in stacks: made, changed in place, removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from refusals import refusal
from running_server import Client

Deploy = Callable[..., dict[str, str]]


@pytest.fixture
def deploy(client: Client) -> Deploy:
    """Creates or updates the stack `s` with resources, and tells what Ref answers for each."""
    cloudformation = client("cloudformation")
    made: list[str] = []

    def run(resources: dict[str, Any]) -> dict[str, str]:
        outputs = {name: {"Value": {"Ref": name}} for name in resources}
        outputs |= {
            f"{name}Arn": {"Value": {"Fn::GetAtt": [name, "Arn"]}}
            for name, each in resources.items()
            if each["Type"] != "AWS::Events::EventBusPolicy"
        }
        template = json.dumps({"Resources": resources, "Outputs": outputs})
        change, done = (
            (cloudformation.update_stack, "stack_update_complete")
            if made
            else (cloudformation.create_stack, "stack_create_complete")
        )
        change(StackName="s", TemplateBody=template)
        made.append("s")
        waiter = cloudformation.get_waiter(done)
        waiter.wait(StackName="s", WaiterConfig={"Delay": 0, "MaxAttempts": 1000})
        [stack] = cloudformation.describe_stacks(StackName="s")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    return run


def _rule(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["s"]}, **properties}}


def test_rules_are_told_as_on_aws(deploy: Deploy, account: str) -> None:
    told = deploy(
        {
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "b", "Description": "d"}},
            "Named": _rule(Name="named", EventBusName={"Ref": "Bus"}),
            "Unnamed": _rule(EventBusName={"Fn::GetAtt": ["Bus", "Arn"]}),
            "Default": _rule(),
        }
    )
    arn = f"arn:aws:events:us-east-1:{account}"
    assert (told["Bus"], told["BusArn"]) == ("b", f"{arn}:event-bus/b")
    assert (told["Named"], told["NamedArn"]) == ("b|named", f"{arn}:rule/b/named")
    assert told["Unnamed"].startswith("b|s-Unnamed-")
    assert told["DefaultArn"] == f"{arn}:rule/{told['Default']}"


def test_a_rule_with_its_targets_is_changed_in_place(deploy: Deploy, events: Any, account: str) -> None:
    def target(name: str, **settings: Any) -> dict[str, Any]:
        return {"Id": name, "Arn": f"arn:aws:sqs:us-east-1:{account}:{name}", **settings}

    retry = {"MaximumRetryAttempts": "3"}
    first = [target("one"), target("two", RetryPolicy=retry)]
    before = deploy({"Rule": _rule(Targets=first, Tags=[{"Key": "a", "Value": "1"}])})
    name = before["Rule"]
    found = events.list_targets_by_rule(Rule=name)["Targets"]
    assert [each["Id"] for each in found] == ["one", "two"]
    assert found[1]["RetryPolicy"] == {"MaximumRetryAttempts": 3}
    second = [target("two", Input='"x"'), target("three")]
    after = deploy({"Rule": _rule(Targets=second, State="DISABLED", Tags=[{"Key": "b", "Value": "2"}])})
    assert after == before
    found = events.list_targets_by_rule(Rule=name)["Targets"]
    assert [each["Id"] for each in found] == ["three", "two"]
    assert found[1]["Input"] == '"x"'
    assert events.describe_rule(Name=name)["State"] == "DISABLED"
    tags = events.list_tags_for_resource(ResourceARN=after["RuleArn"])["Tags"]
    told = {tag["Key"]: tag["Value"] for tag in tags}
    assert "a" not in told
    assert told["b"] == "2"
    deploy({"Other": _rule(EventPattern={"source": ["other"]})})
    assert refusal(events.describe_rule, Name=name)[0] == "ResourceNotFoundException"


def test_statements_of_a_bus_come_and_go(deploy: Deploy, events: Any, account: str) -> None:
    bus = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "b"}}
    simple = {"Action": "events:PutEvents", "Principal": "210987654321", "StatementId": "simple"}
    whole = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
        "Action": "events:PutEvents",
        "Resource": f"arn:aws:events:us-east-1:{account}:event-bus/b",
    }

    def policy(**properties: Any) -> dict[str, Any]:
        given = {"EventBusName": {"Ref": "Bus"}, **properties}
        return {"Type": "AWS::Events::EventBusPolicy", "Properties": given}

    deploy(
        {
            "Bus": bus,
            "Simple": policy(**simple),
            "Whole": {**policy(Statement=whole, StatementId="whole"), "DependsOn": "Simple"},
        }
    )
    statements = json.loads(events.describe_event_bus(Name="b")["Policy"])["Statement"]
    assert statements == [{"Sid": "simple", **whole}, {**whole, "Sid": "whole"}]
    deploy({"Bus": bus, "Simple": policy(**simple)})
    [statement] = json.loads(events.describe_event_bus(Name="b")["Policy"])["Statement"]
    assert statement["Sid"] == "simple"
