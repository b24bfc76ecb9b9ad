"""The renewal of keys' material: by the clock, and on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.operation import operation
from cloudlet.services.kms.addressing import named_key
from cloudlet.services.kms.description import expiration, instant
from cloudlet.services.kms.errors import LimitExceededException, UnsupportedOperationException
from cloudlet.services.kms.listing import listed
from cloudlet.services.kms.material import rotate
from cloudlet.services.kms.model import Origin, RotationType
from cloudlet.services.kms.multi_region import primary_key
from cloudlet.services.kms.permissions import on_key, on_shared_key
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kms.model import Key, KeyMaterial

_DEFAULT_DAYS: Final = 365
_MOST_ON_DEMAND: Final = 10
"""Rotations on demand in the life of a key."""
_ROTATIONS_PER_PAGE: Final = 100


@operation("EnableKeyRotation", permissions=on_key("EnableKeyRotation"))
def enable_key_rotation(call: Call, request: Request) -> None:
    """Renews a key's material every year, or as often as the request says."""
    key = _rotatable(call, request)
    days = request.get("RotationPeriodInDays", key.rotation_period_days or _DEFAULT_DAYS)
    if days != key.rotation_period_days:
        state.save_key(call, key.rotating(days, call.time()))


@operation("DisableKeyRotation", permissions=on_key("DisableKeyRotation"))
def disable_key_rotation(call: Call, request: Request) -> None:
    """Leaves a key the material that it has."""
    state.save_key(call, _rotatable(call, request).rotating(None, call.time()))


@operation("GetKeyRotationStatus", permissions=on_shared_key("GetKeyRotationStatus"), read_only=True)
def get_key_rotation_status(call: Call, request: Request) -> dict[str, Any]:
    """Tells whether a key's material is renewed, how often, and when next.

    Of keys whose material cannot be renewed, and of those that wait for their end, that is never so.
    """
    named = named_key(call, request["KeyId"])
    key = primary_key(call, named)
    if named.deletion_at is not None:
        return {"KeyRotationEnabled": False, "KeyId": named.arn}
    return {
        "KeyRotationEnabled": key.rotation_period_days is not None,
        "KeyId": named.arn,
        "RotationPeriodInDays": key.rotation_period_days,
        "NextRotationDate": None if key.next_rotation_at is None else instant(key.next_rotation_at),
    }


@operation("RotateKeyOnDemand", permissions=on_key("RotateKeyOnDemand"))
def rotate_key_on_demand(call: Call, request: Request) -> dict[str, Any]:
    """Renews a key's material now; the next renewal by the clock comes when it would have come anyway."""
    key = _rotatable(call, request)
    before = [each.rotation_type for each in state.list_material(call, key)]
    if before.count(RotationType.ON_DEMAND) >= _MOST_ON_DEMAND:
        raise LimitExceededException(
            f"{key.arn} has reached the maximum number of on-demand rotations ({_MOST_ON_DEMAND})."
        )
    rotate(call, key, RotationType.ON_DEMAND)
    return {"KeyId": key.arn}


@operation("ListKeyRotations", permissions=on_key("ListKeyRotations"), read_only=True)
def list_key_rotations(call: Call, request: Request) -> dict[str, Any]:
    """Lists when a key's material was renewed, and with ALL_KEY_MATERIAL the first, too."""
    key = named_key(call, request["KeyId"])
    key.check_symmetric()
    key.check_not_pending_deletion()
    everything = request.get("IncludeKeyMaterial") == "ALL_KEY_MATERIAL"
    found = [
        _described(key, material)
        for material in state.list_material(call, key)
        if everything or material.rotation_type is not None
    ]
    return listed("Rotations", found, request, _ROTATIONS_PER_PAGE)


def _rotatable(call: Call, request: Request) -> Key:
    key = named_key(call, request["KeyId"])
    key.check_rotatable()
    if key.is_replica:
        raise UnsupportedOperationException(f"{key.arn} is not a multi-Region primary key.")
    key.check_usable()
    return key


def _described(key: Key, material: KeyMaterial) -> dict[str, Any]:
    """A RotationsListEntry."""
    rotation_type = material.rotation_type
    imported = key.origin is Origin.EXTERNAL
    return {
        **(expiration(key) if imported else {}),
        "ImportState": "IMPORTED" if imported else None,
        "KeyId": key.arn,
        "KeyMaterialId": material.id,
        "KeyMaterialState": "CURRENT" if material.id == key.material_id else "NON_CURRENT",
        "RotationDate": None if rotation_type is None else instant(material.created_at),
        "RotationType": None if rotation_type is None else rotation_type.value,
    }
