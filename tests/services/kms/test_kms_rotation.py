"""The renewal of keys' material as boto3 sees it, by the cloud's clock and on demand."""

from __future__ import annotations

import time

DAY_SECONDS = 86400


def rotations(kms, key, count):
    """What ListKeyRotations tells once there are so many."""
    end = time.monotonic() + 10
    while len(found := kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"]) < count:
        assert time.monotonic() < end, found
    return found


def test_a_key_keeps_its_material_unless_it_is_told_otherwise(kms, key):
    status = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert status["KeyRotationEnabled"] is False
    assert not {"RotationPeriodInDays", "NextRotationDate"} & set(status)
    assert kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"] == []


def test_material_is_renewed_by_the_clock(server, kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"old")["CiphertextBlob"]
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key["KeyId"])
    told = (status["KeyRotationEnabled"], status["RotationPeriodInDays"], status["KeyId"])
    assert told == (True, 90, key["Arn"])

    server.advance(90 * DAY_SECONDS + 1)

    [rotation] = rotations(kms, key, 1)
    assert (rotation["RotationType"], rotation["KeyMaterialState"]) == ("AUTOMATIC", "CURRENT")
    renewed = kms.get_key_rotation_status(KeyId=key["KeyId"])["NextRotationDate"]
    assert (renewed - status["NextRotationDate"]).days == 90
    old = kms.decrypt(CiphertextBlob=blob)
    assert (old["Plaintext"], old["KeyMaterialId"]) == (b"old", key["CurrentKeyMaterialId"])
    described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert described["CurrentKeyMaterialId"] == rotation["KeyMaterialId"] != old["KeyMaterialId"]
    kms.disable_key_rotation(KeyId=key["KeyId"])
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is False


def test_aws_managed_keys_are_renewed_every_year(server, kms):
    key = kms.describe_key(KeyId="alias/aws/sns")["KeyMetadata"]
    status = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 365)
    server.advance(365 * DAY_SECONDS + 1)
    assert len(rotations(kms, key, 1)) == 1


def test_a_disabled_key_is_renewed_when_it_is_enabled_again(server, kms, key):
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    kms.disable_key(KeyId=key["KeyId"])
    server.advance(91 * DAY_SECONDS)
    assert rotations(kms, key, 0) == []

    kms.enable_key(KeyId=key["KeyId"])
    assert len(rotations(kms, key, 1)) == 1


def test_material_is_renewed_on_demand(kms, key, refusal):
    blobs = []
    for _ in range(3):
        blobs.append(kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"])
        assert kms.rotate_key_on_demand(KeyId=key["KeyId"])["KeyId"] == key["Arn"]

    assert [each["RotationType"] for each in rotations(kms, key, 3)] == ["ON_DEMAND"] * 3
    everything = kms.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")
    states = [each["KeyMaterialState"] for each in everything["Rotations"]]
    assert states == ["NON_CURRENT", "NON_CURRENT", "NON_CURRENT", "CURRENT"]
    decrypted = [kms.decrypt(CiphertextBlob=blob) for blob in blobs]
    assert len({each["KeyMaterialId"] for each in decrypted}) == 3
    for _ in range(7):
        kms.rotate_key_on_demand(KeyId=key["KeyId"])
    assert refusal(kms.rotate_key_on_demand, KeyId=key["KeyId"])[0] == "LimitExceededException"


def test_only_symmetric_keys_are_renewed(kms, refusal):
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    for operation in (kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand):
        assert refusal(operation, KeyId=key["KeyId"]) == ("UnsupportedOperationException", "")
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is False


def test_a_key_that_waits_for_its_end_is_not_renewed_until_that_is_called_off(kms, key):
    kms.enable_key_rotation(KeyId=key["KeyId"])
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is False
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True
