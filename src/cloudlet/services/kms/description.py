"""Keys and aliases as KMS describes them. Reads and changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cloudlet.services.kms.model import KeyState, Origin, key_arn, multi_region_key_type
from cloudlet.services.kms.specs import SYMMETRIC_DEFAULT, KeyUsage

if TYPE_CHECKING:
    from cloudlet.services.kms.model import Alias, Key

_ALGORITHMS = {
    KeyUsage.ENCRYPT_DECRYPT: "EncryptionAlgorithms",
    KeyUsage.SIGN_VERIFY: "SigningAlgorithms",
    KeyUsage.GENERATE_VERIFY_MAC: "MacAlgorithms",
    KeyUsage.KEY_AGREEMENT: "KeyAgreementAlgorithms",
}


def key_metadata(key: Key) -> dict[str, Any]:
    """A KeyMetadata."""
    return {
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": instant(key.created_at),
        "Enabled": key.state is KeyState.ENABLED,
        "Description": key.description,
        "KeyUsage": key.usage.value,
        "KeyState": key.state.value,
        "DeletionDate": None if key.deletion_at is None else instant(key.deletion_at),
        "Origin": key.origin.value,
        **expiration(key),
        "KeyManager": key.manager.value,
        "CustomerMasterKeySpec": key.spec_name,
        "KeySpec": key.spec_name,
        **algorithms(key),
        "MultiRegion": key.is_multi_region,
        "MultiRegionConfiguration": _multi_region_configuration(key) if key.is_multi_region else None,
        "PendingDeletionWindowInDays": (
            key.pending_days if key.state is KeyState.PENDING_REPLICA_DELETION else None
        ),
        "CurrentKeyMaterialId": _current_material_id(key),
    }


def alias_list_entry(alias: Alias) -> dict[str, Any]:
    """An AliasListEntry."""
    return {
        "AliasName": alias.name,
        "AliasArn": alias.arn,
        "TargetKeyId": alias.target_key_id,
        "CreationDate": instant(alias.created_at),
        "LastUpdatedDate": instant(alias.updated_at),
    }


def algorithms(key: Key) -> dict[str, list[str]]:
    """The algorithms of a key, under the name that its usage gives them."""
    return {_ALGORITHMS[key.usage]: list(key.algorithms)}


def expiration(key: Key) -> dict[str, Any]:
    """Whether imported material goes by itself, and when."""
    if key.origin is not Origin.EXTERNAL or not _has_material(key):
        return {}
    if key.material_valid_to is None:
        return {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    return {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": instant(key.material_valid_to)}


def instant(seconds: float) -> datetime:
    """A time as answers have it."""
    return datetime.fromtimestamp(seconds, UTC)


def _multi_region_configuration(key: Key) -> dict[str, Any]:
    def related(region: str) -> dict[str, str]:
        return {"Arn": key_arn(key.account, region, key.id), "Region": region}

    return {
        "MultiRegionKeyType": multi_region_key_type(key),
        "PrimaryKey": related(key.primary_region),
        "ReplicaKeys": [related(region) for region in key.replica_regions],
    }


def _current_material_id(key: Key) -> str | None:
    """AWS tells the ids of material only for symmetric keys."""
    return key.material_id if key.spec_name == SYMMETRIC_DEFAULT and _has_material(key) else None


def _has_material(key: Key) -> bool:
    return bool(key.material_id) and key.state is not KeyState.PENDING_IMPORT
