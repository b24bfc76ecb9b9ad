"""Topics that are told of a stack's events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from running_server import Client
from sns_fixtures import Queues

_TEMPLATE = json.dumps(
    {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"Topics": {"Value": {"Fn::Join": [",", {"Ref": "AWS::NotificationARNs"}]}}},
    }
)


def _lines(notification: dict[str, Any]) -> dict[str, str]:
    assert notification["Subject"] == "AWS CloudFormation Notification"
    pairs = (line.split("=", 1) for line in notification["Message"].splitlines())
    return {name: value.strip("'") for name, value in pairs}


@pytest.mark.unverified("the lines are as people show them; how absent values are told is assumed")
def test_a_topic_is_told_of_every_event(client: Client) -> None:
    sns, queues, stacks = client("sns"), Queues(client("sqs")), client("cloudformation")
    topic, inbox = sns.create_topic(Name="events")["TopicArn"], queues.make("inbox")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues.arn(inbox))
    made = stacks.create_stack(StackName="told", TemplateBody=_TEMPLATE, NotificationARNs=[topic])
    waiter = stacks.get_waiter("stack_create_complete")
    waiter.wait(StackName="told", WaiterConfig={"Delay": 0, "MaxAttempts": 1000})
    [stack] = stacks.describe_stacks(StackName="told")["Stacks"]
    assert stack["NotificationARNs"] == [topic]
    assert stack["Outputs"][0]["OutputValue"] == topic
    events = {event["EventId"] for event in stacks.describe_stack_events(StackName="told")["StackEvents"]}
    told = [_lines(queues.next_body(inbox)) for _ in events]
    assert {each["EventId"] for each in told} == events
    assert {each["StackId"] for each in told} == {made["StackId"]}
    whole = [each["ResourceStatus"] for each in told if each["ResourceType"] == "AWS::CloudFormation::Stack"]
    assert set(whole) == {"CREATE_IN_PROGRESS", "CREATE_COMPLETE"}


def test_a_topic_that_is_not_there_holds_up_no_stack(client: Client, account: str) -> None:
    stacks = client("cloudformation")
    topic = f"arn:aws:sns:us-east-1:{account}:none"
    stacks.create_stack(StackName="told", TemplateBody=_TEMPLATE, NotificationARNs=[topic])
    waiter = stacks.get_waiter("stack_create_complete")
    waiter.wait(StackName="told", WaiterConfig={"Delay": 0, "MaxAttempts": 1000})
    assert stacks.describe_stacks(StackName="told")["Stacks"][0]["NotificationARNs"] == [topic]


def test_a_nested_stack_has_topics_of_its_own(client: Client, account: str) -> None:
    stacks, s3 = client("cloudformation"), client("s3")
    bucket, topic = f"templates-{account}", f"arn:aws:sns:us-east-1:{account}:none"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="inner", Body=_TEMPLATE.encode())
    properties = {
        "TemplateURL": f"https://{bucket}.s3.amazonaws.com/inner",
        "NotificationARNs": {"Ref": "AWS::NotificationARNs"},
    }
    template = {"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": properties}}}
    stacks.create_stack(StackName="outer", TemplateBody=json.dumps(template), NotificationARNs=[topic])
    waiter = stacks.get_waiter("stack_create_complete")
    waiter.wait(StackName="outer", WaiterConfig={"Delay": 0, "MaxAttempts": 1000})
    [inner] = stacks.describe_stack_resources(StackName="outer")["StackResources"]
    [stack] = stacks.describe_stacks(StackName=inner["PhysicalResourceId"])["Stacks"]
    assert stack["NotificationARNs"] == [topic]
