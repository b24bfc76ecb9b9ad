from __future__ import annotations

import json

import pytest

STREAM = {"Type": "AWS::Kinesis::Stream"}


@pytest.fixture
def deploy(client):
    """Creates or updates the stack `s`; what it is and what it tells, once it rests."""
    cloudformation = client("cloudformation")

    def settle():
        while True:
            (stack,) = cloudformation.describe_stacks(StackName="s")["Stacks"]
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}
                return stack["StackStatus"], outputs

    def make(resources, outputs=None, *, update=False, **more):
        call = cloudformation.update_stack if update else cloudformation.create_stack
        template = {"Resources": resources}
        if outputs:
            template["Outputs"] = {name: {"Value": value} for name, value in outputs.items()}
        call(StackName="s", TemplateBody=json.dumps({**template, **more}))
        return settle()

    return make


def test_a_stream_is_as_its_template_says(kinesis, deploy, account):
    properties = {
        "Name": "orders",
        "ShardCount": "2",
        "RetentionPeriodHours": {"Ref": "Hours"},
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
        "DesiredShardLevelMetrics": ["IncomingBytes"],
        "Tags": [{"Key": "team", "Value": "a"}],
    }
    status, outputs = deploy(
        {"Stream": {**STREAM, "Properties": properties}},
        {"Name": {"Ref": "Stream"}, "Arn": {"Fn::GetAtt": "Stream.Arn"}},
        Parameters={"Hours": {"Type": "Number", "Default": "48"}},
    )
    assert (status, outputs) == (
        "CREATE_COMPLETE",
        {"Name": "orders", "Arn": f"arn:aws:kinesis:us-east-1:{account}:stream/orders"},
    )
    summary = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]
    assert summary["StreamStatus"] == "ACTIVE"
    assert (summary["OpenShardCount"], summary["RetentionPeriodHours"]) == (2, 48)
    assert summary["KeyId"] == "alias/aws/kinesis"
    assert summary["EnhancedMonitoring"] == [{"ShardLevelMetrics": ["IncomingBytes"]}]
    tags = kinesis.list_tags_for_stream(StreamName="orders")["Tags"]
    assert {"Key": "team", "Value": "a"} in tags


def test_a_stream_is_changed_in_place(kinesis, deploy):
    before = {
        "ShardCount": 1,
        "RetentionPeriodHours": 48,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
        "DesiredShardLevelMetrics": ["IncomingBytes"],
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}],
    }
    after = {
        "ShardCount": 2,
        "DesiredShardLevelMetrics": ["OutgoingBytes"],
        "MaxRecordSizeInKiB": 2048,
        "Tags": [{"Key": "a", "Value": "2"}],
    }
    output = {"Name": {"Ref": "Stream"}}
    _, made = deploy({"Stream": {**STREAM, "Properties": before}}, output)
    kinesis.put_record(StreamName=made["Name"], Data="kept", PartitionKey="k")
    status, changed = deploy({"Stream": {**STREAM, "Properties": after}}, output, update=True)
    assert (status, changed) == ("UPDATE_COMPLETE", made)
    summary = kinesis.describe_stream_summary(StreamName=made["Name"])["StreamDescriptionSummary"]
    assert (summary["OpenShardCount"], summary["RetentionPeriodHours"]) == (2, 24)
    assert (summary["EncryptionType"], summary["MaxRecordSizeInKiB"]) == ("NONE", 2048)
    assert summary["EnhancedMonitoring"] == [{"ShardLevelMetrics": ["OutgoingBytes"]}]
    tags = {tag["Key"]: tag["Value"] for tag in kinesis.list_tags_for_stream(StreamName=made["Name"])["Tags"]}
    assert (tags["a"], "b" in tags) == ("2", False)


def test_a_stream_goes_over_to_another_mode(kinesis, deploy):
    output = {"Name": {"Ref": "Stream"}}
    _, made = deploy({"Stream": {**STREAM, "Properties": {"ShardCount": 1}}}, output)
    on_demand = {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    assert (
        deploy({"Stream": {**STREAM, "Properties": on_demand}}, output, update=True)[0] == "UPDATE_COMPLETE"
    )
    summary = kinesis.describe_stream_summary(StreamName=made["Name"])["StreamDescriptionSummary"]
    assert summary["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}


def test_consumers_and_policies_come_and_go_with_their_stack(client, kinesis, deploy, account):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "210987654321"},
                "Action": "kinesis:PutRecord",
                "Resource": {"Fn::GetAtt": "Stream.Arn"},
            }
        ],
    }
    arn = {"Fn::GetAtt": "Stream.Arn"}
    resources = {
        "Stream": {**STREAM, "Properties": {"ShardCount": 1}},
        "Consumer": {
            "Type": "AWS::Kinesis::StreamConsumer",
            "Properties": {"ConsumerName": "app", "StreamARN": arn},
        },
        "Policy": {
            "Type": "AWS::Kinesis::ResourcePolicy",
            "Properties": {"ResourceArn": arn, "ResourcePolicy": policy},
        },
    }
    outputs = {
        "Ref": {"Ref": "Consumer"},
        "Created": {"Fn::GetAtt": "Consumer.ConsumerCreationTimestamp"},
        "Status": {"Fn::GetAtt": "Consumer.ConsumerStatus"},
        "Stream": {"Ref": "Stream"},
    }
    status, told = deploy(resources, outputs)
    assert (status, told["Status"]) == ("CREATE_COMPLETE", "ACTIVE")
    stream_arn = f"arn:aws:kinesis:us-east-1:{account}:stream/{told['Stream']}"
    assert told["Ref"] == f"{stream_arn}/consumer/app:{told['Created']}"
    other = client("kinesis", key="210987654321")
    other.put_record(StreamARN=stream_arn, Data="x", PartitionKey="k")
    cloudformation = client("cloudformation")
    stack_id = cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName="s")
    while True:
        (stack,) = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert kinesis.list_streams()["StreamNames"] == []
