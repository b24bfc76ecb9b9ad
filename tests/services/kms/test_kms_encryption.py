"""Encrypting and decrypting as boto3 sees it; members and texts are recorded at AWS."""

from __future__ import annotations

import stat

import pytest
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.state import keys

CONTEXT = {"purpose": "test", "team": "one"}
INCORRECT_KEY = (
    "IncorrectKeyException",
    "The key ID in the request does not identify a CMK that can perform this operation.",
)


def test_what_is_encrypted_is_decrypted_without_naming_the_key(kms, key):
    encrypted = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")
    assert encrypted["KeyId"] == key["Arn"]
    assert encrypted["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert b"secret" not in encrypted["CiphertextBlob"]

    decrypted = kms.decrypt(CiphertextBlob=encrypted["CiphertextBlob"])
    decrypted.pop("ResponseMetadata")
    assert decrypted == {
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "KeyId": key["Arn"],
        "KeyMaterialId": key["CurrentKeyMaterialId"],
        "Plaintext": b"secret",
    }


def test_the_same_plaintext_is_never_encrypted_the_same(kms, key):
    blobs = {kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")["CiphertextBlob"] for _ in range(3)}
    assert len(blobs) == 3


@pytest.mark.parametrize(
    "context", [{}, {"purpose": "test"}, {**CONTEXT, "more": "x"}, {"purpose": "testteam"}]
)
def test_another_encryption_context_decrypts_nothing(kms, key, refusal, context):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]

    assert refusal(kms.decrypt, CiphertextBlob=blob, EncryptionContext=context) == (
        "InvalidCiphertextException",
        "",
    )
    reordered = dict(reversed(CONTEXT.items()))
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=reordered)["Plaintext"] == b"x"


def test_a_changed_blob_is_refused_wherever_it_is_changed(kms, key, refusal):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    for place in (0, 60, 90, len(blob) - 1):
        changed = bytes(byte ^ (1 if at == place else 0) for at, byte in enumerate(blob))
        assert refusal(kms.decrypt, CiphertextBlob=changed, KeyId=key["KeyId"]) == (
            "InvalidCiphertextException",
            "",
        )
    assert refusal(kms.decrypt, CiphertextBlob=b"no ciphertext")[0] == "InvalidCiphertextException"


@pytest.mark.unverified("the model makes the blob optional; the text was not found")
def test_there_must_be_something_to_decrypt(kms, key, refusal):
    assert refusal(kms.decrypt, KeyId=key["KeyId"])[0] == "ValidationException"


def test_a_blob_is_decrypted_only_by_the_key_that_made_it(kms, key, refusal):
    other = kms.create_key()["KeyMetadata"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert refusal(kms.decrypt, CiphertextBlob=blob, KeyId=other["KeyId"]) == INCORRECT_KEY


def test_a_blob_is_encrypted_anew_by_another_key(kms, key):
    other = kms.create_key()["KeyMetadata"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]

    answer = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext=CONTEXT,
        DestinationKeyId=other["KeyId"],
        DestinationEncryptionContext={"new": "one"},
    )

    assert (answer["SourceKeyId"], answer["KeyId"]) == (key["Arn"], other["Arn"])
    decrypted = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], EncryptionContext={"new": "one"})
    assert (decrypted["Plaintext"], decrypted["KeyId"]) == (b"x", other["Arn"])


@pytest.mark.parametrize(("size", "length"), [({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 100}, 100)])
def test_a_data_key_comes_in_the_clear_and_encrypted(kms, key, size, length):
    answer = kms.generate_data_key(KeyId=key["KeyId"], EncryptionContext=CONTEXT, **size)
    answer.pop("ResponseMetadata")

    assert set(answer) == {"CiphertextBlob", "KeyId", "KeyMaterialId", "Plaintext"}
    assert (answer["KeyId"], len(answer["Plaintext"])) == (key["Arn"], length)
    decrypted = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert decrypted["Plaintext"] == answer["Plaintext"]


def test_a_data_key_may_come_only_encrypted(kms, key):
    answer = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], KeySpec="AES_256")
    answer.pop("ResponseMetadata")

    assert set(answer) == {"CiphertextBlob", "KeyId", "KeyMaterialId"}
    assert len(kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"]) == 32


@pytest.mark.parametrize("size", [{}, {"KeySpec": "AES_128", "NumberOfBytes": 16}])
def test_a_data_key_has_one_size(kms, key, refusal, size):
    assert refusal(kms.generate_data_key, KeyId=key["KeyId"], **size) == (
        "ValidationException",
        "Please specify either number of bytes or key spec.",
    )


def test_random_bytes_are_as_many_as_wanted(kms, refusal):
    assert len(kms.generate_random(NumberOfBytes=44)["Plaintext"]) == 44
    assert refusal(kms.generate_random) == ("ValidationException", "NumberOfBytes is required.")


def test_too_much_is_refused(kms, key, refusal):
    assert refusal(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x" * 4097) == (
        "ValidationException",
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
        "Member must have length less than or equal to 4096",
    )


def test_a_dry_run_only_says_that_it_would_have_gone_well(kms, key, refusal):
    assert refusal(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x", DryRun=True) == (
        "DryRunOperationException",
        "The request would have succeeded, but the DryRun option is set.",
    )


def test_material_lies_in_the_store_wrapped_by_a_file_of_the_servers_user_alone(server, kms, key, account):
    path = server.app._data / "secrets" / "kms-domain-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def rows(transaction):
        return [value for _, value in transaction.range(("kms",), ("kmt",), limit=10**6)]

    stored = server.run(server.app.cloud.store.transact(rows))
    assert stored
    assert not any(path.read_bytes() in value for value in stored)

    def material(transaction):
        call = server.app.cloud.call("kms", Principal.root(account), account, "us-east-1")
        inner = replace(call, open_transaction=transaction)
        found = keys.find_key(inner, account, "us-east-1", key["KeyId"])
        hsm = server.app.cloud.component(HardwareSecurityModule)
        return hsm.unwrapped(found, keys.material(inner, found))

    plain = server.run(server.app.cloud.store.transact(material))
    assert len(plain) == 32
    assert not any(plain in value for value in stored)
