"""Keys: made, described, listed, switched on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.kms.addressing import key_or_alias, named_key
from cloudlet.services.kms.description import key_metadata
from cloudlet.services.kms.errors import (
    UnsupportedOperationException,
    ValidationException,
)
from cloudlet.services.kms.listing import listed
from cloudlet.services.kms.material import save_new_material
from cloudlet.services.kms.model import MULTI_REGION_PREFIX, Key, KeyState, Origin
from cloudlet.services.kms.permissions import create_key as judge_create_key
from cloudlet.services.kms.permissions import on_key, on_key_or_alias
from cloudlet.services.kms.policies import accepted, check_lockout, default_policy
from cloudlet.services.kms.specs import SPECS, SYMMETRIC_DEFAULT, KeySpec, KeyUsage
from cloudlet.services.kms.state import keys as state
from cloudlet.services.kms.tags import accepted_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request

_MULTI_REGION_ID_DIGITS: Final = 32
_KEYS_PER_PAGE: Final = 100


@operation("CreateKey", permissions=judge_create_key)
def create_key(call: Call, request: Request) -> dict[str, Any]:
    """Makes a key."""
    spec = _spec(request)
    key = Key(
        id=_new_id(call, multi_region=request.get("MultiRegion", False)),
        account=call.account,
        region=call.region,
        primary_region=call.region if request.get("MultiRegion") else "",
        created_at=call.time(),
        policy=default_policy(call.account),
        spec_name=spec.name,
        usage=_usage(request, spec),
        origin=_origin(request),
        description=request.get("Description", ""),
        tags=accepted_tags(call, {}, request.get("Tags") or ()),
    )
    if "Policy" in request:
        key = replace(key, policy=accepted(call, request["Policy"]))
        if not request.get("BypassPolicyLockoutSafetyCheck"):
            check_lockout(call, key, key.policy)
    if key.origin is Origin.EXTERNAL:
        key = key.in_state(KeyState.PENDING_IMPORT)
        state.save_key(call, key)
    elif key.spec.is_symmetric:
        key = save_new_material(call, key)
    else:
        state.save_key(call, key)
    return {"KeyMetadata": key_metadata(key)}


@operation("DescribeKey", permissions=on_key_or_alias("DescribeKey"))
def describe_key(call: Call, request: Request) -> dict[str, Any]:
    """Tells of a key; makes the AWS managed one whose alias is named for the first time."""
    return {"KeyMetadata": key_metadata(key_or_alias(call, request["KeyId"]))}


@operation("ListKeys", read_only=True)
def list_keys(call: Call, request: Request) -> dict[str, Any]:
    """Lists the keys of the account and region."""
    if "OTHER_ACCOUNTS_VIA_RAM" in request.get("ResourceOwners", ()):
        raise NotImplementedHere("cloudlet has no Resource Access Manager, so no keys that it shares.")
    keys = [
        {"KeyId": key.id, "KeyArn": key.arn}
        for key in state.list_keys(call)
        if key.deletion_at is None or key.deletion_at > call.time()
    ]
    return listed("Keys", keys, request, _KEYS_PER_PAGE)


@operation("UpdateKeyDescription", permissions=on_key("UpdateKeyDescription"))
def update_key_description(call: Call, request: Request) -> None:
    """Changes what a key says of itself."""
    key = named_key(call, request["KeyId"])
    key.check_not_pending_deletion()
    state.save_key(call, replace(key, description=request["Description"]))


@operation("EnableKey", permissions=on_key("EnableKey"))
def enable_key(call: Call, request: Request) -> None:
    """Lets a key be used again."""
    key = named_key(call, request["KeyId"])
    key.check_material()
    state.save_key(call, key.in_state(KeyState.ENABLED))


@operation("DisableKey", permissions=on_key("DisableKey"))
def disable_key(call: Call, request: Request) -> None:
    """Lets nobody use a key."""
    key = named_key(call, request["KeyId"])
    key.check_material()
    state.save_key(call, key.in_state(KeyState.DISABLED))


def _new_id(call: Call, *, multi_region: bool) -> str:
    if multi_region:
        return MULTI_REGION_PREFIX + call.ids.hexadecimal(_MULTI_REGION_ID_DIGITS)
    return call.ids.uuid()


def _spec(request: Mapping[str, Any]) -> KeySpec:
    named = request.get("KeySpec")
    old_name = request.get("CustomerMasterKeySpec")
    if named and old_name:
        raise ValidationException(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
            "CustomerMasterKeySpec is deprecated."
        )
    name = named or old_name or SYMMETRIC_DEFAULT
    if name == "SM2":
        raise UnsupportedOperationException("SM2 keys are supported only in China Regions.")
    spec = SPECS.get(name)
    if spec is None:
        raise NotImplementedHere(f"cloudlet has no KMS keys of the spec {name} (yet).")
    return spec


def _usage(request: Mapping[str, Any], spec: KeySpec) -> KeyUsage:
    if "KeyUsage" not in request:
        if spec.name != SYMMETRIC_DEFAULT:
            raise ValidationException(
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
            )
        return KeyUsage.ENCRYPT_DECRYPT
    wanted = request["KeyUsage"]
    for usage in spec.algorithms:
        if usage.value == wanted:
            return usage
    raise ValidationException(f"KeyUsage {wanted} is not compatible with KeySpec {spec.name}")


def _origin(request: Mapping[str, Any]) -> Origin:
    if "CustomKeyStoreId" in request or "XksKeyId" in request:
        raise NotImplementedHere("cloudlet has no custom key stores.")
    origin = request.get("Origin", Origin.AWS_KMS.value)
    for known in Origin:
        if known.value == origin:
            return known
    raise NotImplementedHere(f"cloudlet has no custom key stores, so no keys of the origin {origin}.")
