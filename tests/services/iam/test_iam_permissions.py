"""IAM's own operations are judged, on the right resources and with the right condition keys."""

from __future__ import annotations

import pytest

from iam_fixtures import allow, trust

EC2 = trust({"Service": "ec2.amazonaws.com"})


def refused(account, action, resource):
    return (
        "AccessDenied",
        f"User: arn:aws:iam::{account}:user/ann is not authorized to perform: {action} on resource: "
        f"{resource} because no identity-based policy allows the {action} action",
    )


def test_refusals_name_what_is_there_by_its_kind(as_user, iam, account, refusal):
    own = as_user("ann")("iam")
    iam.create_role(RoleName="worker", Path="/p/", AssumeRolePolicyDocument=EC2)
    arn = iam.create_policy(PolicyName="own", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]

    assert refusal(own.get_role, RoleName="worker") == refused(account, "iam:GetRole", "role worker")
    assert refusal(own.get_policy, PolicyArn=arn) == refused(account, "iam:GetPolicy", f"policy {arn}")
    assert refusal(own.create_access_key, UserName="ann") == refused(
        account, "iam:CreateAccessKey", "user ann"
    )


def test_refusals_name_what_would_be_made_by_its_arn(as_user, account, refusal):
    own = as_user("ann")("iam")

    assert refusal(own.create_role, RoleName="new", Path="/p/", AssumeRolePolicyDocument=EC2) == refused(
        account, "iam:CreateRole", f"arn:aws:iam::{account}:role/p/new"
    )
    assert refusal(own.create_policy, PolicyName="new", PolicyDocument=allow("s3:*")) == refused(
        account, "iam:CreatePolicy", "policy new"
    )
    assert refusal(own.list_users) == refused(account, "iam:ListUsers", f"arn:aws:iam::{account}:user/")
    assert refusal(own.get_account_summary) == refused(account, "iam:GetAccountSummary", "*")


def test_a_role_is_judged_by_its_arn_with_the_path(as_user, iam, account, refusal):
    resource = f"arn:aws:iam::{account}:role/team/*"
    own = as_user("ann", "iam:GetRole", resource=resource)("iam")
    iam.create_role(RoleName="inside", Path="/team/", AssumeRolePolicyDocument=EC2)
    iam.create_role(RoleName="outside", AssumeRolePolicyDocument=EC2)

    assert own.get_role(RoleName="inside")
    assert refusal(own.get_role, RoleName="outside")[0] == "AccessDenied"


def test_tags_of_the_role_are_condition_keys(as_user, iam, refusal):
    condition = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    own = as_user("ann", "iam:DeleteRole", Condition=condition)("iam")
    for name, team in (("red", "red"), ("blue", "blue")):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=EC2, Tags=[{"Key": "team", "Value": team}])

    assert refusal(own.delete_role, RoleName="blue")[0] == "AccessDenied"
    own.delete_role(RoleName="red")


def test_only_roles_with_the_boundary_may_be_made(as_user, iam, account, refusal):
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    condition = {"StringEquals": {"iam:PermissionsBoundary": bound}}
    own = as_user("ann", "iam:CreateRole", "iam:PutRolePolicy", Condition=condition)("iam")
    iam.create_role(RoleName="free", AssumeRolePolicyDocument=EC2)

    assert refusal(own.create_role, RoleName="a", AssumeRolePolicyDocument=EC2)[0] == "AccessDenied"
    own.create_role(RoleName="a", AssumeRolePolicyDocument=EC2, PermissionsBoundary=bound)
    own.put_role_policy(RoleName="a", PolicyName="p", PolicyDocument=allow("*"))
    assert (
        refusal(own.put_role_policy, RoleName="free", PolicyName="p", PolicyDocument=allow("*"))[0]
        == "AccessDenied"
    )


def test_only_the_named_policy_may_be_attached(as_user, iam, refusal):
    allowed = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    own = as_user("ann", "iam:AttachRolePolicy", Condition={"ArnEquals": {"iam:PolicyARN": allowed}})("iam")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)

    own.attach_role_policy(RoleName="worker", PolicyArn=allowed)
    other = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert refusal(own.attach_role_policy, RoleName="worker", PolicyArn=other)[0] == "AccessDenied"


def test_a_role_goes_into_an_instance_profile_only_with_leave_to_pass_it(as_user, iam, refusal):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)
    iam.create_instance_profile(InstanceProfileName="box")
    asked = {"InstanceProfileName": "box", "RoleName": "worker"}
    own = as_user("ann", "iam:AddRoleToInstanceProfile")("iam")

    code, message = refusal(own.add_role_to_instance_profile, **asked)

    assert code == "AccessDenied"
    assert "iam:PassRole" in message
    passing = allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})
    iam.put_user_policy(UserName="ann", PolicyName="pass", PolicyDocument=passing)
    own.add_role_to_instance_profile(**asked)


def test_a_boundary_limits_what_a_user_may(as_user, iam, refusal):
    own = as_user("ann", "iam:*")("iam")
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=allow("iam:Get*"))["Policy"]["Arn"]
    assert own.list_users()["Users"]

    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=bound)

    assert own.get_user()["User"]["UserName"] == "ann"
    code, message = refusal(own.list_users)
    assert code == "AccessDenied"
    assert message.endswith("because no permissions boundary allows the iam:ListUsers action")


@pytest.mark.parametrize("change", ["attach", "detach"])
def test_changes_count_from_the_next_call_on(as_user, iam, refusal, change):
    own = as_user("ann")("iam")
    read_only = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    iam.attach_user_policy(UserName="ann", PolicyArn=read_only)
    assert own.list_users()["Users"]

    iam.detach_user_policy(UserName="ann", PolicyArn=read_only)

    assert refusal(own.list_users)[0] == "AccessDenied"
    if change == "attach":
        iam.attach_user_policy(UserName="ann", PolicyArn=read_only)
        assert own.list_users()["Users"]
