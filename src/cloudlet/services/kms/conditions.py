"""The condition keys of KMS: what policies can ask of a request, of its key and of its caller.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html. Decides nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.kms.model import multi_region_key_type
from cloudlet.services.kms.specs import SYMMETRIC_DEFAULT
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.kms.model import Key

    Context = dict[str, tuple[str, ...]]

_OF_REQUEST: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BypassPolicyLockoutSafetyCheck": "kms:BypassPolicyLockoutSafetyCheck",
        "EncryptionAlgorithm": "kms:EncryptionAlgorithm",
        "ExpirationModel": "kms:ExpirationModel",
        "GranteePrincipal": "kms:GranteePrincipal",
        "GranteeServicePrincipal": "kms:GranteeServicePrincipal",
        "KeyAgreementAlgorithm": "kms:KeyAgreementAlgorithm",
        "KeyPairSpec": "kms:DataKeyPairSpec",
        "MacAlgorithm": "kms:MacAlgorithm",
        "MessageType": "kms:MessageType",
        "PendingWindowInDays": "kms:ScheduleKeyDeletionPendingWindowInDays",
        "PrimaryRegion": "kms:PrimaryRegion",
        "ReplicaRegion": "kms:ReplicaRegion",
        "RetiringPrincipal": "kms:RetiringPrincipal",
        "RotationPeriodInDays": "kms:RotationPeriodInDays",
        "SigningAlgorithm": "kms:SigningAlgorithm",
        "ValidTo": "kms:ValidTo",
        "WrappingAlgorithm": "kms:WrappingAlgorithm",
        "WrappingKeySpec": "kms:WrappingKeySpec",
    }
)
"""Condition keys that are members of a request."""


def of_caller(call: Call) -> Context:
    """Whose request it is, and which service makes it for them."""
    found: Context = {"kms:CallerAccount": (call.principal.account,)} if call.principal.account else {}
    if call.via:
        service, _, domain = call.via[-1].partition(".")
        found["kms:ViaService"] = (f"{service}.{call.region}.{domain}",)
    return found


def of_key(call: Call, key: Key) -> Context:
    """What kind of key it is, and what it is called."""
    return {
        **({"kms:EncryptionAlgorithm": (SYMMETRIC_DEFAULT,)} if key.spec_name == SYMMETRIC_DEFAULT else {}),
        **_of_kind(key.spec_name, key.usage.value, key.origin.value, multi_region=key.is_multi_region),
        **({"kms:MultiRegionKeyType": (multi_region_key_type(key),)} if key.is_multi_region else {}),
        "kms:ResourceAliases": tuple(alias.name for alias in state.list_aliases_of(call, key)),
        **{f"aws:ResourceTag/{name}": (value,) for name, value in key.tags.items()},
    }


def of_new_key(request: Mapping[str, Any]) -> Context:
    """What kind of key a request is to make."""
    spec = request.get("KeySpec") or request.get("CustomerMasterKeySpec") or SYMMETRIC_DEFAULT
    return _of_kind(
        spec,
        request.get("KeyUsage", "ENCRYPT_DECRYPT"),
        request.get("Origin", "AWS_KMS"),
        multi_region=request.get("MultiRegion", False),
    )


def of_request(request: Mapping[str, Any]) -> Context:
    """What the request itself says, its tags among it."""
    found: Context = {
        key: (text(request[member]),) for member, key in _OF_REQUEST.items() if member in request
    }
    tags = {tag["TagKey"]: tag["TagValue"] for tag in request.get("Tags") or ()}
    found |= {f"aws:RequestTag/{key}": (value,) for key, value in tags.items()}
    if tag_keys := tuple(tags) or tuple(request.get("TagKeys") or ()):
        found["aws:TagKeys"] = tag_keys
    return found


def of_encryption_context(encryption_context: Mapping[str, str]) -> Context:
    """Each pair of an encryption context, and the names that it has."""
    found: Context = {f"kms:EncryptionContext:{key}": (value,) for key, value in encryption_context.items()}
    if encryption_context:
        found["kms:EncryptionContextKeys"] = tuple(encryption_context)
    return found


def text(value: Any) -> str:
    """A value as policies write it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_kind(spec: str, usage: str, origin: str, *, multi_region: bool) -> Context:
    return {
        "kms:KeySpec": (spec,),
        "kms:KeyUsage": (usage,),
        "kms:KeyOrigin": (origin,),
        "kms:MultiRegion": (text(multi_region),),
        "kms:CustomerMasterKeySpec": (spec,),
        "kms:CustomerMasterKeyUsage": (usage,),
    }
