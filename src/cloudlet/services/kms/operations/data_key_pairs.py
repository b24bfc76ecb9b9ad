"""Data key pairs: what clients sign or encrypt with themselves, its private half encrypted by a KMS key."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.kms.addressing import key_or_alias
from cloudlet.services.kms.errors import UnsupportedOperationException
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.permissions import on_key_pair_or_alias
from cloudlet.services.kms.refusals import refuse_dry_run, refuse_recipient
from cloudlet.services.kms.specs import SPECS, SYMMETRIC_DEFAULT, KeyUsage
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kms.key_pairs import KeyPair

_WITHOUT_PLAINTEXT = "GenerateDataKeyPairWithoutPlaintext"


@operation("GenerateDataKeyPair", permissions=on_key_pair_or_alias("GenerateDataKeyPair"))
async def generate_data_key_pair(call: Call, request: Request) -> dict[str, Any]:
    """A new key pair, the private half in the clear and encrypted."""
    refuse_recipient(request)
    return await _data_key_pair(call, request, "GenerateDataKeyPair")


@operation(_WITHOUT_PLAINTEXT, permissions=on_key_pair_or_alias(_WITHOUT_PLAINTEXT))
async def generate_data_key_pair_without_plaintext(call: Call, request: Request) -> dict[str, Any]:
    """A new key pair, the private half only encrypted."""
    answer = await _data_key_pair(call, request, _WITHOUT_PLAINTEXT)
    return {member: value for member, value in answer.items() if member != "PrivateKeyPlaintext"}


async def _data_key_pair(call: Call, request: Request, operation_name: str) -> dict[str, Any]:
    spec = request["KeyPairSpec"]
    if spec == "SM2":
        raise UnsupportedOperationException("SM2 key pairs are supported only in China Regions.")
    if spec not in SPECS:
        raise NotImplementedHere(f"cloudlet has no data key pairs of the spec {spec} (yet).")
    hsm = call.cloud.component(HardwareSecurityModule)
    pair = await asyncio.to_thread(hsm.new_pair, spec)
    return await call.transact(partial(_wrapped, request=request, pair=pair, operation_name=operation_name))


def _wrapped(call: Call, request: Request, pair: KeyPair, operation_name: str) -> dict[str, Any]:
    key = key_or_alias(call, request["KeyId"])
    key.check_usable()
    key.check_usage(KeyUsage.ENCRYPT_DECRYPT, operation_name)
    key.check_algorithm(SYMMETRIC_DEFAULT)
    refuse_dry_run(request)
    hsm = call.cloud.component(HardwareSecurityModule)
    material = state.material(call, key)
    context = request.get("EncryptionContext") or {}
    return {
        "PrivateKeyCiphertextBlob": hsm.encrypt(call, key, material, pair.private_key, context),
        "PrivateKeyPlaintext": pair.private_key,
        "PublicKey": pair.public_key,
        "KeyId": key.arn,
        "KeyPairSpec": request["KeyPairSpec"],
        "KeyMaterialId": material.id,
    }
