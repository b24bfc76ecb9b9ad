"""Signatures by key pairs, and the public halves of them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.kms.addressing import key_or_alias
from cloudlet.services.kms.description import algorithms
from cloudlet.services.kms.errors import (
    KMSInvalidSignatureException,
    UnsupportedOperationException,
    ValidationException,
)
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.key_pairs import SigningRequest
from cloudlet.services.kms.material import made_key_pair
from cloudlet.services.kms.permissions import on_key_pair_or_alias
from cloudlet.services.kms.refusals import refuse_dry_run
from cloudlet.services.kms.specs import EDWARDS, KeyUsage

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kms.model import Key

_PREHASHED_EDWARDS: Final = "ED25519_PH_SHA_512"


@operation("Sign", permissions=on_key_pair_or_alias("Sign"))
async def sign(call: Call, request: Request) -> dict[str, Any]:
    """Signs a message, or the digest of one."""
    key, asked = await call.transact(
        partial(_signing, request=request, operation_name="Sign"), read_only=True
    )
    material = await made_key_pair(call, key)
    hsm = call.cloud.component(HardwareSecurityModule)
    signature = await asyncio.to_thread(hsm.sign, key, material, asked)
    return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": asked.algorithm}


@operation("Verify", permissions=on_key_pair_or_alias("Verify"))
async def verify(call: Call, request: Request) -> dict[str, Any]:
    """Whether a signature is the key's, of the message. Raises KMSInvalidSignatureException."""
    key, asked = await call.transact(
        partial(_signing, request=request, operation_name="Verify"), read_only=True
    )
    material = await made_key_pair(call, key)
    if not call.cloud.component(HardwareSecurityModule).verify(material, asked, request["Signature"]):
        raise KMSInvalidSignatureException("")
    return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": asked.algorithm}


@operation("GetPublicKey", permissions=on_key_pair_or_alias("GetPublicKey"))
async def get_public_key(call: Call, request: Request) -> dict[str, Any]:
    """Tells the public half of a key pair."""
    key = await call.transact(partial(_pair, request=request), read_only=True)
    material = await made_key_pair(call, key)
    return {
        "KeyId": key.arn,
        "PublicKey": material.public_key,
        "CustomerMasterKeySpec": key.spec_name,
        "KeySpec": key.spec_name,
        "KeyUsage": key.usage.value,
        **algorithms(key),
    }


def _signing(call: Call, request: Request, operation_name: str) -> tuple[Key, SigningRequest]:
    """The key, and what it is to sign or to check."""
    key = key_or_alias(call, request["KeyId"])
    algorithm = request["SigningAlgorithm"]
    key.check_usable()
    key.check_usage(KeyUsage.SIGN_VERIFY, operation_name)
    key.check_algorithm(algorithm)
    message_type = request.get("MessageType", "RAW")
    if algorithm == _PREHASHED_EDWARDS:
        raise NotImplementedHere(f"cloudlet does not sign by {_PREHASHED_EDWARDS} (yet).")
    if message_type == "EXTERNAL_MU" or (key.spec_name == EDWARDS and message_type != "RAW"):
        raise ValidationException(f"MessageType {message_type} is not valid for algorithm {algorithm}.")
    asked = SigningRequest(algorithm, request["Message"], is_digest=message_type == "DIGEST")
    asked.check_digest()
    refuse_dry_run(request)
    return key, asked


def _pair(call: Call, request: Request) -> Key:
    key = key_or_alias(call, request["KeyId"])
    key.check_usable()
    if key.spec.is_symmetric:
        raise UnsupportedOperationException(
            f"{key.arn} key spec is {key.spec_name} which is not valid for GetPublicKey."
        )
    return key
