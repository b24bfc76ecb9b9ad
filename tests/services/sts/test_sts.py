"""Temporary credentials as boto3 sees them; members and texts are those recorded at AWS."""

from __future__ import annotations

import base64

import pytest

from iam_fixtures import allow, trust


@pytest.fixture
def sts(client):
    return client("sts")


@pytest.fixture
def role(iam, account):
    """A role that its account may hand out."""
    document = trust({"AWS": account}, "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
    return iam.create_role(RoleName="worker", Path="/team/", AssumeRolePolicyDocument=document)["Role"]


def test_everybody_may_ask_who_they_are(sts, account, as_user, role, with_session):
    user = as_user("ann", "sts:AssumeRole")("sts")
    credentials = user.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]

    root = sts.get_caller_identity()
    named = user.get_caller_identity()
    session = with_session(credentials, "sts").get_caller_identity()

    assert (root["Account"], root["Arn"]) == (account, f"arn:aws:iam::{account}:root")
    assert root["UserId"] == account
    assert named["Arn"] == f"arn:aws:iam::{account}:user/ann"
    assert named["UserId"].startswith("AIDA")
    assert session["Arn"] == f"arn:aws:sts::{account}:assumed-role/worker/test"
    assert session["UserId"] == f"{role['RoleId']}:test"


def test_assume_role_answers_as_at_aws(sts, account, role):
    answer = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")

    answer.pop("ResponseMetadata")
    credentials = answer.pop("Credentials")
    assert answer == {
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role['RoleId']}:test",
            "Arn": f"arn:aws:sts::{account}:assumed-role/worker/test",
        }
    }
    assert set(credentials) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert len(credentials["SecretAccessKey"]) == 40


def test_a_session_does_what_its_role_may(iam, sts, role, with_session, refusal):
    credentials = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    session = with_session(credentials, "iam")
    expected = (
        f"User: {sts.assume_role(RoleArn=role['Arn'], RoleSessionName='test')['AssumedRoleUser']['Arn']} "
        "is not authorized to perform: iam:GetRole on resource: role worker "
        "because no identity-based policy allows the iam:GetRole action"
    )

    assert refusal(session.get_role, RoleName="worker") == ("AccessDenied", expected)
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=allow("iam:GetRole"))
    assert session.get_role(RoleName="worker")["Role"]["RoleName"] == "worker"
    iam.delete_role_policy(RoleName="worker", PolicyName="own")
    assert refusal(session.get_role, RoleName="worker")[0] == "AccessDenied"


def test_a_role_made_anew_does_not_serve_old_sessions(iam, sts, account, with_session, refusal):
    trusted = trust({"AWS": account})
    arn = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    credentials = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    iam.delete_role(RoleName="worker")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusted)
    iam.attach_role_policy(RoleName="worker", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")

    assert refusal(with_session(credentials, "iam").list_roles)[0] == "AccessDenied"


def test_a_user_needs_leave_of_its_own_where_the_account_is_trusted(iam, account, as_user, role, refusal):
    user = as_user("ann")("sts")
    expected = (
        f"User: arn:aws:iam::{account}:user/ann is not authorized to perform: sts:AssumeRole "
        f"on resource: {role['Arn']}"
    )

    assert refusal(user.assume_role, RoleArn=role["Arn"], RoleSessionName="test") == (
        "AccessDenied",
        expected,
    )
    iam.put_user_policy(
        UserName="ann", PolicyName="p", PolicyDocument=allow("sts:AssumeRole", resource=role["Arn"])
    )
    user.assume_role(RoleArn=role["Arn"], RoleSessionName="test")


def test_a_user_that_the_role_names_needs_no_other_leave(iam, account, as_user):
    user = as_user("ann")("sts")
    trusted = trust({"AWS": f"arn:aws:iam::{account}:user/ann"})
    arn = iam.create_role(RoleName="hers", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]

    assert user.assume_role(RoleArn=arn, RoleSessionName="test")["AssumedRoleUser"]


def test_a_role_for_a_service_is_not_for_people(iam, sts, refusal):
    trusted = trust({"Service": "lambda.amazonaws.com"})
    arn = iam.create_role(RoleName="function", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]

    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="test")[0] == "AccessDenied"


def test_a_role_that_is_not_there_is_refused_like_one_that_is(sts, account, refusal):
    arn = f"arn:aws:iam::{account}:role/gone"

    answer = refusal(sts.assume_role, RoleArn=arn, RoleSessionName="test")

    assert answer == (
        "AccessDenied",
        f"User: arn:aws:iam::{account}:root is not authorized to perform: sts:AssumeRole on resource: {arn}",
    )


@pytest.mark.parametrize(
    "arn",
    [
        "nothing-valid-in-here",
        "arn::b:::something/test-role",
        "arn:a::::something/test-role",
        "arn:a:::something/test-role",
        "arn:a:a::aaaaaaaaaa:",
    ],
)
def test_what_is_no_role_arn_is_invalid(sts, refusal, arn):
    answer = refusal(sts.assume_role, RoleArn=arn, RoleSessionName="test")

    assert answer == ("ValidationError", f"{arn} is invalid")


def test_a_session_name_has_a_pattern(sts, role, refusal):
    answer = refusal(sts.assume_role, RoleArn=role["Arn"], RoleSessionName="Session1:2")

    assert answer == (
        "ValidationError",
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    )


def test_another_account_needs_the_roles_trust_and_its_own_leave(client, iam, refusal):
    other = client("sts", key="210987654321")
    trusted = trust({"AWS": "210987654321"})
    arn = iam.create_role(RoleName="shared", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    closed = iam.create_role(
        RoleName="closed", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"})
    )["Role"]["Arn"]

    assert other.assume_role(RoleArn=arn, RoleSessionName="test")["AssumedRoleUser"]
    assert refusal(other.assume_role, RoleArn=closed, RoleSessionName="test")[0] == "AccessDenied"


def test_an_external_id_must_be_the_one_agreed_on(iam, sts, account, refusal):
    condition = {"StringEquals": {"sts:ExternalId": "agreed"}}
    trusted = trust({"AWS": account}, Condition=condition)
    arn = iam.create_role(RoleName="vendor", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]

    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="test")[0] == "AccessDenied"
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="test", ExternalId="no")[0] == "AccessDenied"
    assert sts.assume_role(RoleArn=arn, RoleSessionName="test", ExternalId="agreed")["Credentials"]


def test_a_session_lasts_as_long_as_asked(iam, sts, role, refusal, server):
    iam.update_role(RoleName="worker", MaxSessionDuration=7200)

    answer = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test", DurationSeconds=7200)

    left = answer["Credentials"]["Expiration"] - server.clock.now()
    assert 7100 < left.total_seconds() <= 7200
    assert refusal(sts.assume_role, RoleArn=role["Arn"], RoleSessionName="test", DurationSeconds=7201) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )


def test_a_chained_session_lasts_an_hour_at_most(iam, sts, role, with_session, refusal):
    iam.update_role(RoleName="worker", MaxSessionDuration=7200)
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=allow("sts:AssumeRole"))
    first = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="first")["Credentials"]
    chained = with_session(first, "sts")

    answer = refusal(chained.assume_role, RoleArn=role["Arn"], RoleSessionName="second", DurationSeconds=7200)

    assert answer == (
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    )
    assert chained.assume_role(RoleArn=role["Arn"], RoleSessionName="second")["Credentials"]


def test_a_session_policy_narrows_what_the_role_may(iam, sts, role, with_session, refusal):
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=allow("iam:*"))

    answer = sts.assume_role(
        RoleArn=role["Arn"], RoleSessionName="test", Policy=allow("iam:GetRole", "sts:*")
    )

    session = with_session(answer["Credentials"], "iam")
    assert 0 < answer["PackedPolicySize"] <= 100
    assert session.get_role(RoleName="worker")
    code, message = refusal(session.list_roles)
    assert code == "AccessDenied"
    assert message.endswith("because no session policy allows the iam:ListRoles action")


def test_session_policies_may_be_managed_ones(iam, sts, account, role, with_session, refusal):
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=allow("iam:*"))
    narrow = iam.create_policy(PolicyName="narrow", PolicyDocument=allow("iam:ListRoles"))["Policy"]["Arn"]
    asked = {"RoleArn": role["Arn"], "RoleSessionName": "test"}

    credentials = sts.assume_role(**asked, PolicyArns=[{"arn": narrow}])["Credentials"]

    session = with_session(credentials, "iam")
    assert session.list_roles()["Roles"]
    assert refusal(session.list_users)[0] == "AccessDenied"
    gone = f"arn:aws:iam::{account}:policy/gone"
    assert refusal(sts.assume_role, **asked, PolicyArns=[{"arn": gone}])[0] == "NoSuchEntity"


def test_session_tags_open_what_they_are_the_condition_for(iam, sts, account, with_session, refusal):
    trusted = trust({"AWS": account}, "sts:AssumeRole", "sts:TagSession")
    tags = [{"Key": "team", "Value": "red"}]
    arn = iam.create_role(RoleName="tagged", AssumeRolePolicyDocument=trusted, Tags=tags)["Role"]["Arn"]
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    document = allow("iam:ListRoles", Condition=condition)
    iam.put_role_policy(RoleName="tagged", PolicyName="p", PolicyDocument=document)

    plain = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    blue = sts.assume_role(RoleArn=arn, RoleSessionName="test", Tags=[{"Key": "Team", "Value": "blue"}])[
        "Credentials"
    ]

    assert refusal(with_session(plain, "iam").list_roles)[0] == "AccessDenied"
    assert with_session(blue, "iam").list_roles()["Roles"]


def test_session_tags_must_agree(sts, role, refusal):
    asked = {"RoleArn": role["Arn"], "RoleSessionName": "test"}
    tags = [{"Key": "SessionTag1", "Value": "1"}]

    assert refusal(sts.assume_role, **asked, Tags=tags, TransitiveTagKeys=["other"]) == (
        "InvalidParameterValue",
        "The specified transitive tag key must be included in the requested tags.",
    )
    twice = [*tags, {"Key": "sessiontag1", "Value": "2"}]
    assert refusal(sts.assume_role, **asked, Tags=twice) == (
        "InvalidParameterValue",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )


def test_transitive_tags_cannot_be_overridden_along_the_chain(iam, sts, role, with_session, refusal):
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=allow("sts:*"))
    asked = {"RoleArn": role["Arn"], "RoleSessionName": "test"}
    first = sts.assume_role(**asked, Tags=[{"Key": "Cost", "Value": "1"}], TransitiveTagKeys=["Cost"])
    chained = with_session(first["Credentials"], "sts")

    answer = refusal(chained.assume_role, **asked, Tags=[{"Key": "cost", "Value": "2"}])

    assert answer == (
        "InvalidParameterValue",
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag "
        "key from the calling session.",
    )


def test_a_source_identity_stays_along_the_chain(iam, sts, role, with_session):
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=allow("sts:*"))
    asked = {"RoleArn": role["Arn"], "RoleSessionName": "test"}

    first = sts.assume_role(**asked, SourceIdentity="ann")
    second = with_session(first["Credentials"], "sts").assume_role(**asked)

    assert (first["SourceIdentity"], second["SourceIdentity"]) == ("ann", "ann")


def test_get_session_token_is_for_long_term_keys(as_user, account, with_session, refusal, server):
    user = as_user("ann", "iam:ListUsers")

    credentials = user("sts").get_session_token()["Credentials"]

    session = with_session(credentials, "sts")
    assert session.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/ann"
    assert with_session(credentials, "iam").list_users()["Users"]
    left = credentials["Expiration"] - server.clock.now()
    assert 43000 < left.total_seconds() <= 43200
    assert refusal(session.get_session_token) == (
        "AccessDenied",
        "Cannot call GetSessionToken with session credentials",
    )


def test_nobody_has_an_mfa_device(as_user, account, refusal):
    user = as_user("ann")("sts")

    answer = refusal(
        user.get_session_token, SerialNumber=f"arn:aws:iam::{account}:mfa/ann", TokenCode="123456"
    )

    assert answer == (
        "AccessDenied",
        "MultiFactorAuthentication failed, unable to validate MFA code.  "
        "Please verify your MFA serial number is valid and associated with this user.",
    )


def test_a_federated_user_may_what_both_its_user_and_its_policy_allow(
    as_user, account, with_session, refusal
):
    user = as_user("ann", "sts:GetFederationToken", "iam:ListUsers", "iam:ListRoles")("sts")

    answer = user.get_federation_token(Name="guest", Policy=allow("iam:ListUsers", "iam:ListGroups"))

    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{account}:guest",
        "Arn": f"arn:aws:sts::{account}:federated-user/guest",
    }
    assert "PackedPolicySize" in answer
    guest = with_session(answer["Credentials"], "iam")
    assert guest.list_users()["Users"]
    assert refusal(guest.list_roles)[0] == "AccessDenied"
    assert refusal(guest.list_groups)[0] == "AccessDenied"


def test_a_federated_user_without_a_policy_may_nothing(as_user, with_session, refusal):
    answer = as_user("ann", "*")("sts").get_federation_token(Name="guest")

    assert answer["PackedPolicySize"] == 0
    assert refusal(with_session(answer["Credentials"], "iam").list_users)[0] == "AccessDenied"


def test_an_access_key_says_its_account(sts, account, as_user, iam, role):
    iam.create_user(UserName="ann")
    long_term = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    session = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]["AccessKeyId"]

    assert sts.get_access_key_info(AccessKeyId=long_term)["Account"] == account
    assert sts.get_access_key_info(AccessKeyId=session)["Account"] == account


@pytest.mark.unverified("the code and the text are from memory")
def test_an_access_key_that_nobody_has_says_nothing(sts, refusal):
    assert refusal(sts.get_access_key_info, AccessKeyId="AKIAIOSFODNN7NOBODYS") == (
        "ValidationError",
        "The access key ID AKIAIOSFODNN7NOBODYS is not valid.",
    )


def test_an_altered_token_is_refused(sts, role, client, refusal):
    credentials = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    content = bytearray(base64.b64decode(credentials["SessionToken"]))
    content[-3] ^= 1
    broken = client(
        "sts",
        key=credentials["AccessKeyId"],
        secret=credentials["SecretAccessKey"],
        token=base64.b64encode(bytes(content)).decode(),
    )

    assert refusal(broken.get_caller_identity) == (
        "InvalidClientTokenId",
        "The security token included in the request is invalid",
    )


def test_a_token_serves_its_own_key_only(sts, role, client, refusal):
    one = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="one")["Credentials"]
    two = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="two")["Credentials"]
    mixed = client("sts", key=one["AccessKeyId"], secret=one["SecretAccessKey"], token=two["SessionToken"])
    bare = client("sts", key=one["AccessKeyId"], secret=one["SecretAccessKey"])

    assert refusal(mixed.get_caller_identity)[0] == "InvalidClientTokenId"
    assert refusal(bare.get_caller_identity)[0] == "InvalidClientTokenId"


def test_a_wrong_secret_is_refused(sts, role, client, refusal):
    credentials = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="one")["Credentials"]
    wrong = client("sts", key=credentials["AccessKeyId"], secret="wrong", token=credentials["SessionToken"])

    assert refusal(wrong.get_caller_identity)[0] == "SignatureDoesNotMatch"


def test_switched_off_and_deleted_keys_are_refused(iam, client, refusal):
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    user = client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    named = {"UserName": "ann", "AccessKeyId": key["AccessKeyId"]}
    expected = ("InvalidClientTokenId", "The security token included in the request is invalid.")

    assert user.get_caller_identity()["UserId"]
    iam.update_access_key(Status="Inactive", **named)
    assert refusal(user.get_caller_identity) == expected
    iam.update_access_key(Status="Active", **named)
    assert user.get_caller_identity()["UserId"]
    iam.delete_access_key(**named)
    assert refusal(user.get_caller_identity) == expected


def test_a_session_ends_when_its_time_is_over(sts, role, with_session, refusal, server):
    asked = {"RoleArn": role["Arn"], "RoleSessionName": "test", "DurationSeconds": 900}
    session = with_session(sts.assume_role(**asked)["Credentials"], "sts")

    assert session.get_caller_identity()["Arn"].endswith("/test")
    server.advance(901)
    assert refusal(session.get_caller_identity) == (
        "ExpiredToken",
        "The security token included in the request is expired",
    )
