"""Who may use a key: the key policy's word, and what it hands over to IAM."""

from __future__ import annotations

import json

import pytest

from cloudlet.core.access import Principal
from cloudlet.core.errors import AccessDenied
from iam_fixtures import allow, trust

DEFAULT_POLICY = """{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::%s:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}"""


def statement(principal, *actions, **more):
    return {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*", **more}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def root(account):
    """The statement that hands everything over to IAM."""
    return statement({"AWS": f"arn:aws:iam::{account}:root"}, "kms:*")


def test_a_key_without_a_policy_gets_awss(kms, key, account):
    answer = kms.get_key_policy(KeyId=key["KeyId"])
    assert (answer["Policy"], answer["PolicyName"]) == (DEFAULT_POLICY % account, "default")
    listed = kms.list_key_policies(KeyId=key["KeyId"])
    assert (listed["PolicyNames"], listed["Truncated"]) == (["default"], False)


def test_the_default_policy_hands_over_to_iam(kms, key, as_user, account, refusal):
    permitted = as_user("may", "kms:Encrypt", resource=key["Arn"])("kms")
    other = as_user("may-not")("kms")

    assert permitted.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert refusal(other.encrypt, KeyId=key["KeyId"], Plaintext=b"x") == (
        "AccessDeniedException",
        f"User: arn:aws:iam::{account}:user/may-not is not authorized to perform: kms:Encrypt on resource: "
        f"{key['Arn']} because no identity-based policy allows the kms:Encrypt action",
    )


def test_without_the_key_policys_word_iam_gives_nothing(kms, as_user, account, refusal):
    administrator = as_user("admin", "kms:*")("kms")
    alone = statement({"AWS": f"arn:aws:iam::{account}:user/admin"}, "kms:PutKeyPolicy", "kms:Encrypt")
    key = administrator.create_key(Policy=policy(alone))["KeyMetadata"]
    other = as_user("other", "kms:*")("kms")

    assert administrator.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    text = "is not authorized to perform: kms:Encrypt on resource: {} because no resource-based policy allows"
    for refused in (other, kms):
        code, message = refusal(refused.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
        assert code == "AccessDeniedException"
        assert text.format(key["Arn"]) in message


def test_a_policy_that_shuts_its_writer_out_is_refused(kms, key, as_user, root, account, refusal):
    as_user("somebody")
    theirs = policy(statement({"AWS": f"arn:aws:iam::{account}:user/somebody"}, "kms:*"))
    locked_out = (
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    )
    assert refusal(kms.create_key, Policy=theirs) == locked_out
    assert refusal(kms.put_key_policy, KeyId=key["KeyId"], Policy=theirs) == locked_out

    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(root))
    kms.put_key_policy(KeyId=key["KeyId"], Policy=theirs, BypassPolicyLockoutSafetyCheck=True)
    assert refusal(kms.get_key_policy, KeyId=key["KeyId"])[0] == "AccessDeniedException"


def test_a_policy_names_only_those_that_are_there(kms, root, account, refusal):
    nobody = statement({"AWS": f"arn:aws:iam::{account}:role/nobody"}, "kms:Decrypt")
    assert refusal(kms.create_key, Policy=policy(root, nobody)) == (
        "MalformedPolicyDocumentException",
        "Policy contains a statement with one or more invalid principals.",
    )


def test_a_condition_on_the_encryption_context_is_kept(kms, key, as_user, refusal):
    condition = {"StringEquals": {"kms:EncryptionContext:team": "one"}}
    user = as_user("one", "kms:Encrypt", "kms:Decrypt", resource=key["Arn"], Condition=condition)("kms")

    blob = user.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"team": "one"})[
        "CiphertextBlob"
    ]
    assert user.decrypt(CiphertextBlob=blob, EncryptionContext={"team": "one"})["Plaintext"] == b"x"
    for context in ({}, {"team": "two"}, {"other": "one"}):
        assert refusal(user.encrypt, KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)[0] == (
            "AccessDeniedException"
        )


def test_the_keys_of_an_encryption_context_can_be_asked_for(kms, key, as_user, refusal):
    condition = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["team"]}}
    user = as_user("keys", "kms:Encrypt", resource=key["Arn"], Condition=condition)("kms")

    assert user.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"team": "any"})
    both = {"team": "any", "other": "x"}
    assert refusal(user.encrypt, KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=both)[0] == (
        "AccessDeniedException"
    )


def test_a_condition_on_the_alias_of_the_request_is_kept(kms, key, as_user, refusal):
    kms.create_alias(AliasName="alias/one", TargetKeyId=key["KeyId"])
    condition = {"StringEquals": {"kms:RequestAlias": "alias/one"}}
    user = as_user("alias", "kms:Encrypt", Condition=condition)("kms")

    assert user.encrypt(KeyId="alias/one", Plaintext=b"x")["KeyId"] == key["Arn"]
    assert refusal(user.encrypt, KeyId=key["KeyId"], Plaintext=b"x")[0] == "AccessDeniedException"


def test_conditions_on_tags_aliases_and_the_kind_of_key_are_kept(kms, key, as_user, refusal):
    condition = {
        "StringEquals": {"aws:ResourceTag/team": "one", "kms:KeySpec": "SYMMETRIC_DEFAULT"},
        "ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/o*"},
        "Bool": {"kms:MultiRegion": "false"},
    }
    user = as_user("tags", "kms:Encrypt", Condition=condition)("kms")
    assert refusal(user.encrypt, KeyId=key["KeyId"], Plaintext=b"x")[0] == "AccessDeniedException"

    kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "team", "TagValue": "one"}])
    kms.create_alias(AliasName="alias/one", TargetKeyId=key["KeyId"])
    assert user.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["KeyId"] == key["Arn"]


def test_another_account_needs_both_policies(client, kms, root, iam, refusal):
    stranger = "777000777000"
    theirs = client("kms", key=stranger)
    key = kms.create_key()["KeyMetadata"]
    assert refusal(theirs.encrypt, KeyId=key["Arn"], Plaintext=b"x")[0] == "AccessDeniedException"

    shared = statement({"AWS": f"arn:aws:iam::{stranger}:root"}, "kms:*")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(root, shared))
    blob = theirs.encrypt(KeyId=key["Arn"], Plaintext=b"x")["CiphertextBlob"]
    assert theirs.decrypt(CiphertextBlob=blob)["KeyId"] == key["Arn"]
    assert theirs.describe_key(KeyId=key["Arn"])["KeyMetadata"]["Arn"] == key["Arn"]
    assert refusal(theirs.disable_key, KeyId=key["Arn"])[0] == "AccessDeniedException"
    assert refusal(theirs.get_key_policy, KeyId=key["Arn"])[0] == "AccessDeniedException"


def test_a_session_policy_limits_what_a_role_may_decrypt(
    client, iam, kms, key, account, with_session, refusal
):
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"AWS": account}))["Role"]
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=allow("kms:*"))
    session = client("sts").assume_role(
        RoleArn=role["Arn"], RoleSessionName="one", Policy=allow("kms:Encrypt")
    )["Credentials"]
    worker = with_session(session, "kms")

    blob = worker.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert refusal(worker.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"


def test_an_aws_managed_key_is_made_when_it_is_first_named(kms, account, refusal):
    made = kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]

    assert (made["KeyManager"], made["Description"]) == (
        "AWS",
        "Default key that protects my DynamoDB data when no other key is defined",
    )
    assert kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"] == made
    assert kms.list_aliases()["Aliases"][0]["AliasName"] == "alias/aws/dynamodb"
    document = json.loads(kms.get_key_policy(KeyId=made["KeyId"])["Policy"])
    assert document["Id"] == "auto-dynamodb-1"
    assert document["Statement"][0]["Condition"]["StringEquals"] == {
        "kms:CallerAccount": account,
        "kms:ViaService": "dynamodb.us-east-1.amazonaws.com",
    }
    for operation in (kms.disable_key, kms.schedule_key_deletion):
        assert refusal(operation, KeyId=made["KeyId"])[0] == "AccessDeniedException"


def test_an_aws_managed_key_is_used_only_through_its_service(server, kms, account, refusal):
    assert refusal(kms.encrypt, KeyId="alias/aws/sqs", Plaintext=b"x")[0] == "AccessDeniedException"

    def through(service):
        call = server.app.cloud.call("kms", Principal.root(account), account, "us-east-1")
        request = {"KeyId": "alias/aws/sqs", "KeySpec": "AES_256"}
        return server.run(call.on_behalf(service).ask("kms", "GenerateDataKey", request))

    assert len(through("sqs.amazonaws.com")["Plaintext"]) == 32
    with pytest.raises(AccessDenied):
        through("sns.amazonaws.com")


def test_an_alias_of_aws_that_no_service_has_names_nothing(kms, account, refusal):
    assert refusal(kms.describe_key, KeyId="alias/aws/nothing") == (
        "NotFoundException",
        f"Alias arn:aws:kms:us-east-1:{account}:alias/aws/nothing is not found.",
    )
