"""Material from outside: what it is wrapped with, brought in, taken away."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.kms import imported_material
from cloudlet.services.kms.addressing import named_key
from cloudlet.services.kms.description import instant
from cloudlet.services.kms.errors import (
    IncorrectKeyMaterialException,
    UnsupportedOperationException,
    ValidationException,
)
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.import_tokens import ImportToken, read_token
from cloudlet.services.kms.model import DAY_SECONDS, Origin
from cloudlet.services.kms.permissions import on_key
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kms.model import Key

_EXPIRES: Final = "KEY_MATERIAL_EXPIRES"
_LONGEST_DAYS: Final = 365
_NOT_SERVED: Final = frozenset({"RSAES_PKCS1_V1_5", "SM2PKE"})
"""Wrapping algorithms that AWS serves no more, or only in China."""


@operation("GetParametersForImport", permissions=on_key("GetParametersForImport"))
async def get_parameters_for_import(call: Call, request: Request) -> dict[str, Any]:
    """Gives out a public key to wrap material with, and a token that belongs to it."""
    key = await call.transact(partial(_importing, request=request), read_only=True)
    algorithm = request["WrappingAlgorithm"]
    if algorithm in _NOT_SERVED or request["WrappingKeySpec"] == "SM2":
        raise UnsupportedOperationException(f"The wrapping algorithm {algorithm} is not supported.")
    hsm = call.cloud.component(HardwareSecurityModule)
    pair = await asyncio.to_thread(hsm.new_pair, request["WrappingKeySpec"])
    valid_to = call.time() + DAY_SECONDS
    token = ImportToken(key.arn, algorithm, pair.private_key, valid_to)
    return {
        "KeyId": key.arn,
        "ImportToken": token.sealed(call),
        "PublicKey": pair.public_key,
        "ParametersValidTo": instant(valid_to),
    }


@operation("ImportKeyMaterial", permissions=on_key("ImportKeyMaterial"))
def import_key_material(call: Call, request: Request) -> dict[str, Any]:
    """Gives a key material from outside; once it has had some, only the same again."""
    _refuse_what_is_not_done(request)
    key = _importing(call, request)
    valid_to = _valid_to(call, request)
    token = read_token(call, key, request["ImportToken"])
    hsm = call.cloud.component(HardwareSecurityModule)
    pair = imported_material.checked(
        key.spec_name, imported_material.unwrapped(token, request["EncryptedKeyMaterial"])
    )
    material = hsm.wrapped_import(call, key, pair)
    if key.material_id not in ("", material.id) or request.get("KeyMaterialId") not in (None, material.id):
        raise IncorrectKeyMaterialException(
            "The key material in the request does not match the key material that was imported before."
        )
    state.save_material(call, key, material)
    state.save_key(call, key.imported(material.id, valid_to))
    return {"KeyId": key.arn, "KeyMaterialId": material.id}


@operation("DeleteImportedKeyMaterial", permissions=on_key("DeleteImportedKeyMaterial"))
def delete_imported_key_material(call: Call, request: Request) -> dict[str, Any]:
    """Takes a key's material away; the same can be brought in again."""
    key = _importing(call, request)
    state.delete_material(call, key)
    state.save_key(call, key.without_material())
    return {"KeyId": key.arn, "KeyMaterialId": key.material_id or None}


def _importing(call: Call, request: Request) -> Key:
    """The key, if its material comes from outside."""
    key = named_key(call, request["KeyId"])
    if key.origin is not Origin.EXTERNAL:
        raise UnsupportedOperationException(
            f"{key.arn} origin is {key.origin.value} which is not valid for this operation."
        )
    key.check_not_pending_deletion()
    return key


def _valid_to(call: Call, request: Request) -> float | None:
    """When the material goes by itself, in seconds since 1970; None for never."""
    valid_to = request.get("ValidTo")
    if request.get("ExpirationModel", _EXPIRES) != _EXPIRES:
        if valid_to is not None:
            raise ValidationException(
                "A validTo date can only be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
            )
        return None
    if valid_to is None:
        raise ValidationException("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
    seconds = float(valid_to.timestamp())
    if not call.time() < seconds <= call.time() + _LONGEST_DAYS * DAY_SECONDS:
        raise ValidationException("The validTo date must be in the future and within 365 days.")
    return seconds


def _refuse_what_is_not_done(request: Request) -> None:
    if request.get("KeyMaterialDescription"):
        raise NotImplementedHere("cloudlet does not keep descriptions of key material (yet).")
