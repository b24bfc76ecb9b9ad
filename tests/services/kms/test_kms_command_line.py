"""The aws command itself, as people type it: a file encrypted, and decrypted again."""

from __future__ import annotations

import base64

import pytest

from aws_command import AwsCommand


@pytest.fixture
def aws(server, account, tmp_path):
    return AwsCommand(server.endpoint, tmp_path, account)


def test_a_file_is_encrypted_under_an_alias_and_decrypted(aws, kms, key, tmp_path):
    kms.create_alias(AliasName="alias/files", TargetKeyId=key["KeyId"])
    (tmp_path / "plain").write_bytes(b"secret text")

    context = ("--encryption-context", "purpose=test")
    encrypted = aws.json(
        "kms", "encrypt", "--key-id", "alias/files", "--plaintext", "fileb://plain", *context
    )
    (tmp_path / "encrypted").write_bytes(base64.b64decode(encrypted["CiphertextBlob"]))
    decrypted = aws.json("kms", "decrypt", "--ciphertext-blob", "fileb://encrypted", *context)

    assert base64.b64decode(decrypted["Plaintext"]) == b"secret text"
    assert decrypted["KeyId"] == key["Arn"]
