"""Data encrypted and decrypted by KMS itself, at most 4 KiB at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.operation import operation
from cloudlet.services.kms import ciphertext, permissions, state
from cloudlet.services.kms.addressing import existing_key, key_or_alias
from cloudlet.services.kms.attempts import refuse_dry_run, refuse_recipient
from cloudlet.services.kms.errors import (
    IncorrectKeyException,
    InvalidCiphertextException,
)
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.specs import SYMMETRIC_DEFAULT, KeyUsage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kms.model import Key, KeyMaterial


@operation("Encrypt", permissions=permissions.on_key_or_alias("Encrypt"))
def encrypt(call: Call, request: Request) -> dict[str, Any]:
    """Encrypts at most 4096 bytes."""
    key = key_or_alias(call, request["KeyId"])
    algorithm = request.get("EncryptionAlgorithm", SYMMETRIC_DEFAULT)
    _check_encrypts(key, algorithm, "Encrypt")
    refuse_dry_run(request)
    context = request.get("EncryptionContext") or {}
    blob = _encrypted(call, key, request["Plaintext"], context)
    return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": algorithm}


@operation("Decrypt", permissions=permissions.decrypt)
def decrypt(call: Call, request: Request) -> dict[str, Any]:
    """Decrypts what Encrypt, or one of GenerateDataKey's kind, has encrypted."""
    refuse_recipient(request)
    blob: bytes = request["CiphertextBlob"]
    algorithm = request.get("EncryptionAlgorithm", SYMMETRIC_DEFAULT)
    key = existing_key(call, permissions.of_ciphertext(call, blob, request.get("KeyId")))
    _check_decrypts(key, algorithm)
    refuse_dry_run(request)
    plaintext, material = _decrypted(call, key, blob, request.get("EncryptionContext") or {})
    return {
        "KeyId": key.arn,
        "Plaintext": plaintext,
        "EncryptionAlgorithm": algorithm,
        "KeyMaterialId": material.id,
    }


@operation("ReEncrypt", permissions=permissions.re_encrypt)
def re_encrypt(call: Call, request: Request) -> dict[str, Any]:
    """Decrypts with one key and encrypts with another; nobody sees what."""
    blob: bytes = request["CiphertextBlob"]
    source_algorithm = request.get("SourceEncryptionAlgorithm", SYMMETRIC_DEFAULT)
    algorithm = request.get("DestinationEncryptionAlgorithm", SYMMETRIC_DEFAULT)
    source = existing_key(call, permissions.of_ciphertext(call, blob, request.get("SourceKeyId")))
    _check_decrypts(source, source_algorithm)
    key = key_or_alias(call, request["DestinationKeyId"])
    _check_encrypts(key, algorithm, "ReEncrypt")
    refuse_dry_run(request)
    plaintext, material = _decrypted(call, source, blob, request.get("SourceEncryptionContext") or {})
    return {
        "CiphertextBlob": _encrypted(call, key, plaintext, request.get("DestinationEncryptionContext") or {}),
        "SourceKeyId": source.arn,
        "KeyId": key.arn,
        "SourceEncryptionAlgorithm": source_algorithm,
        "DestinationEncryptionAlgorithm": algorithm,
        "SourceKeyMaterialId": material.id,
        "DestinationKeyMaterialId": key.material_id,
    }


def _check_encrypts(key: Key, algorithm: str, operation_name: str) -> None:
    key.check_usable()
    key.check_usage(KeyUsage.ENCRYPT_DECRYPT, operation_name)
    key.check_algorithm(algorithm)


def _check_decrypts(key: Key, algorithm: str) -> None:
    if key.usage is not KeyUsage.ENCRYPT_DECRYPT:
        raise IncorrectKeyException(
            "The key ID in the request does not identify a CMK that can perform this operation."
        )
    key.check_usable()
    key.check_algorithm(algorithm)


def _encrypted(call: Call, key: Key, plaintext: bytes, context: Mapping[str, str]) -> bytes:
    hsm = call.cloud.component(HardwareSecurityModule)
    return hsm.encrypt(call, key, state.material(call, key), plaintext, context)


def _decrypted(call: Call, key: Key, blob: bytes, context: Mapping[str, str]) -> tuple[bytes, KeyMaterial]:
    header, _ = ciphertext.unpacked(blob)
    if (header.account, header.key_id) != (key.account, key.id):
        raise IncorrectKeyException(
            "The key ID in the request does not identify a CMK that can perform this operation."
        )
    material = state.find_material(call, key, header.material_id)
    if material is None:
        raise InvalidCiphertextException("")
    hsm = call.cloud.component(HardwareSecurityModule)
    return hsm.decrypt(key, material, blob, context), material
