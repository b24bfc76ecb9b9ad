"""S3's CloudFormation types, asked as the deploy engine asks them."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.resource import ResourceContext
from cloudlet.services.s3.errors import BucketAlreadyOwnedByYou, InvalidRequest
from cloudlet.services.s3.resources import BucketPolicyType, BucketType

CONTEXT = ResourceContext(
    "stack", "arn:aws:cloudformation:us-east-1:0:stack/s/1", "Logical", "1", {"own": "1"}
)


@pytest.fixture
def stack(server, account):
    """Asks a type to do something."""
    call = server.app.cloud.call("s3", Principal.root(account), account, "us-east-1")

    def run(method, *arguments, token="1"):
        return server.run(method(call, replace(CONTEXT, token=token), *arguments))

    return run


def test_a_bucket_is_made_configured_changed_and_removed(stack, s3, account, refused):
    name = f"stack-{account}"
    before = {
        "BucketName": name,
        "VersioningConfiguration": {"Status": "Enabled"},
        "PublicAccessBlockConfiguration": {"BlockPublicPolicy": "false", "BlockPublicAcls": True},
        "CorsConfiguration": {
            "CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": "5"}]
        },
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "Tags": [{"Key": "mine", "Value": "2"}],
    }
    made = stack(BucketType().create, before)
    assert made.physical_id == name
    assert made.attributes == {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.us-east-1.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.us-east-1.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website-us-east-1.amazonaws.com",
    }
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert s3.get_bucket_cors(Bucket=name)["CORSRules"][0]["MaxAgeSeconds"] == 5
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert (block["BlockPublicPolicy"], block["BlockPublicAcls"]) == (False, True)
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    assert tags == {
        "mine": "2",
        "own": "1",
        "aws:cloudformation:stack-id": CONTEXT.stack_id,
        "aws:cloudformation:logical-id": "Logical",
    }
    error = refused(s3.put_bucket_tagging, Bucket=name, Tagging={"TagSet": []})
    assert error["Message"] == "System tags cannot be removed by requester"
    stack(BucketType().update, name, before, {"BucketName": name})
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Suspended"
    assert refused(s3.get_bucket_cors, Bucket=name)["Code"] == "NoSuchCORSConfiguration"
    stack(BucketType().delete, name, {})
    stack(BucketType().delete, name, {})
    assert refused(s3.head_bucket, Bucket=name)["Status"] == 404


def test_a_name_is_made_up_and_found_again(stack, s3):
    first = stack(BucketType().create, {})
    assert first.physical_id == CONTEXT.generated_name(63, lower=True)
    assert stack(BucketType().create, {}) == first
    assert len(s3.list_buckets()["Buckets"]) == 1
    s3.delete_bucket(Bucket=first.physical_id)


def test_a_stack_does_not_take_over_a_bucket_that_was_there(stack, bucket):
    with pytest.raises(BucketAlreadyOwnedByYou):
        stack(BucketType().create, {"BucketName": bucket})


def test_a_policy_is_given_changed_and_taken_away(stack, s3, bucket, account, refused):
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    before = {"Bucket": bucket, "PolicyDocument": document}
    stack(BucketPolicyType().create, before)
    stack(BucketPolicyType().create, before)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == document
    other = {"Version": "2012-10-17", "Statement": [{**statement, "Action": "s3:GetObject"}]}
    after = {"Bucket": bucket, "PolicyDocument": other}
    with pytest.raises(InvalidRequest, match="The bucket policy already exists on bucket"):
        stack(BucketPolicyType().create, after, token="2")
    stack(BucketPolicyType().update, bucket, before, after)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == other
    stack(BucketPolicyType().delete, bucket, after)
    assert refused(s3.get_bucket_policy, Bucket=bucket)["Code"] == "NoSuchBucketPolicy"


def test_a_stack_makes_and_removes_a_bucket_with_its_policy(client, s3, account):
    cloudformation = client("cloudformation")
    resource = {"Fn::Sub": "${Bucket.Arn}/*"}
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "s3:GetObject",
        "Resource": resource,
    }
    template = {
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {
                    "Bucket": {"Ref": "Bucket"},
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
                },
            },
        },
        "Outputs": {"Name": {"Value": {"Ref": "Bucket"}}},
    }
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="s", WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
    )
    stack = cloudformation.describe_stacks(StackName="s")["Stacks"][0]
    name = stack["Outputs"][0]["OutputValue"]
    assert name in s3.get_bucket_policy(Bucket=name)["Policy"]
    cloudformation.delete_stack(StackName="s")
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack["StackId"], WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
    )
    assert s3.list_buckets()["Buckets"] == []
