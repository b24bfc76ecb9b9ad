"""SNS's CloudFormation types in stacks: made, changed in place, removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.resource import ResourceContext
from cloudlet.services.sns.resources.topics import AlreadyExists, TopicType
from running_server import Client, RunningServer

CONTEXT = ResourceContext("stack", "arn:aws:cloudformation:us-east-1:0:stack/s/1", "Logical", "1")
Deploy = Callable[[dict[str, Any]], dict[str, str]]


@pytest.fixture
def deploy(client: Client) -> Deploy:
    """Creates or updates the stack `s` with resources, and tells what Ref answers for each."""
    cloudformation = client("cloudformation")
    made: list[str] = []

    def run(resources: dict[str, Any]) -> dict[str, str]:
        outputs = {name: {"Value": {"Ref": name}} for name in resources}
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


def _attributes(sns: Any, arn: str) -> dict[str, str]:
    return dict(sns.get_topic_attributes(TopicArn=arn)["Attributes"])


def test_a_topic_with_its_subscriptions_is_changed_in_place(deploy: Deploy, sns: Any, queues: Any) -> None:
    one, two = queues.arn(queues.make("one")), queues.arn(queues.make("two"))

    def topic(endpoint: str, **properties: Any) -> dict[str, Any]:
        subscription = [{"Protocol": "sqs", "Endpoint": endpoint}]
        return {"Type": "AWS::SNS::Topic", "Properties": {"Subscription": subscription, **properties}}

    arn = deploy({"Topic": topic(one, DisplayName="First", Tags=[{"Key": "a", "Value": "1"}])})["Topic"]
    assert _attributes(sns, arn)["DisplayName"] == "First"
    after = deploy({"Topic": topic(two, SignatureVersion=2, Tags=[{"Key": "b", "Value": "2"}])})["Topic"]
    assert after == arn
    attributes = _attributes(sns, arn)
    assert (attributes.get("DisplayName"), attributes["SignatureVersion"]) == ("", "2")
    found = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert [each["Endpoint"] for each in found] == [two]
    tags = {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]}
    assert "a" not in tags
    assert tags["b"] == "2"


def test_a_fifo_topic_gets_a_name_that_ends_so(deploy: Deploy, sns: Any) -> None:
    properties = {"FifoTopic": "true", "ContentBasedDeduplication": True}
    arn = deploy({"Topic": {"Type": "AWS::SNS::Topic", "Properties": properties}})["Topic"]
    assert arn.endswith(".fifo")
    assert _attributes(sns, arn)["ContentBasedDeduplication"] == "true"


def test_a_subscription_s_filter_moves_from_attributes_to_the_body(
    deploy: Deploy, sns: Any, queues: Any
) -> None:
    endpoint = queues.arn(queues.make("inbox"))

    def resources(**properties: Any) -> dict[str, Any]:
        given = {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": endpoint, **properties}
        subscription = {"Type": "AWS::SNS::Subscription", "Properties": given}
        return {"Topic": {"Type": "AWS::SNS::Topic"}, "Subscription": subscription}

    def told(arn: str) -> dict[str, str]:
        return dict(sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"])

    made = deploy(resources(FilterPolicy={"a": ["x"]}, RawMessageDelivery="true"))["Subscription"]
    assert told(made)["RawMessageDelivery"] == "true"
    nested = {"object": {"key": ["x"]}}
    assert deploy(resources(FilterPolicy=nested, FilterPolicyScope="MessageBody"))["Subscription"] == made
    attributes = told(made)
    assert json.loads(attributes["FilterPolicy"]) == nested
    assert (attributes["FilterPolicyScope"], attributes["RawMessageDelivery"]) == ("MessageBody", "false")
    deploy(resources(FilterPolicy={"a": ["x"]}))
    assert told(made)["FilterPolicyScope"] == "MessageAttributes"


@pytest.mark.parametrize("kind", ["TopicPolicy", "TopicInlinePolicy"])
def test_policies_come_and_go(deploy: Deploy, sns: Any, kind: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "Topic"},
    }
    whose = {"Topics": [{"Ref": "Topic"}]} if kind == "TopicPolicy" else {"TopicArn": {"Ref": "Topic"}}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
    policy = {"Type": f"AWS::SNS::{kind}", "Properties": {**whose, "PolicyDocument": document}}
    arn = deploy({**topic, "Policy": policy})["Topic"]
    [found] = json.loads(_attributes(sns, arn)["Policy"])["Statement"]
    assert (found["Principal"], found["Resource"]) == ({"Service": "s3.amazonaws.com"}, arn)
    deploy(topic)
    assert json.loads(_attributes(sns, arn)["Policy"])["Id"] == "__default_policy_ID"


def test_a_step_that_is_run_again_finds_its_topic_and_no_other(
    server: RunningServer, account: str, topic: Any
) -> None:
    call = server.app.cloud.call("sns", Principal.root(account), account, "us-east-1")

    def make(name: str, token: str) -> str:
        context = replace(CONTEXT, token=token)
        made = server.run(TopicType().create(call, context, {"TopicName": name}))
        return str(made.physical_id)

    assert make("mine", "1") == make("mine", "1")
    topic("theirs")
    with pytest.raises(AlreadyExists) as refused:
        make("theirs", "2")
    assert refused.value.message == (
        "Resource of type 'AWS::SNS::Topic' with identifier 'theirs' already exists."
    )


def test_a_topic_keeps_status_logs_as_long_as_its_template_says_so(
    deploy: Deploy, sns: Any, account: str
) -> None:
    role = f"arn:aws:iam::{account}:role/feedback"
    logging = [{"Protocol": "sqs", "SuccessFeedbackRoleArn": role, "SuccessFeedbackSampleRate": 50}]
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DeliveryStatusLogging": logging}}
    arn = deploy({"Topic": topic})["Topic"]
    attributes = _attributes(sns, arn)
    assert attributes["SQSSuccessFeedbackRoleArn"] == role
    assert attributes["SQSSuccessFeedbackSampleRate"] == "50"
    deploy({"Topic": {"Type": "AWS::SNS::Topic"}})
    assert "SQSSuccessFeedbackRoleArn" not in _attributes(sns, arn)
