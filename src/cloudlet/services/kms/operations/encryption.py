"""Data encrypted and decrypted by KMS itself, at most 4 KiB at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.operation import operation
from cloudlet.services.kms import ciphertext, permissions
from cloudlet.services.kms.addressing import existing_key, key_or_alias
from cloudlet.services.kms.errors import (
    IncorrectKeyException,
    InvalidCiphertextException,
    ValidationException,
)
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.material import key_pair
from cloudlet.services.kms.refusals import ciphertext_blob, refuse_dry_run, refuse_recipient
from cloudlet.services.kms.specs import SYMMETRIC_DEFAULT, KeyUsage
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kms.model import Key


@operation("Encrypt", permissions=permissions.on_key_or_alias("Encrypt"))
def encrypt(call: Call, request: Request) -> dict[str, Any]:
    """Encrypts at most 4096 bytes."""
    key = key_or_alias(call, request["KeyId"])
    algorithm = request.get("EncryptionAlgorithm", SYMMETRIC_DEFAULT)
    context = _context(request, "EncryptionContext", algorithm)
    _check_encrypts(key, algorithm, "Encrypt")
    refuse_dry_run(request)
    blob, _ = _encrypted(call, key, algorithm, request["Plaintext"], context)
    return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": algorithm}


@operation("Decrypt", permissions=permissions.decrypt)
def decrypt(call: Call, request: Request) -> dict[str, Any]:
    """Decrypts what Encrypt, or one of GenerateDataKey's kind, has encrypted."""
    refuse_recipient(request)
    blob = ciphertext_blob(request)
    algorithm = request.get("EncryptionAlgorithm", SYMMETRIC_DEFAULT)
    context = _context(request, "EncryptionContext", algorithm)
    key = existing_key(call, permissions.of_ciphertext(call, blob, request.get("KeyId")))
    _check_decrypts(key, algorithm)
    refuse_dry_run(request)
    plaintext, material_id = _decrypted(call, key, algorithm, blob, context)
    return {
        "KeyId": key.arn,
        "Plaintext": plaintext,
        "EncryptionAlgorithm": algorithm,
        "KeyMaterialId": material_id,
    }


@operation("ReEncrypt", permissions=permissions.re_encrypt)
def re_encrypt(call: Call, request: Request) -> dict[str, Any]:
    """Decrypts with one key and encrypts with another; nobody sees what."""
    blob = ciphertext_blob(request)
    source_algorithm = request.get("SourceEncryptionAlgorithm", SYMMETRIC_DEFAULT)
    source_context = _context(request, "SourceEncryptionContext", source_algorithm)
    algorithm = request.get("DestinationEncryptionAlgorithm", SYMMETRIC_DEFAULT)
    context = _context(request, "DestinationEncryptionContext", algorithm)
    source = existing_key(call, permissions.of_ciphertext(call, blob, request.get("SourceKeyId")))
    _check_decrypts(source, source_algorithm)
    key = key_or_alias(call, request["DestinationKeyId"])
    _check_encrypts(key, algorithm, "ReEncrypt")
    refuse_dry_run(request)
    plaintext, source_material_id = _decrypted(call, source, source_algorithm, blob, source_context)
    again, material_id = _encrypted(call, key, algorithm, plaintext, context)
    return {
        "CiphertextBlob": again,
        "SourceKeyId": source.arn,
        "KeyId": key.arn,
        "SourceEncryptionAlgorithm": source_algorithm,
        "DestinationEncryptionAlgorithm": algorithm,
        "SourceKeyMaterialId": source_material_id,
        "DestinationKeyMaterialId": material_id,
    }


def _context(request: Request, member: str, algorithm: str) -> Mapping[str, str]:
    """An encryption context of the request. Raises ValidationException where the algorithm has none."""
    context: Mapping[str, str] = request.get(member) or {}
    if context and algorithm != SYMMETRIC_DEFAULT:
        raise ValidationException(f"{member} is not supported with the algorithm {algorithm}.")
    return context


def _check_encrypts(key: Key, algorithm: str, operation_name: str) -> None:
    key.check_usable()
    key.check_usage(KeyUsage.ENCRYPT_DECRYPT, operation_name)
    key.check_algorithm(algorithm)


def _check_decrypts(key: Key, algorithm: str) -> None:
    if key.usage is not KeyUsage.ENCRYPT_DECRYPT:
        raise _incorrect_key()
    key.check_usable()
    key.check_algorithm(algorithm)


def _encrypted(
    call: Call, key: Key, algorithm: str, plaintext: bytes, context: Mapping[str, str]
) -> tuple[bytes, str | None]:
    """The blob, and the id of the material that encrypted it, which AWS tells only for symmetric keys."""
    hsm = call.cloud.component(HardwareSecurityModule)
    if not key.spec.is_symmetric:
        return hsm.encrypt_by_pair(key, key_pair(call, key), algorithm, plaintext), None
    material = state.material(call, key)
    return hsm.encrypt(call, key, material, plaintext, context), material.id


def _decrypted(
    call: Call, key: Key, algorithm: str, blob: bytes, context: Mapping[str, str]
) -> tuple[bytes, str | None]:
    hsm = call.cloud.component(HardwareSecurityModule)
    if not key.spec.is_symmetric:
        return hsm.decrypt_by_pair(key, key_pair(call, key), algorithm, blob), None
    header, _ = ciphertext.unpacked(blob)
    if (header.account, header.key_id) != (key.account, key.id):
        raise _incorrect_key()
    material = state.find_material(call, key, header.material_id)
    if material is None:
        raise InvalidCiphertextException("")
    return hsm.decrypt(key, material, blob, context), material.id


def _incorrect_key() -> IncorrectKeyException:
    return IncorrectKeyException(
        "The key ID in the request does not identify a CMK that can perform this operation."
    )
