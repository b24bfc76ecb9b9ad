"""Grants as boto3 sees them: who may do what with a key beside its policy, and until when."""

from __future__ import annotations

import json

import pytest

from iam_fixtures import allow, trust

CONTEXT = {"table": "one", "part": "a"}


@pytest.fixture
def user(as_user, account):
    """Somebody without any permission."""
    return as_user("grantee"), f"arn:aws:iam::{account}:user/grantee"


def grant(kms, key, principal, *operations, **more):
    return kms.create_grant(
        KeyId=key["KeyId"], GranteePrincipal=principal, Operations=list(operations), **more
    )


def test_a_grant_is_all_that_a_principal_needs(kms, key, user, refusal):
    make, arn = user
    theirs = make("kms")
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert refusal(theirs.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"

    given = grant(kms, key, arn, "Decrypt")
    assert theirs.decrypt(CiphertextBlob=blob, GrantTokens=[given["GrantToken"]])["Plaintext"] == b"x"
    assert theirs.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert refusal(theirs.encrypt, KeyId=key["KeyId"], Plaintext=b"x")[0] == "AccessDeniedException"


def test_a_grant_is_described_as_at_aws(kms, key, user, account):
    _, arn = user
    constraints = {"EncryptionContextSubset": {"table": "one"}}
    given = grant(kms, key, arn, "Decrypt", "DescribeKey", RetiringPrincipal=arn, Constraints=constraints)

    [listed] = kms.list_grants(KeyId=key["KeyId"])["Grants"]
    assert listed.pop("CreationDate")
    assert listed == {
        "KeyId": key["Arn"],
        "GrantId": given["GrantId"],
        "Name": "",
        "GranteePrincipal": arn,
        "RetiringPrincipal": arn,
        "IssuingAccount": f"arn:aws:iam::{account}:root",
        "Operations": ["Decrypt", "DescribeKey"],
        "Constraints": constraints,
    }
    retirable = kms.list_retirable_grants(RetiringPrincipal=arn)["Grants"]
    assert [each["GrantId"] for each in retirable] == [given["GrantId"]]


@pytest.mark.parametrize(
    ("constraints", "right", "wrong"),
    [
        ({"EncryptionContextSubset": {"table": "one"}}, CONTEXT, {"table": "two"}),
        ({"EncryptionContextEquals": CONTEXT}, CONTEXT, {**CONTEXT, "more": "x"}),
        ({"EncryptionContextEquals": CONTEXT}, CONTEXT, {}),
    ],
)
def test_a_grants_constraints_are_kept(kms, key, user, refusal, constraints, right, wrong):
    make, arn = user
    theirs = make("kms")
    grant(kms, key, arn, "Encrypt", Constraints=constraints)

    request = {"KeyId": key["KeyId"], "Plaintext": b"x"}
    assert theirs.encrypt(**request, EncryptionContext=right)["CiphertextBlob"]
    assert refusal(theirs.encrypt, **request, EncryptionContext=wrong)[0] == "AccessDeniedException"


def test_a_grant_to_a_role_is_its_sessions(client, kms, key, iam, account, with_session):
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"AWS": account}))["Role"]
    credentials = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="one")["Credentials"]
    grant(kms, key, role["Arn"], "GenerateDataKey")

    answer = with_session(credentials, "kms").generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    assert len(answer["Plaintext"]) == 32


def test_a_denial_outweighs_a_grant(kms, key, iam, user, refusal):
    make, arn = user
    grant(kms, key, arn, "Encrypt")
    denial = json.loads(allow("kms:*"))
    denial["Statement"][0]["Effect"] = "Deny"
    iam.put_user_policy(UserName="grantee", PolicyName="no", PolicyDocument=json.dumps(denial))

    code, message = refusal(make("kms").encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    assert code == "AccessDeniedException"
    assert "with an explicit deny in an identity-based policy" in message


def test_a_named_request_that_is_sent_again_gets_the_same_grant(kms, key, user):
    _, arn = user
    first = grant(kms, key, arn, "Encrypt", Name="one")
    again = grant(kms, key, arn, "Encrypt", Name="one")
    other = grant(kms, key, arn, "Decrypt", Name="one")
    unnamed = [grant(kms, key, arn, "Encrypt")["GrantId"] for _ in range(2)]

    assert first["GrantId"] == again["GrantId"]
    assert first["GrantToken"] != again["GrantToken"]
    assert len({first["GrantId"], other["GrantId"], *unnamed}) == 4


def test_a_revoked_grant_counts_no_more(kms, key, user, refusal):
    make, arn = user
    given = grant(kms, key, arn, "Encrypt")
    kms.revoke_grant(KeyId=key["KeyId"], GrantId=given["GrantId"])

    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []
    assert kms.list_retirable_grants(RetiringPrincipal=arn)["Grants"] == []
    assert refusal(make("kms").encrypt, KeyId=key["KeyId"], Plaintext=b"x")[0] == "AccessDeniedException"


@pytest.mark.unverified("the shapes are documented, the texts were not found")
def test_a_grant_that_is_not_there_cannot_be_revoked(kms, key, refusal):
    assert refusal(kms.revoke_grant, KeyId=key["KeyId"], GrantId="one")[0] == "InvalidGrantIdException"
    assert refusal(kms.revoke_grant, KeyId=key["KeyId"], GrantId="0" * 64)[0] == "NotFoundException"


def test_a_grant_is_retired_by_those_whom_it_names(kms, key, user, as_user, account, refusal):
    make, arn = user
    theirs = make("kms")
    other = as_user("other")("kms")
    retirable = grant(kms, key, arn, "Encrypt", RetiringPrincipal=arn)
    given_back = grant(kms, key, arn, "Encrypt", "RetireGrant")
    kept = grant(kms, key, arn, "Encrypt")

    assert refusal(other.retire_grant, GrantToken=retirable["GrantToken"])[0] == "AccessDeniedException"
    theirs.retire_grant(GrantToken=retirable["GrantToken"])
    theirs.retire_grant(KeyId=key["Arn"], GrantId=given_back["GrantId"])
    assert refusal(theirs.retire_grant, GrantToken=kept["GrantToken"])[0] == "AccessDeniedException"
    kms.retire_grant(KeyId=key["Arn"], GrantId=kept["GrantId"])
    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []


def test_whoever_may_hand_a_grant_on_hands_on_no_more_than_it_is(kms, key, user, as_user, account, refusal):
    make, arn = user
    theirs = make("kms")
    as_user("third")
    third = f"arn:aws:iam::{account}:user/third"
    constraints = {"EncryptionContextSubset": {"table": "one"}}
    grant(kms, key, arn, "CreateGrant", "Decrypt", Constraints=constraints)

    assert grant(theirs, key, third, "Decrypt", Constraints=constraints)["GrantId"]
    narrower = {"EncryptionContextEquals": CONTEXT}
    assert grant(theirs, key, third, "Decrypt", Constraints=narrower)["GrantId"]
    for operations, wider in ((["Decrypt"], {}), (["Encrypt"], {"Constraints": constraints})):
        refused = refusal(
            theirs.create_grant, KeyId=key["KeyId"], GranteePrincipal=third, Operations=operations, **wider
        )
        assert refused[0] == "AccessDeniedException"


def test_the_conditions_of_a_grant_can_be_asked_for(kms, key, user, as_user, refusal):
    _, arn = user
    condition = {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]}}
    theirs = as_user("giver", "kms:CreateGrant", Condition=condition)("kms")

    assert grant(theirs, key, arn, "Decrypt")["GrantId"]
    refused = refusal(
        theirs.create_grant, KeyId=key["KeyId"], GranteePrincipal=arn, Operations=["Decrypt", "Encrypt"]
    )
    assert refused[0] == "AccessDeniedException"


def test_a_token_that_kms_has_not_given_out_is_refused(kms, key, refusal):
    refused = refusal(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x", GrantTokens=["bm90aGluZw=="])
    assert refused[0] == "InvalidGrantTokenException"


@pytest.mark.unverified("the shape is documented, the text was not found")
def test_a_grant_names_only_those_that_are_there(kms, key, account, refusal):
    nobody = f"arn:aws:iam::{account}:role/nobody"
    refused = refusal(kms.create_grant, KeyId=key["KeyId"], GranteePrincipal=nobody, Operations=["Decrypt"])
    assert refused[0] == "InvalidArnException"
