"""IAM's CloudFormation types: each is made, changed and removed through its handler."""

from __future__ import annotations

import json

import pytest

from cloudlet.core.access import Principal
from cloudlet.core.resource import ResourceContext
from cloudlet.services.iam.errors import EntityAlreadyExists
from cloudlet.services.iam.resources import RESOURCES
from iam_fixtures import allow, trust

REGION = "us-east-1"
LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
EC2 = json.loads(trust({"Service": "ec2.amazonaws.com"}))
TYPES = {each.type_name: each for each in RESOURCES}


class Stack:
    """One logical resource of a stack."""

    def __init__(self, server, account, type_name):
        self._server = server
        self._type = TYPES[type_name]
        self._call = server.app.cloud.call("iam", Principal.root(account), account, REGION)
        self._context = ResourceContext("stack", "stack-id", "Thing", "token", {"project": "x"})

    def create(self, **properties):
        assert set(properties) <= self._type.properties
        assert self._type.required <= set(properties)
        return self._server.run(self._type.create(self._call, self._context, properties))

    def update(self, physical_id, before, after):
        return self._server.run(self._type.update(self._call, self._context, physical_id, before, after))

    def delete(self, physical_id, **properties):
        self._server.run(self._type.delete(self._call, self._context, physical_id, properties))


@pytest.fixture
def stack(server, account):
    return lambda type_name: Stack(server, account, type_name)


def inline(name, document):
    return {"PolicyName": name, "PolicyDocument": json.loads(document)}


def test_a_role_is_made_with_its_policies_and_again_after_a_crash(iam, account, stack):
    properties = {
        "AssumeRolePolicyDocument": EC2,
        "ManagedPolicyArns": [LOGS],
        "Policies": [inline("own", allow("s3:*"))],
        "Tags": [{"Key": "k", "Value": "v"}],
    }

    made = stack("AWS::IAM::Role").create(**properties)
    again = stack("AWS::IAM::Role").create(**properties)

    assert made == again
    assert made.physical_id.startswith("stack-Thing-")
    role = iam.get_role(RoleName=made.physical_id)["Role"]
    assert made.attributes == {"Arn": role["Arn"], "RoleId": role["RoleId"]}
    assert {tag["Key"] for tag in role["Tags"]} == {"k", "project"}
    assert iam.list_role_policies(RoleName=made.physical_id)["PolicyNames"] == ["own"]
    attached = iam.list_attached_role_policies(RoleName=made.physical_id)["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [LOGS]


def test_a_role_whose_name_is_taken_is_not_adopted(iam, stack):
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=json.dumps(EC2))

    with pytest.raises(EntityAlreadyExists):
        stack("AWS::IAM::Role").create(RoleName="mine", AssumeRolePolicyDocument=EC2)


def test_a_role_is_changed_in_place(iam, stack):
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    before = {
        "RoleName": "worker",
        "AssumeRolePolicyDocument": EC2,
        "ManagedPolicyArns": [LOGS],
        "Policies": [inline("old", allow("s3:*")), inline("kept", allow("s3:*"))],
        "Tags": [{"Key": "gone", "Value": "v"}],
        "PermissionsBoundary": bound,
    }
    after = {
        "RoleName": "worker",
        "AssumeRolePolicyDocument": json.loads(trust({"Service": "lambda.amazonaws.com"})),
        "Description": "new",
        "MaxSessionDuration": 7200,
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
        "Policies": [inline("kept", allow("ec2:*")), inline("new", allow("s3:*"))],
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    made = stack("AWS::IAM::Role").create(**before)

    changed = stack("AWS::IAM::Role").update("worker", before, after)

    assert changed == made
    role = iam.get_role(RoleName="worker")["Role"]
    assert role["AssumeRolePolicyDocument"] == after["AssumeRolePolicyDocument"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 7200)
    assert "PermissionsBoundary" not in role
    assert {tag["Key"] for tag in role["Tags"]} == {"k", "project"}
    assert iam.list_role_policies(RoleName="worker")["PolicyNames"] == ["kept", "new"]
    kept = iam.get_role_policy(RoleName="worker", PolicyName="kept")["PolicyDocument"]
    assert kept == json.loads(allow("ec2:*"))
    attached = iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["AmazonS3FullAccess"]


def test_a_role_is_removed_and_removing_it_again_is_no_error(iam, stack):
    properties = {
        "AssumeRolePolicyDocument": EC2,
        "ManagedPolicyArns": [LOGS],
        "Policies": [inline("own", allow("s3:*"))],
    }
    made = stack("AWS::IAM::Role").create(**properties)

    stack("AWS::IAM::Role").delete(made.physical_id, **properties)
    stack("AWS::IAM::Role").delete(made.physical_id, **properties)

    assert iam.list_roles()["Roles"] == []


def test_a_user_is_made_changed_and_removed(iam, account, stack):
    iam.create_group(GroupName="one")
    iam.create_group(GroupName="two")
    before = {
        "Groups": ["one"],
        "LoginProfile": {"Password": "correct horse", "PasswordResetRequired": True},
        "ManagedPolicyArns": [LOGS],
    }
    after = {"Groups": ["two"], "Path": "/team/"}

    made = stack("AWS::IAM::User").create(**before)
    name = made.physical_id
    assert made.attributes == {"Arn": f"arn:aws:iam::{account}:user/{name}"}
    assert iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"] is True
    changed = stack("AWS::IAM::User").update(name, before, after)

    assert changed.attributes == {"Arn": f"arn:aws:iam::{account}:user/team/{name}"}
    assert [each["GroupName"] for each in iam.list_groups_for_user(UserName=name)["Groups"]] == ["two"]
    assert iam.list_attached_user_policies(UserName=name)["AttachedPolicies"] == []
    stack("AWS::IAM::User").delete(name, **after)
    assert iam.list_users()["Users"] == []


def test_a_group_and_who_is_in_it(iam, account, stack):
    for name in ("ann", "bea"):
        iam.create_user(UserName=name)
    made = stack("AWS::IAM::Group").create(Policies=[inline("own", allow("s3:*"))])
    group = made.physical_id
    before, after = {"GroupName": group, "Users": ["ann"]}, {"GroupName": group, "Users": ["bea"]}

    addition = stack("AWS::IAM::UserToGroupAddition").create(**before)
    stack("AWS::IAM::UserToGroupAddition").update(addition.physical_id, before, after)

    assert made.attributes == {"Arn": f"arn:aws:iam::{account}:group/{group}"}
    assert [user["UserName"] for user in iam.get_group(GroupName=group)["Users"]] == ["bea"]
    stack("AWS::IAM::UserToGroupAddition").delete(addition.physical_id, **after)
    stack("AWS::IAM::Group").delete(group, Policies=[inline("own", allow("s3:*"))])
    assert iam.list_groups()["Groups"] == []


def test_an_inline_policy_follows_its_entities(iam, stack):
    for name in ("one", "two"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(EC2))
    before = {"PolicyName": "p", "PolicyDocument": json.loads(allow("s3:*")), "Roles": ["one"]}
    after = {"PolicyName": "p", "PolicyDocument": json.loads(allow("ec2:*")), "Roles": ["two"]}

    made = stack("AWS::IAM::Policy").create(**before)
    stack("AWS::IAM::Policy").update(made.physical_id, before, after)

    assert made.physical_id.startswith("stack-Thing-")
    assert iam.list_role_policies(RoleName="one")["PolicyNames"] == []
    assert iam.list_role_policies(RoleName="two")["PolicyNames"] == ["p"]
    stack("AWS::IAM::Policy").delete(made.physical_id, **after)
    assert iam.list_role_policies(RoleName="two")["PolicyNames"] == []


def test_a_role_policy_is_an_inline_policy_of_one_role(iam, stack):
    iam.create_role(RoleName="one", AssumeRolePolicyDocument=json.dumps(EC2))
    properties = {"PolicyName": "p", "PolicyDocument": json.loads(allow("s3:*")), "RoleName": "one"}

    made = stack("AWS::IAM::RolePolicy").create(**properties)

    assert made.physical_id == "p|one"
    assert iam.list_role_policies(RoleName="one")["PolicyNames"] == ["p"]
    stack("AWS::IAM::RolePolicy").delete(made.physical_id, **properties)
    assert iam.list_role_policies(RoleName="one")["PolicyNames"] == []


def test_a_managed_policy_gets_new_versions_and_forgets_the_oldest(iam, account, stack):
    iam.create_role(RoleName="one", AssumeRolePolicyDocument=json.dumps(EC2))
    now = {"PolicyDocument": json.loads(allow("s3:*")), "Roles": ["one"], "Description": "d"}
    made = stack("AWS::IAM::ManagedPolicy").create(**now)
    arn = made.physical_id

    for number in range(6):
        then = {**now, "PolicyDocument": json.loads(allow(f"s3:Get{number}"))}
        changed = stack("AWS::IAM::ManagedPolicy").update(arn, now, then)
        now = then

    assert arn.startswith(f"arn:aws:iam::{account}:policy/stack-Thing-")
    assert made.attributes["PolicyArn"] == arn
    assert changed.attributes["DefaultVersionId"] == "v7"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    stack("AWS::IAM::ManagedPolicy").delete(arn, **now)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_an_instance_profile_changes_its_role(iam, account, stack):
    for name in ("one", "two"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(EC2))

    made = stack("AWS::IAM::InstanceProfile").create(Roles=["one"])
    stack("AWS::IAM::InstanceProfile").update(made.physical_id, {"Roles": ["one"]}, {"Roles": ["two"]})

    assert made.attributes == {"Arn": f"arn:aws:iam::{account}:instance-profile/{made.physical_id}"}
    shown = iam.get_instance_profile(InstanceProfileName=made.physical_id)["InstanceProfile"]
    assert [role["RoleName"] for role in shown["Roles"]] == ["two"]
    stack("AWS::IAM::InstanceProfile").delete(made.physical_id, Roles=["two"])
    assert iam.list_instance_profiles()["InstanceProfiles"] == []


def test_an_access_key_keeps_its_secret(iam, client, stack):
    iam.create_user(UserName="ann")
    before, after = {"UserName": "ann"}, {"UserName": "ann", "Status": "Inactive"}

    made = stack("AWS::IAM::AccessKey").create(**before)
    secret = made.attributes["SecretAccessKey"]
    assert client("sts", key=made.physical_id, secret=secret).get_caller_identity()["UserId"]
    changed = stack("AWS::IAM::AccessKey").update(made.physical_id, before, after)

    assert changed == made
    assert iam.list_access_keys(UserName="ann")["AccessKeyMetadata"][0]["Status"] == "Inactive"
    stack("AWS::IAM::AccessKey").delete(made.physical_id, **after)
    assert iam.list_access_keys(UserName="ann")["AccessKeyMetadata"] == []


def test_a_service_linked_role_is_made_changed_and_removed(iam, stack):
    before = {"AWSServiceName": "ecs.amazonaws.com"}
    after = {**before, "Description": "new"}

    made = stack("AWS::IAM::ServiceLinkedRole").create(**before)
    stack("AWS::IAM::ServiceLinkedRole").update(made.physical_id, before, after)

    assert made.physical_id == "AWSServiceRoleForECS"
    assert iam.get_role(RoleName=made.physical_id)["Role"]["Description"] == "new"
    stack("AWS::IAM::ServiceLinkedRole").delete(made.physical_id, **after)
    stack("AWS::IAM::ServiceLinkedRole").delete(made.physical_id, **after)
    assert iam.list_roles()["Roles"] == []
