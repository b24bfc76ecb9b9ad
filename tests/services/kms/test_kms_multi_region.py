"""Multi-Region keys as boto3 sees them: what replicas share with their primary, and what not."""

from __future__ import annotations

import time

import pytest

DAY_SECONDS = 86400
CONTEXT = {"purpose": "test"}


@pytest.fixture
def there(client):
    """KMS in the replica's region."""
    return client("kms", region="ap-southeast-1")


@pytest.fixture
def primary(kms):
    return kms.create_key(MultiRegion=True, Description="primary")["KeyMetadata"]


def replicate(kms, primary, **more):
    return kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="ap-southeast-1", **more)


def test_a_primary_is_described_as_at_aws(primary, account):
    assert primary["KeyId"].startswith("mrk-")
    assert len(primary["KeyId"]) == 36
    assert primary["MultiRegion"] is True
    assert primary["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": primary["Arn"], "Region": "us-east-1"},
        "ReplicaKeys": [],
    }


def test_a_replica_is_described_as_at_aws(kms, there, primary, account, refusal):
    arn = f"arn:aws:kms:ap-southeast-1:{account}:key/{primary['KeyId']}"
    assert refusal(there.describe_key, KeyId=primary["KeyId"]) == (
        "NotFoundException",
        f"Key '{arn}' does not exist",
    )
    answer = replicate(kms, primary)

    replica = answer["ReplicaKeyMetadata"]
    assert (replica["Arn"], replica["Description"]) == (arn, "")
    assert (replica["KeyState"], replica["Enabled"]) == ("Creating", False)
    assert replica["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "REPLICA",
        "PrimaryKey": {"Arn": primary["Arn"], "Region": "us-east-1"},
        "ReplicaKeys": [{"Arn": arn, "Region": "ap-southeast-1"}],
    }
    assert '"key-default-1"' in answer["ReplicaPolicy"]
    assert "ReplicaTags" not in answer
    described = kms.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]
    assert described["MultiRegionConfiguration"]["ReplicaKeys"] == [{"Arn": arn, "Region": "ap-southeast-1"}]


def test_what_one_encrypts_the_other_decrypts_also_after_a_rotation(kms, there, primary):
    replicate(kms, primary)
    request = {"KeyId": primary["KeyId"], "Plaintext": b"x", "EncryptionContext": CONTEXT}
    before = kms.encrypt(**request)["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=primary["KeyId"])
    after = kms.encrypt(**request)["CiphertextBlob"]

    for blob in (before, after):
        decrypted = there.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)
        assert decrypted["Plaintext"] == b"x"
        assert ":ap-southeast-1:" in decrypted["KeyId"]


def test_pairs_of_replicas_sign_the_same(kms, there):
    key = kms.create_key(MultiRegion=True, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    replicate(kms, key)
    asked = {"KeyId": key["KeyId"], "Message": b"x", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}

    signature = there.sign(**asked)["Signature"]
    assert kms.verify(**asked, Signature=signature)["SignatureValid"]
    public_keys = {each.get_public_key(KeyId=key["KeyId"])["PublicKey"] for each in (kms, there)}
    assert len(public_keys) == 1


def test_a_replica_is_ruled_by_itself(kms, there, primary):
    replicate(kms, primary)
    there.disable_key(KeyId=primary["KeyId"])
    assert kms.encrypt(KeyId=primary["KeyId"], Plaintext=b"x")["CiphertextBlob"]


@pytest.mark.unverified("the shapes are documented, the texts were not found")
def test_only_a_primary_is_replicated_and_once_a_region(kms, there, key, primary, refusal):
    replicate(kms, primary)
    again = {"KeyId": primary["KeyId"], "ReplicaRegion": "ap-southeast-1"}
    assert refusal(kms.replicate_key, **again)[0] == "AlreadyExistsException"
    single = {"KeyId": key["KeyId"], "ReplicaRegion": "ap-southeast-1"}
    assert refusal(kms.replicate_key, **single)[0] == "UnsupportedOperationException"
    elsewhere = {"KeyId": primary["KeyId"], "ReplicaRegion": "eu-west-1"}
    assert refusal(there.replicate_key, **elsewhere)[0] == "UnsupportedOperationException"
    assert refusal(there.enable_key_rotation, KeyId=primary["KeyId"])[0] == "UnsupportedOperationException"


def test_a_replica_becomes_the_primary(kms, there, primary):
    replicate(kms, primary)
    kms.enable_key_rotation(KeyId=primary["KeyId"], RotationPeriodInDays=100)
    kms.update_primary_region(KeyId=primary["KeyId"], PrimaryRegion="ap-southeast-1")

    configuration = there.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
    assert configuration["MultiRegionKeyType"] == "PRIMARY"
    assert [each["Region"] for each in configuration["ReplicaKeys"]] == ["us-east-1"]
    assert there.get_key_rotation_status(KeyId=primary["KeyId"])["RotationPeriodInDays"] == 100
    assert kms.get_key_rotation_status(KeyId=primary["KeyId"])["KeyRotationEnabled"] is True
    there.rotate_key_on_demand(KeyId=primary["KeyId"])


def test_a_primary_outlives_its_replicas(server, kms, there, primary):
    replicate(kms, primary)
    answer = kms.schedule_key_deletion(KeyId=primary["KeyId"], PendingWindowInDays=10)
    assert answer["KeyState"] == "PendingReplicaDeletion"
    assert "DeletionDate" not in answer
    described = kms.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]
    assert described["PendingDeletionWindowInDays"] == 10

    there.schedule_key_deletion(KeyId=primary["KeyId"], PendingWindowInDays=7)
    server.advance(7 * DAY_SECONDS + 1)

    end = time.monotonic() + 10
    while described["KeyState"] != "PendingDeletion":
        assert time.monotonic() < end
        described = kms.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]
    assert described["MultiRegionConfiguration"]["ReplicaKeys"] == []
    assert described["DeletionDate"]
