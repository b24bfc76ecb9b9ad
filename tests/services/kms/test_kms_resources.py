"""KMS's CloudFormation types: stacks that make keys, replicas and aliases."""

from __future__ import annotations

import json

import pytest

OUTPUTS = {"Id": {"Ref": "Key"}, "Arn": {"Fn::GetAtt": "Key.Arn"}, "KeyId": {"Fn::GetAtt": "Key.KeyId"}}


@pytest.fixture
def deploy(client):
    """Creates or updates the stack `s`; what became of it and what it tells, once it rests."""

    def make(resources, outputs=None, *, update=False, region="us-east-1"):
        cloudformation = client("cloudformation", region=region)
        call = cloudformation.update_stack if update else cloudformation.create_stack
        template = {"Resources": resources}
        if outputs:
            template["Outputs"] = {name: {"Value": value} for name, value in outputs.items()}
        call(StackName="s", TemplateBody=json.dumps(template))
        while True:
            [stack] = cloudformation.describe_stacks(StackName="s")["Stacks"]
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                told = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}
                return stack["StackStatus"], told

    return make


def key(account, **properties):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy, **properties}}


def alias(target):
    return {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/app", "TargetKeyId": target}}


def test_a_key_and_its_alias_are_as_their_template_says(kms, deploy, account):
    resources = {
        "Key": key(
            account,
            Description="of the app",
            EnableKeyRotation=True,
            RotationPeriodInDays="100",
            Tags=[{"Key": "team", "Value": "one"}],
        ),
        "Alias": alias({"Ref": "Key"}),
    }
    status, told = deploy(resources, {**OUTPUTS, "Alias": {"Ref": "Alias"}})

    described = kms.describe_key(KeyId="alias/app")["KeyMetadata"]
    assert (status, told) == (
        "CREATE_COMPLETE",
        {
            "Id": described["KeyId"],
            "Arn": described["Arn"],
            "KeyId": described["KeyId"],
            "Alias": "alias/app",
        },
    )
    assert described["Description"] == "of the app"
    assert kms.get_key_rotation_status(KeyId=told["Id"])["RotationPeriodInDays"] == 100
    assert {"TagKey": "team", "TagValue": "one"} in kms.list_resource_tags(KeyId=told["Id"])["Tags"]


def test_a_key_is_changed_in_place(kms, deploy, account):
    _, told = deploy({"Key": key(account, EnableKeyRotation=True, Enabled=False)}, OUTPUTS)
    assert kms.describe_key(KeyId=told["Id"])["KeyMetadata"]["KeyState"] == "Disabled"

    changed = {"Key": key(account, Description="other", Tags=[{"Key": "a", "Value": "b"}])}
    assert deploy(changed, OUTPUTS, update=True) == ("UPDATE_COMPLETE", told)

    described = kms.describe_key(KeyId=told["Id"])["KeyMetadata"]
    assert (described["KeyState"], described["Description"]) == ("Enabled", "other")
    assert kms.get_key_rotation_status(KeyId=told["Id"])["KeyRotationEnabled"] is False
    assert {"TagKey": "a", "TagValue": "b"} in kms.list_resource_tags(KeyId=told["Id"])["Tags"]


@pytest.mark.parametrize(
    ("properties", "changed", "why"),
    [
        (
            {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "EnableKeyRotation": True},
            None,
            "You cannot set the EnableKeyRotation property to true on asymmetric or external keys.",
        ),
        (
            {"Enabled": False},
            {"Enabled": False, "EnableKeyRotation": True},
            "You cannot modify the EnableKeyRotation property when the Enabled property is false. "
            "Set Enabled to true to modify the EnableKeyRotation property.",
        ),
    ],
)
def test_what_awss_provider_refuses_is_refused(client, deploy, account, properties, changed, why):
    status, _ = deploy({"Key": key(account, **properties)})
    if changed is not None:
        status, _ = deploy({"Key": key(account, **changed)}, update=True)
    events = client("cloudformation").describe_stack_events(StackName="s")["StackEvents"]
    assert status in ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    assert any(why in event.get("ResourceStatusReason", "") for event in events)


def test_a_key_of_another_kind_is_another_key(kms, deploy, account):
    _, before = deploy({"Key": key(account)}, OUTPUTS)
    changed = {"Key": key(account, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")}
    status, after = deploy(changed, OUTPUTS, update=True)
    assert (status, before["Id"] == after["Id"]) == ("UPDATE_COMPLETE", False)
    assert kms.describe_key(KeyId=before["Id"])["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_an_alias_goes_to_another_key(kms, deploy, account):
    keys = {"One": key(account), "Two": key(account)}
    deploy({**keys, "Alias": alias({"Ref": "One"})})
    before = kms.describe_key(KeyId="alias/app")["KeyMetadata"]["KeyId"]
    status, told = deploy({**keys, "Alias": alias({"Ref": "Two"})}, {"Two": {"Ref": "Two"}}, update=True)

    assert status == "UPDATE_COMPLETE"
    assert kms.describe_key(KeyId="alias/app")["KeyMetadata"]["KeyId"] == told["Two"] != before


def test_a_key_waits_for_its_end_when_its_stack_is_deleted(client, kms, deploy, account):
    _, told = deploy({"Key": key(account, PendingWindowInDays=7), "Alias": alias({"Ref": "Key"})}, OUTPUTS)
    cloudformation = client("cloudformation")
    cloudformation.delete_stack(StackName="s")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig={"Delay": 0.05})

    assert kms.describe_key(KeyId=told["Id"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert kms.list_aliases()["Aliases"] == []


def test_a_pair_is_made_for_its_usage(kms, deploy, account):
    _, told = deploy({"Key": key(account, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")}, OUTPUTS)
    signed = kms.sign(KeyId=told["Id"], Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    assert signed["KeyId"] == told["Arn"]


def test_a_replica_is_made_in_the_stacks_region(client, kms, deploy, account):
    primary = kms.create_key(MultiRegion=True)["KeyMetadata"]
    properties = {**key(account)["Properties"], "PrimaryKeyArn": primary["Arn"], "Description": "copy"}
    replica = {"Key": {"Type": "AWS::KMS::ReplicaKey", "Properties": properties}}

    status, told = deploy(replica, OUTPUTS, region="eu-west-1")

    assert (status, told["Id"]) == ("CREATE_COMPLETE", primary["KeyId"])
    described = client("kms", region="eu-west-1").describe_key(KeyId=told["Id"])["KeyMetadata"]
    assert (described["Arn"], described["Description"]) == (told["Arn"], "copy")
