"""Keys and aliases as KMS describes them. Reads and changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cloudlet.services.kms.model import KeyState, Origin
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
        "KeyManager": key.manager.value,
        "CustomerMasterKeySpec": key.spec_name,
        "KeySpec": key.spec_name,
        _ALGORITHMS[key.usage]: list(key.algorithms),
        "MultiRegion": key.is_multi_region,
        "CurrentKeyMaterialId": key.material_id if _has_material_ids(key) else None,
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


def instant(seconds: float) -> datetime:
    """A time as answers have it."""
    return datetime.fromtimestamp(seconds, UTC)


def _has_material_ids(key: Key) -> bool:
    """AWS tells the ids of material only for keys that can be rotated."""
    return key.spec_name == SYMMETRIC_DEFAULT and key.origin is Origin.AWS_KMS
