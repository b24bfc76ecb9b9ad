"""Managed policies, instance profiles and the account as boto3 sees them; texts are those recorded at AWS."""

from __future__ import annotations

import json

import pytest

from cloudlet.access.evaluate import Evaluator
from cloudlet.core.access import PolicyKind
from cloudlet.services.iam import catalogue
from iam_fixtures import allow, trust

LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture
def arn(iam):
    return iam.create_policy(PolicyName="own", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]


def test_a_policy_answers_as_at_aws(iam, account, refusal):
    policy = iam.create_policy(
        PolicyName="own", Path="/test/path/", PolicyDocument=allow("s3:*"), Description="testing"
    )["Policy"]

    assert policy["Arn"] == f"arn:aws:iam::{account}:policy/test/path/own"
    assert policy["PolicyId"].startswith("ANPA")
    assert policy["UpdateDate"] == policy["CreateDate"]
    assert {
        name: policy[name] for name in policy if name not in ("Arn", "PolicyId", "CreateDate", "UpdateDate")
    } == {
        "PolicyName": "own",
        "Path": "/test/path/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
    }
    shown = iam.get_policy(PolicyArn=policy["Arn"])["Policy"]
    assert shown == {**policy, "Description": "testing", "Tags": []}
    assert iam.list_policies(Scope="Local")["Policies"] == [policy]
    assert refusal(iam.create_policy, PolicyName="own", PolicyDocument=allow("s3:*")) == (
        "EntityAlreadyExists",
        "A policy called own already exists. Duplicate names are not allowed.",
    )


def test_versions_are_numbered_and_listed_the_newest_first(iam, arn):
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("s3:List*"), SetAsDefault=True)
    created = iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("ec2:*"))["PolicyVersion"]

    assert (created["VersionId"], created["IsDefaultVersion"]) == ("v3", False)
    assert "Document" not in created
    listed = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(each["VersionId"], each["IsDefaultVersion"]) for each in listed] == [
        ("v3", False),
        ("v2", True),
        ("v1", False),
    ]
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert version["Document"] == json.loads(allow("s3:List*"))
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"


def test_a_policy_has_five_versions_at_most_and_numbers_are_not_reused(iam, arn, refusal):
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("s3:*"))

    answer = refusal(iam.create_policy_version, PolicyArn=arn, PolicyDocument=allow("s3:*"))

    assert answer == (
        "LimitExceeded",
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an "
        "existing version.",
    )
    iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    created = iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("s3:*"))["PolicyVersion"]
    assert created["VersionId"] == "v6"


def test_versions_that_are_not_there_are_named(iam, arn, account, refusal):
    gone = f"arn:aws:iam::{account}:policy/TestNonExistingPolicy"

    for call in (iam.get_policy_version, iam.delete_policy_version, iam.set_default_policy_version):
        assert refusal(call, PolicyArn=arn, VersionId="v9") == (
            "NoSuchEntity",
            f"Policy {arn} version v9 does not exist or is not attachable.",
        )
        assert refusal(call, PolicyArn=gone, VersionId="v1") == (
            "NoSuchEntity",
            f"Policy {gone} version v1 does not exist or is not attachable.",
        )
    assert refusal(iam.delete_policy_version, PolicyArn=arn, VersionId="v1") == (
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
    )


@pytest.mark.unverified("the two refusals of DeletePolicy were not found recorded")
def test_a_policy_in_use_is_not_deleted(iam, arn, refusal):
    iam.create_user(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    assert refusal(iam.delete_policy, PolicyArn=arn) == (
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
    )
    iam.detach_user_policy(UserName="ann", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("s3:*"))

    answer = refusal(iam.delete_policy, PolicyArn=arn)

    assert answer == (
        "DeleteConflict",
        "This policy has more than one version. Before you delete a policy, you must delete the policy's "
        "versions. The default version is deleted with the policy.",
    )


def test_a_policy_is_deleted(iam, arn, refusal):
    iam.delete_policy(PolicyArn=arn)

    assert refusal(iam.get_policy, PolicyArn=arn) == ("NoSuchEntity", f"Policy {arn} was not found.")


def test_a_policy_that_breaks_the_grammar_is_refused(iam, refusal):
    answer = refusal(iam.create_policy, PolicyName="own", PolicyDocument="{}")

    assert answer[0] == "MalformedPolicyDocument"


def test_a_managed_policy_has_a_limit_without_white_space(iam, refusal):
    long = allow("s3:GetObject", resource=[f"arn:aws:s3:::bucket-{number:05}/*" for number in range(300)])

    answer = refusal(iam.create_policy, PolicyName="own", PolicyDocument=long)

    assert answer == ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144")


def test_the_keys_of_a_policys_tags_may_differ_by_case(iam, refusal):
    tags = [{"Key": "a", "Value": "lowercase"}, {"Key": "A", "Value": "uppercase"}]

    policy = iam.create_policy(PolicyName="own", PolicyDocument=allow("s3:*"), Tags=tags)["Policy"]

    assert policy["Tags"] == tags
    assert iam.list_policy_tags(PolicyArn=policy["Arn"])["Tags"] == list(reversed(tags))
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    assert refusal(iam.tag_policy, PolicyArn=policy["Arn"], Tags=twice) == (
        "InvalidInput",
        "Duplicate tag keys found.",
    )


def test_short_keys_of_a_policys_tags_come_first(iam):
    tags = [{"Key": key, "Value": "v"} for key in ("abc", "b", "z", "a")]
    arn = iam.create_policy(PolicyName="own", PolicyDocument=allow("s3:*"), Tags=tags)["Policy"]["Arn"]

    assert [tag["Key"] for tag in iam.list_policy_tags(PolicyArn=arn)["Tags"]] == ["a", "b", "z", "abc"]


def test_entities_of_a_policy_that_is_not_there_are_not_listed(iam, account, refusal):
    gone = f"arn:aws:iam::{account}:policy/NonExistentPolicy"

    assert refusal(iam.list_entities_for_policy, PolicyArn=gone) == (
        "NoSuchEntity",
        f"Policy {gone} does not exist or is not attachable.",
    )


def test_entities_of_a_policy_are_listed(iam, arn):
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="team")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    iam.attach_group_policy(GroupName="team", PolicyArn=arn)
    iam.put_role_permissions_boundary(RoleName="worker", PermissionsBoundary=arn)

    every = iam.list_entities_for_policy(PolicyArn=arn)
    bounds = iam.list_entities_for_policy(PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary")

    assert [each["UserName"] for each in every["PolicyUsers"]] == ["ann"]
    assert [each["GroupName"] for each in every["PolicyGroups"]] == ["team"]
    assert [each["RoleName"] for each in every["PolicyRoles"]] == ["worker"]
    assert (bounds["PolicyUsers"], len(bounds["PolicyRoles"])) == ([], 1)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 2


def test_policies_of_aws_are_there_for_everybody(iam):
    policy = iam.get_policy(PolicyArn=LOGS)["Policy"]
    version = iam.get_policy_version(PolicyArn=LOGS, VersionId=policy["DefaultVersionId"])["PolicyVersion"]

    assert (policy["PolicyName"], policy["Path"]) == ("AWSLambdaBasicExecutionRole", "/service-role/")
    assert version["Document"] == json.loads(
        allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    )
    listed = iam.list_policies(Scope="AWS")["Policies"]
    assert LOGS in [each["Arn"] for each in listed]
    assert iam.list_policies(Scope="AWS", OnlyAttached=True)["Policies"] == []


def test_policies_of_aws_cannot_be_changed(iam, refusal):
    assert refusal(iam.delete_policy, PolicyArn=LOGS)[0] == "AccessDenied"
    assert (
        refusal(iam.create_policy_version, PolicyArn=LOGS, PolicyDocument=allow("s3:*"))[0] == "AccessDenied"
    )


def test_an_instance_profile_holds_one_role(iam, account, refusal):
    for name in ("one", "two"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    created = iam.create_instance_profile(InstanceProfileName="box", Path="/p/")["InstanceProfile"]

    assert created["InstanceProfileId"].startswith("AIPA")
    assert created["Arn"] == f"arn:aws:iam::{account}:instance-profile/p/box"
    assert created["Roles"] == []
    assert "Tags" not in created
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="one")
    assert refusal(iam.add_role_to_instance_profile, InstanceProfileName="box", RoleName="two") == (
        "LimitExceeded",
        "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
    )
    shown = iam.get_instance_profile(InstanceProfileName="box")["InstanceProfile"]
    assert ([role["RoleName"] for role in shown["Roles"]], shown["Tags"]) == (["one"], [])
    conflict = ("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
    assert refusal(iam.delete_instance_profile, InstanceProfileName="box") == conflict
    assert refusal(iam.delete_role, RoleName="one") == conflict
    assert refusal(iam.remove_role_from_instance_profile, InstanceProfileName="box", RoleName="two") == (
        "NoSuchEntity",
        "Role two in Instance Profile box cannot be found.",
    )
    assert len(iam.list_instance_profiles_for_role(RoleName="one")["InstanceProfiles"]) == 1
    iam.remove_role_from_instance_profile(InstanceProfileName="box", RoleName="one")
    iam.delete_instance_profile(InstanceProfileName="box")
    assert refusal(iam.get_instance_profile, InstanceProfileName="box") == (
        "NoSuchEntity",
        "Instance Profile box cannot be found.",
    )


def test_an_account_has_one_alias(iam, account):
    iam.create_account_alias(AccountAlias=f"alias-{account}")
    iam.create_account_alias(AccountAlias=f"other-{account}")

    assert iam.list_account_aliases()["AccountAliases"] == [f"other-{account}"]
    iam.delete_account_alias(AccountAlias=f"other-{account}")
    assert iam.list_account_aliases()["AccountAliases"] == []


@pytest.mark.unverified("the texts are from memory")
def test_an_alias_belongs_to_one_account(iam, client, account, refusal):
    alias = f"alias-{account}"
    iam.create_account_alias(AccountAlias=alias)
    other = client("iam", key=str((int(account) + 1) % 10**12).zfill(12))
    assert refusal(other.create_account_alias, AccountAlias=alias) == (
        "EntityAlreadyExists",
        f"The account alias {alias} already exists.",
    )
    assert refusal(other.delete_account_alias, AccountAlias=alias) == (
        "NoSuchEntity",
        f"The account alias {alias} cannot be found.",
    )


def test_the_summary_counts_what_is_there(iam, arn):
    iam.create_user(UserName="ann")

    summary = iam.get_account_summary()["SummaryMap"]

    assert len(summary) == 34
    assert (summary["Users"], summary["Policies"], summary["PolicyVersionsInUse"]) == (1, 1, 1)
    assert (summary["Roles"], summary["RolesQuota"], summary["MFADevices"]) == (0, 1000, 0)


def test_the_authorization_details_show_everything_attached(iam, arn):
    iam.create_group(GroupName="team")
    iam.create_user(UserName="ann", Tags=[{"Key": "k", "Value": "v"}])
    iam.add_user_to_group(GroupName="team", UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=allow("s3:*"))
    iam.attach_role_policy(RoleName="worker", PolicyArn=LOGS)

    every = iam.get_account_authorization_details()
    users = iam.get_account_authorization_details(Filter=["User"])

    user = users["UserDetailList"][0]
    assert (user["GroupList"], user["Tags"]) == (["team"], [{"Key": "k", "Value": "v"}])
    assert user["AttachedManagedPolicies"] == [{"PolicyName": "own", "PolicyArn": arn}]
    assert (users["RoleDetailList"], users["GroupDetailList"], users["Policies"]) == ([], [], [])
    role = every["RoleDetailList"][0]
    assert role["RolePolicyList"][0]["PolicyDocument"] == json.loads(allow("s3:*"))
    assert sorted(policy["Arn"] for policy in every["Policies"]) == sorted([arn, LOGS])
    assert every["IsTruncated"] is False


def test_what_the_cdk_bootstraps_with_can_be_attached(iam):
    iam.create_role(RoleName="lookup", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    for name in ("ReadOnlyAccess", "AdministratorAccess"):
        iam.attach_role_policy(RoleName="lookup", PolicyArn=f"arn:aws:iam::aws:policy/{name}")

    attached = iam.list_attached_role_policies(RoleName="lookup")["AttachedPolicies"]

    assert [each["PolicyName"] for each in attached] == ["ReadOnlyAccess", "AdministratorAccess"]


def test_every_policy_of_aws_is_one_that_the_grammar_knows():
    for policy in catalogue.published().values():
        Evaluator().validate(policy.default.document, PolicyKind.IDENTITY)
    assert len(catalogue.published()) > 40
