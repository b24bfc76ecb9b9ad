"""Data keys: what clients encrypt with themselves, given out in the clear and encrypted."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.kms.addressing import key_or_alias
from cloudlet.services.kms.errors import ValidationException
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.permissions import on_key_or_alias
from cloudlet.services.kms.refusals import refuse_dry_run, refuse_recipient
from cloudlet.services.kms.specs import SYMMETRIC_DEFAULT, KeyUsage
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request

_SIZES_BYTES: Final[Mapping[str, int]] = MappingProxyType({"AES_256": 32, "AES_128": 16})


@operation("GenerateDataKey", permissions=on_key_or_alias("GenerateDataKey"))
def generate_data_key(call: Call, request: Request) -> dict[str, Any]:
    """A new data key, in the clear and encrypted."""
    refuse_recipient(request)
    return _data_key(call, request, "GenerateDataKey")


@operation("GenerateDataKeyWithoutPlaintext", permissions=on_key_or_alias("GenerateDataKeyWithoutPlaintext"))
def generate_data_key_without_plaintext(call: Call, request: Request) -> dict[str, Any]:
    """A new data key, only encrypted: Decrypt gives it in the clear later."""
    answer = _data_key(call, request, "GenerateDataKeyWithoutPlaintext")
    return {member: value for member, value in answer.items() if member != "Plaintext"}


@operation("GenerateRandom", read_only=True)
def generate_random(call: Call, request: Request) -> dict[str, Any]:
    """Random bytes."""
    refuse_recipient(request)
    if "CustomKeyStoreId" in request:
        raise NotImplementedHere("cloudlet has no custom key stores.")
    if "NumberOfBytes" not in request:
        raise ValidationException("NumberOfBytes is required.")
    hsm = call.cloud.component(HardwareSecurityModule)
    return {"Plaintext": hsm.random(call, request["NumberOfBytes"])}


def _data_key(call: Call, request: Request, operation_name: str) -> dict[str, Any]:
    key = key_or_alias(call, request["KeyId"])
    key.check_usable()
    key.check_usage(KeyUsage.ENCRYPT_DECRYPT, operation_name)
    key.check_algorithm(SYMMETRIC_DEFAULT)
    size_bytes = _size_bytes(request)
    refuse_dry_run(request)
    hsm = call.cloud.component(HardwareSecurityModule)
    plaintext = hsm.random(call, size_bytes)
    material = state.material(call, key)
    return {
        "CiphertextBlob": hsm.encrypt(call, key, material, plaintext, request.get("EncryptionContext") or {}),
        "Plaintext": plaintext,
        "KeyId": key.arn,
        "KeyMaterialId": material.id,
    }


def _size_bytes(request: Request) -> int:
    if ("KeySpec" in request) == ("NumberOfBytes" in request):
        raise ValidationException("Please specify either number of bytes or key spec.")
    if "KeySpec" in request:
        return _SIZES_BYTES[request["KeySpec"]]
    return int(request["NumberOfBytes"])
