"""SQS's CloudFormation types, asked as the deploy engine asks them, and in stacks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.resource import ResourceContext
from cloudlet.services.sqs.resources import (
    AlreadyExists,
    QueueInlinePolicyType,
    QueuePolicyType,
    QueueType,
)
from running_server import Client, RunningServer

CONTEXT = ResourceContext(
    "stack", "arn:aws:cloudformation:us-east-1:0:stack/s/1", "Logical", "1", {"own": "1"}
)
MakeQueue = Callable[..., str]


@pytest.fixture
def stack(server: RunningServer, account: str) -> Any:
    """Asks a type to do something."""
    call = server.app.cloud.call("sqs", Principal.root(account), account, "us-east-1")

    def run(method: Any, *arguments: Any, token: str = "1") -> Any:
        return server.run(method(call, replace(CONTEXT, token=token), *arguments))

    return run


def attributes(sqs: Any, url: str) -> dict[str, str]:
    told: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return told


def test_a_queue_is_made_changed_in_place_and_removed(stack: Any, sqs: Any, account: str) -> None:
    kind = QueueType()
    before = {
        "QueueName": "made",
        "DelaySeconds": 5,
        "VisibilityTimeout": "60",
        "Tags": [{"Key": "mine", "Value": "2"}],
    }
    made = stack(kind.create, before)
    url = made.physical_id
    assert made.attributes == {
        "Arn": f"arn:aws:sqs:us-east-1:{account}:made",
        "QueueName": "made",
        "QueueUrl": url,
    }
    assert url.endswith(f"/{account}/made")
    told = attributes(sqs, url)
    assert (told["DelaySeconds"], told["VisibilityTimeout"]) == ("5", "60")
    tags = sqs.list_queue_tags(QueueUrl=url)["Tags"]
    assert (tags["mine"], tags["own"]) == ("2", "1")
    sqs.send_message(QueueUrl=url, MessageBody="stays", DelaySeconds=0)
    after = {"QueueName": "made", "VisibilityTimeout": 70, "Tags": [{"Key": "other", "Value": "3"}]}
    stack(kind.update, url, before, after)
    told = attributes(sqs, url)
    assert (told["DelaySeconds"], told["VisibilityTimeout"]) == ("0", "70")
    assert told["ApproximateNumberOfMessages"] == "1"
    tags = sqs.list_queue_tags(QueueUrl=url)["Tags"]
    assert "mine" not in tags
    assert (tags["other"], tags["own"]) == ("3", "1")
    stack(kind.delete, url, after)
    stack(kind.delete, url, after)
    assert sqs.list_queues().get("QueueUrls") is None


def test_a_step_that_is_run_again_finds_its_queue_and_no_other(stack: Any, queue: MakeQueue) -> None:
    made = stack(QueueType().create, {"QueueName": "mine"})
    assert stack(QueueType().create, {"QueueName": "mine"}).physical_id == made.physical_id
    queue("theirs")
    with pytest.raises(AlreadyExists) as refused:
        stack(QueueType().create, {"QueueName": "theirs"}, token="2")
    assert refused.value.message == (
        "Resource of type 'AWS::SQS::Queue' with identifier 'theirs' already exists."
    )


def test_a_fifo_queue_gets_a_name_that_ends_so(stack: Any, sqs: Any) -> None:
    properties = {"FifoQueue": "true", "ContentBasedDeduplication": True}
    url = stack(QueueType().create, properties).physical_id
    assert url.endswith(".fifo")
    assert attributes(sqs, url)["ContentBasedDeduplication"] == "true"


def test_queue_policies_come_and_go(stack: Any, sqs: Any, queue: MakeQueue) -> None:
    one, two = queue("one"), queue("two")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    before = {"Queues": [one], "PolicyDocument": document}
    made = stack(QueuePolicyType().create, before)
    assert json.loads(attributes(sqs, one)["Policy"]) == document
    after = {"Queues": [two], "PolicyDocument": document}
    stack(QueuePolicyType().update, made.physical_id, before, after)
    assert "Policy" not in attributes(sqs, one)
    assert json.loads(attributes(sqs, two)["Policy"]) == document
    stack(QueuePolicyType().delete, made.physical_id, after)
    assert "Policy" not in attributes(sqs, two)
    inline = {"Queue": one, "PolicyDocument": json.dumps(document)}
    stack(QueueInlinePolicyType().create, inline, token="2")
    assert json.loads(attributes(sqs, one)["Policy"]) == document
    stack(QueueInlinePolicyType().delete, one, inline)
    assert "Policy" not in attributes(sqs, one)


def test_a_stack_with_a_dead_letter_queue(client: Client, sqs: Any, account: str) -> None:
    template = {
        "Resources": {
            "Dead": {"Type": "AWS::SQS::Queue"},
            "Work": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "RedrivePolicy": {
                        "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                        "maxReceiveCount": 3,
                    }
                },
            },
        },
        "Outputs": {"Url": {"Value": {"Ref": "Work"}}, "Name": {"Value": {"Fn::GetAtt": "Work.QueueName"}}},
    }
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName="queues", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="queues", WaiterConfig={"Delay": 0, "MaxAttempts": 1000}
    )
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for output in cloudformation.describe_stacks(StackName="queues")["Stacks"][0]["Outputs"]
    }
    assert outputs["Url"].endswith(f"/{account}/{outputs['Name']}")
    policy = json.loads(attributes(sqs, outputs["Url"])["RedrivePolicy"])
    assert policy["maxReceiveCount"] == 3
    assert policy["deadLetterTargetArn"].startswith(f"arn:aws:sqs:us-east-1:{account}:queues-Dead-")
