"""Roles as boto3 sees them; members and texts are those recorded at AWS."""

from __future__ import annotations

import json

import pytest

from iam_fixtures import allow, trust

EC2 = trust({"Service": "ec2.amazonaws.com"})


def test_a_new_role_shows_its_name_and_trust_policy_only(iam, account):
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2, Description="works")["Role"]

    assert role.pop("CreateDate").microsecond == 0
    assert role.pop("RoleId").startswith("AROA")
    assert role == {
        "Path": "/",
        "RoleName": "worker",
        "Arn": f"arn:aws:iam::{account}:role/worker",
        "AssumeRolePolicyDocument": json.loads(EC2),
    }


def test_get_role_shows_its_settings_and_when_it_was_used(iam):
    created = iam.create_role(
        RoleName="worker",
        Path="/team/",
        AssumeRolePolicyDocument=EC2,
        Description="works",
        Tags=[{"Key": "k", "Value": "v"}],
    )["Role"]

    role = iam.get_role(RoleName="worker")["Role"]

    assert role["Arn"].endswith(":role/team/worker")
    assert role == {
        **created,
        "Description": "works",
        "MaxSessionDuration": 3600,
        "RoleLastUsed": {},
    }


def test_listed_roles_show_no_tags(iam):
    iam.create_role(RoleName="a", AssumeRolePolicyDocument=EC2, Tags=[{"Key": "k", "Value": "v"}])
    iam.create_role(RoleName="b", Path="/team/", AssumeRolePolicyDocument=EC2)

    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["a", "b"]
    assert [role["RoleName"] for role in iam.list_roles(PathPrefix="/team/")["Roles"]] == ["b"]
    shown = iam.list_roles()["Roles"][0]
    assert shown["MaxSessionDuration"] == 3600
    assert not {"Tags", "RoleLastUsed", "PermissionsBoundary"} & set(shown)


def test_lists_are_cut_into_pages(iam, refusal):
    for name in "abcde":
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=EC2)

    first = iam.list_roles(MaxItems=2)
    pages = list(iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2}))

    assert first["IsTruncated"] is True
    assert first["Marker"]
    assert [[role["RoleName"] for role in page["Roles"]] for page in pages] == [["a", "b"], ["c", "d"], ["e"]]
    assert pages[-1]["IsTruncated"] is False
    assert "Marker" not in pages[-1]


@pytest.mark.unverified("the code and the text are from memory")
def test_a_marker_of_no_list_is_refused(iam, refusal):
    assert refusal(iam.list_roles, Marker="foreign") == ("ValidationError", "Invalid Marker.")


def test_a_role_is_found_whatever_the_case_of_its_name(iam, refusal):
    iam.create_role(RoleName="Worker", AssumeRolePolicyDocument=EC2)

    code, message = refusal(iam.create_role, RoleName="WORKER", AssumeRolePolicyDocument=EC2)

    assert (code, message) == ("EntityAlreadyExists", "Role with name WORKER already exists.")
    assert iam.get_role(RoleName="worker")["Role"]["RoleName"] == "Worker"


def test_what_is_not_there_is_said_to_be_not_there(iam, refusal):
    expected = ("NoSuchEntity", "The role with name gone cannot be found.")

    assert refusal(iam.get_role, RoleName="gone") == expected
    assert refusal(iam.delete_role, RoleName="gone") == expected
    assert refusal(iam.update_role, RoleName="gone") == expected
    assert refusal(iam.tag_role, RoleName="gone", Tags=[{"Key": "k", "Value": "v"}]) == expected
    assert refusal(iam.list_role_policies, RoleName="gone") == expected


def test_update_role_leaves_what_is_absent(iam):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2, Description="before")

    iam.update_role(RoleName="worker", Description="after", MaxSessionDuration=7200)
    iam.update_role(RoleName="worker")

    role = iam.get_role(RoleName="worker")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("after", 7200)


def test_update_role_description_answers_the_role(iam):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)

    role = iam.update_role_description(RoleName="worker", Description="new")["Role"]

    assert role["Description"] == "new"
    assert "MaxSessionDuration" not in role


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "This policy contains invalid Json"),
        (
            trust({"Service": "ec2.amazonaws.com"}, "s3:GetObject"),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (trust({"Service": "ec2.amazonaws.com"}, Resource="*"), "Has prohibited field Resource"),
    ],
)
def test_a_trust_policy_that_aws_refuses_is_refused(iam, refusal, document, message):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)

    answer = refusal(iam.update_assume_role_policy, RoleName="worker", PolicyDocument=document)

    assert answer == ("MalformedPolicyDocument", message)


def test_a_trust_policy_must_not_name_who_is_not_there(iam, account, refusal):
    arn = f"arn:aws:iam::{account}:user/nobody"

    answer = refusal(iam.create_role, RoleName="worker", AssumeRolePolicyDocument=trust({"AWS": arn}))

    assert answer == ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')


def test_a_trust_policy_can_be_changed(iam):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)
    changed = trust({"Service": "lambda.amazonaws.com"})

    iam.update_assume_role_policy(RoleName="worker", PolicyDocument=changed)

    role = iam.get_role(RoleName="worker")["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(changed)


def test_a_role_with_policies_cannot_be_deleted(iam, refusal):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_role_policy(RoleName="worker", PolicyArn=administrator)
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=allow("s3:*"))

    assert refusal(iam.delete_role, RoleName="worker") == (
        "DeleteConflict",
        "Cannot delete entity, must detach all policies first.",
    )
    iam.detach_role_policy(RoleName="worker", PolicyArn=administrator)
    assert refusal(iam.delete_role, RoleName="worker") == (
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
    )
    iam.delete_role_policy(RoleName="worker", PolicyName="own")
    iam.delete_role(RoleName="worker")
    assert refusal(iam.get_role, RoleName="worker")[0] == "NoSuchEntity"


def test_inline_policies_come_and_go(iam, refusal):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)
    document = allow("s3:ListBucket", resource="arn:aws:s3:::with space/ä*")
    iam.put_role_policy(RoleName="worker", PolicyName="b", PolicyDocument=document)
    iam.put_role_policy(RoleName="worker", PolicyName="a", PolicyDocument=document)

    answer = iam.get_role_policy(RoleName="worker", PolicyName="b")

    assert (answer["RoleName"], answer["PolicyName"]) == ("worker", "b")
    assert answer["PolicyDocument"] == json.loads(document)
    assert iam.list_role_policies(RoleName="worker")["PolicyNames"] == ["a", "b"]
    iam.delete_role_policy(RoleName="worker", PolicyName="a")
    expected = ("NoSuchEntity", "The role policy with name a cannot be found.")
    assert refusal(iam.get_role_policy, RoleName="worker", PolicyName="a") == expected
    assert refusal(iam.delete_role_policy, RoleName="worker", PolicyName="a") == expected


def test_inline_policies_have_a_limit_in_all(iam, refusal):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)
    long = allow("s3:GetObject", resource=[f"arn:aws:s3:::bucket-{number:05}/*" for number in range(200)])
    iam.put_role_policy(RoleName="worker", PolicyName="a", PolicyDocument=long)

    answer = refusal(iam.put_role_policy, RoleName="worker", PolicyName="b", PolicyDocument=long)

    assert answer == ("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role worker")


def test_a_trust_policy_has_a_limit_without_white_space(iam, account, refusal):
    principals = {"AWS": [f"arn:aws:iam::{number:012}:root" for number in range(70)]}
    spaced = json.dumps(json.loads(EC2), indent=200)
    iam.create_role(RoleName="spaced", AssumeRolePolicyDocument=spaced)

    answer = refusal(iam.create_role, RoleName="long", AssumeRolePolicyDocument=trust(principals))

    assert answer == ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")


def test_managed_policies_are_attached_and_detached(iam, account, refusal):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)
    arn = iam.create_policy(PolicyName="own", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    missing = f"arn:aws:iam::{account}:policy/missing"

    iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
    iam.attach_role_policy(RoleName="worker", PolicyArn=arn)

    attached = iam.list_attached_role_policies(RoleName="worker")
    assert attached["AttachedPolicies"] == [{"PolicyName": "own", "PolicyArn": arn}]
    iam.detach_role_policy(RoleName="worker", PolicyArn=arn)
    assert iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"] == []
    assert refusal(iam.detach_role_policy, RoleName="worker", PolicyArn=arn) == (
        "NoSuchEntity",
        f"Policy {arn} was not found.",
    )
    assert refusal(iam.attach_role_policy, RoleName="worker", PolicyArn=missing) == (
        "NoSuchEntity",
        f"Policy {missing} does not exist or is not attachable.",
    )
    assert refusal(iam.attach_role_policy, RoleName="worker", PolicyArn="longpolicynamebutnoarn") == (
        "ValidationError",
        "ARN longpolicynamebutnoarn is not valid.",
    )


def test_an_unknown_policy_of_aws_cannot_be_attached(iam, refusal):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)
    arn = "arn:aws:iam::aws:policy/service-role/NoSuchPolicyOfAws"

    answer = refusal(iam.attach_role_policy, RoleName="worker", PolicyArn=arn)

    assert answer == ("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")


def test_ten_policies_can_be_attached(iam, refusal):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)
    arns = [
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
        for number in range(11)
    ]
    for arn in arns[:10]:
        iam.attach_role_policy(RoleName="worker", PolicyArn=arn)

    answer = refusal(iam.attach_role_policy, RoleName="worker", PolicyArn=arns[10])

    assert answer == ("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")


def test_a_permissions_boundary_is_set_and_lifted(iam, account, refusal):
    arn = iam.create_policy(PolicyName="bound", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}

    created = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2, PermissionsBoundary=arn)[
        "Role"
    ]

    assert created["PermissionsBoundary"] == boundary
    assert iam.get_role(RoleName="worker")["Role"]["PermissionsBoundary"] == boundary
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    iam.delete_role_permissions_boundary(RoleName="worker")
    assert "PermissionsBoundary" not in iam.get_role(RoleName="worker")["Role"]
    wrong = f"arn:aws:iam::{account}:not_a_policy/invalid"
    assert refusal(iam.put_role_permissions_boundary, RoleName="worker", PermissionsBoundary=wrong) == (
        "InvalidInput",
        f"ARN {wrong} is not valid.",
    )
    gone = f"arn:aws:iam::{account}:policy/nonexistent-policy"
    assert refusal(iam.put_role_permissions_boundary, RoleName="worker", PermissionsBoundary=gone) == (
        "NoSuchEntity",
        f"Scope ARN: {gone} does not exist or is not attachable.",
    )


def test_a_refused_boundary_leaves_no_role_behind(iam, account, refusal):
    gone = f"arn:aws:iam::{account}:policy/gone"

    refusal(iam.create_role, RoleName="worker", AssumeRolePolicyDocument=EC2, PermissionsBoundary=gone)

    assert refusal(iam.get_role, RoleName="worker")[0] == "NoSuchEntity"


def test_the_keys_of_a_roles_tags_do_not_differ_by_case_alone(iam, refusal):
    twice = [{"Key": "team", "Value": "a"}, {"Key": "Team", "Value": "b"}]

    answer = refusal(iam.create_role, RoleName="worker", AssumeRolePolicyDocument=EC2, Tags=twice)

    assert answer == (
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )


def test_tags_are_listed_by_key(iam):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)
    iam.tag_role(RoleName="worker", Tags=[{"Key": "b", "Value": "1"}, {"Key": "a", "Value": ""}])
    iam.tag_role(RoleName="worker", Tags=[{"Key": "b", "Value": "2"}])

    assert iam.list_role_tags(RoleName="worker")["Tags"] == [
        {"Key": "a", "Value": ""},
        {"Key": "b", "Value": "2"},
    ]
    iam.untag_role(RoleName="worker", TagKeys=["a", "never"])
    assert iam.list_role_tags(RoleName="worker")["Tags"] == [{"Key": "b", "Value": "2"}]


def test_a_service_linked_role_belongs_to_its_service(iam, account, refusal):
    role = iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com")["Role"]

    assert role["Arn"] == (
        f"arn:aws:iam::{account}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
    )
    assert refusal(iam.create_service_linked_role, AWSServiceName="spot.amazonaws.com") == (
        "InvalidInput",
        "Service role name AWSServiceRoleForEC2Spot has been taken in this account, "
        "please try a different suffix.",
    )
    assert refusal(iam.delete_role, RoleName="AWSServiceRoleForEC2Spot") == (
        "UnmodifiableEntity",
        "Cannot perform the operation on the protected role 'AWSServiceRoleForEC2Spot' - "
        "this role is only modifiable by AWS",
    )
    task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForEC2Spot")["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    assert refusal(iam.get_role, RoleName="AWSServiceRoleForEC2Spot")[0] == "NoSuchEntity"
