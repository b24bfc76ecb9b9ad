"""What IAM is asked about KMS's operations: which key, by which key policy, with which condition keys.

A key policy alone decides, or hands over to the account's IAM: without its word not even root may.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import LazyContext, Permission, PolicyDocument
from cloudlet.core.errors import AccessDenied
from cloudlet.services.kms import ciphertext, state
from cloudlet.services.kms.addressing import (
    KeyReference,
    alias_name,
    find_key,
    reference,
    reference_or_alias,
)
from cloudlet.services.kms.model import alias_arn
from cloudlet.services.kms.specs import SYMMETRIC_DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.services.kms.model import Key

    Context = dict[str, tuple[str, ...]]
    Judged = Callable[[Call, Mapping[str, Any]], Sequence[Permission]]

_UNKNOWN_KEY: Final = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, "
    "or you are not allowed to access."
)
_OF_REQUEST: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BypassPolicyLockoutSafetyCheck": "kms:BypassPolicyLockoutSafetyCheck",
        "EncryptionAlgorithm": "kms:EncryptionAlgorithm",
        "PendingWindowInDays": "kms:ScheduleKeyDeletionPendingWindowInDays",
    }
)
"""Condition keys that are members of a request."""


def on_key(action: str) -> Judged:
    """The permission for an action on the own key that a request names by id or ARN."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        return [_own(call, action, reference(call, request["KeyId"]), request)]

    return judge


def on_shared_key(action: str) -> Judged:
    """The same for an action that key policies can give to other accounts, too."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        return [key_permission(call, action, reference(call, request["KeyId"]), request)]

    return judge


def on_key_or_alias(action: str) -> Judged:
    """As on_shared_key(), for a key that may also be named by an alias."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        return [key_permission(call, action, reference_or_alias(call, request["KeyId"]), request)]

    return judge


def create_key(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """CreateKey, and TagResource for a key that begins with tags."""
    context = LazyContext(lambda: {**_of_new_key(request), **_of_caller(call), **_of_request(request, {})})
    asked = [Permission("kms:CreateKey", "*", context)]
    if request.get("Tags"):
        asked.append(Permission("kms:TagResource", call.arn("key/*"), context))
    return asked


def create_alias(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """CreateAlias, on the alias and on its key."""
    of_key = _own(call, "CreateAlias", reference(call, request["TargetKeyId"]), request)
    return [_on_alias(call, "CreateAlias", request), of_key]


def update_alias(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """UpdateAlias, on the alias, the key it has and the key it gets."""
    of_key = _own(call, "UpdateAlias", reference(call, request["TargetKeyId"]), request)
    return [*delete_alias(call, request, "UpdateAlias"), of_key]


def delete_alias(call: Call, request: Mapping[str, Any], action: str = "DeleteAlias") -> Sequence[Permission]:
    """DeleteAlias, on the alias and on its key."""
    asked = [_on_alias(call, action, request)]
    alias = state.find_alias(call, call.account, call.region, request["AliasName"])
    if alias is not None:
        of = KeyReference(alias.account, alias.region, alias.target_key_id)
        asked.append(_own(call, action, of, request))
    return asked


def decrypt(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """Decrypt, with the key that the request names, or else the ciphertext."""
    of = of_ciphertext(call, request["CiphertextBlob"], request.get("KeyId"))
    return [key_permission(call, "Decrypt", of, request, request.get("KeyId"))]


def re_encrypt(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """ReEncryptFrom with the key that has encrypted, ReEncryptTo with the one that is to."""
    source = of_ciphertext(call, request["CiphertextBlob"], request.get("SourceKeyId"))
    destination = reference_or_alias(call, request["DestinationKeyId"])
    same = {"kms:ReEncryptOnSameKey": ("true" if source == destination else "false",)}
    return [
        key_permission(call, "ReEncryptFrom", source, _half(request, "Source"), more=same),
        key_permission(call, "ReEncryptTo", destination, _half(request, "Destination"), more=same),
    ]


def of_ciphertext(call: Call, blob: bytes, key_id: str | None) -> KeyReference:
    """The key that a request names, or else the one that has made the ciphertext.

    Raises AccessDenied for a ciphertext whose key is not here: AWS does not say whether there is one.
    """
    if key_id is not None:
        return reference_or_alias(call, key_id)
    header, _ = ciphertext.unpacked(blob)
    of = KeyReference(header.account, call.region, header.key_id)
    if find_key(call, of) is None:
        raise AccessDenied(_UNKNOWN_KEY)
    return of


def key_permission(
    call: Call,
    action: str,
    of: KeyReference,
    request: Mapping[str, Any],
    identifier: str | None = None,
    more: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Permission:
    """The permission for an action on a key; one that is not there is judged by the caller's own policies."""
    key = find_key(call, of)
    if key is None:
        return Permission(f"kms:{action}", of.arn, resource_account=of.account)
    named = identifier or request.get("KeyId") or ""
    return Permission(
        f"kms:{action}",
        of.arn,
        LazyContext(
            lambda: {
                **_of_caller(call),
                **_of_key(call, key),
                **_of_request(request, _encryption_context(request)),
                **({"kms:RequestAlias": (alias,)} if (alias := alias_name(named)) else {}),
                **more,
            }
        ),
        resource_policy=PolicyDocument("key policy", key.policy),
        resource_account=of.account,
        resource_policy_decides=True,
    )


def _own(call: Call, action: str, of: KeyReference, request: Mapping[str, Any]) -> Permission:
    if of.account != call.account:
        # AWS gives these to no other account, so no policy is shown that could allow it.
        return Permission(f"kms:{action}", of.arn, resource_account=of.account)
    return key_permission(call, action, of, request)


def _on_alias(call: Call, action: str, request: Mapping[str, Any]) -> Permission:
    arn = alias_arn(call.account, call.region, request["AliasName"])
    return Permission(f"kms:{action}", arn, LazyContext(lambda: _of_caller(call)))


def _half(request: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    """ReEncrypt's request as that of one of the two things it does."""
    members = {
        "KeyId": "KeyId",
        "EncryptionContext": "EncryptionContext",
        "EncryptionAlgorithm": "EncryptionAlgorithm",
    }
    return {name: request[side + member] for name, member in members.items() if side + member in request}


def _of_caller(call: Call) -> Context:
    found: Context = {"kms:CallerAccount": (call.principal.account,)} if call.principal.account else {}
    if call.via:
        service, _, domain = call.via[-1].partition(".")
        found["kms:ViaService"] = (f"{service}.{call.region}.{domain}",)
    return found


def _of_key(call: Call, key: Key) -> Context:
    return {
        **_of_kind(key.spec_name, key.usage.value, key.origin.value, multi_region=key.is_multi_region),
        "kms:ResourceAliases": tuple(alias.name for alias in state.list_aliases_of(call, key)),
        **{f"aws:ResourceTag/{name}": (value,) for name, value in key.tags.items()},
    }


def _of_new_key(request: Mapping[str, Any]) -> Context:
    spec = request.get("KeySpec") or request.get("CustomerMasterKeySpec") or SYMMETRIC_DEFAULT
    return _of_kind(
        spec,
        request.get("KeyUsage", "ENCRYPT_DECRYPT"),
        request.get("Origin", "AWS_KMS"),
        multi_region=request.get("MultiRegion", False),
    )


def _of_kind(spec: str, usage: str, origin: str, *, multi_region: bool) -> Context:
    return {
        "kms:KeySpec": (spec,),
        "kms:KeyUsage": (usage,),
        "kms:KeyOrigin": (origin,),
        "kms:MultiRegion": (_text(multi_region),),
        "kms:CustomerMasterKeySpec": (spec,),
        "kms:CustomerMasterKeyUsage": (usage,),
    }


def _of_request(request: Mapping[str, Any], encryption_context: Mapping[str, str]) -> Context:
    found: Context = {
        key: (_text(request[member]),) for member, key in _OF_REQUEST.items() if member in request
    }
    tags = {tag["TagKey"]: tag["TagValue"] for tag in request.get("Tags") or ()}
    found |= {f"aws:RequestTag/{key}": (value,) for key, value in tags.items()}
    if tag_keys := tuple(tags) or tuple(request.get("TagKeys") or ()):
        found["aws:TagKeys"] = tag_keys
    found |= {f"kms:EncryptionContext:{key}": (value,) for key, value in encryption_context.items()}
    if encryption_context:
        found["kms:EncryptionContextKeys"] = tuple(encryption_context)
    return found


def _encryption_context(request: Mapping[str, Any]) -> Mapping[str, str]:
    return request.get("EncryptionContext") or {}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
