"""What IAM is asked about KMS's operations: which key, by which key policy, with which condition keys.

A key policy alone decides, or hands over to the account's IAM: without its word not even root may.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.access import LazyContext, Permission, PolicyDocument
from cloudlet.core.errors import AccessDenied
from cloudlet.services.kms import ciphertext, conditions
from cloudlet.services.kms.addressing import (
    KeyReference,
    alias_name,
    find_key,
    reference,
    reference_or_alias,
)
from cloudlet.services.kms.errors import ValidationException
from cloudlet.services.kms.grant_tokens import check_tokens, read_token
from cloudlet.services.kms.granted import RETIRE_GRANT, policy_with_grants
from cloudlet.services.kms.model import alias_arn
from cloudlet.services.kms.refusals import ciphertext_blob
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.call import Call

    Judged = Callable[[Call, Mapping[str, Any]], Sequence[Permission]]

_UNKNOWN_KEY: Final = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, "
    "or you are not allowed to access."
)


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


def on_key_pair_or_alias(action: str) -> Judged:
    """The same for an action that waits, and so must not make a key: AWS managed keys are no pairs."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        of = reference_or_alias(call, request["KeyId"], make_managed=False)
        return [key_permission(call, action, of, request)]

    return judge


def create_key(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """CreateKey, and TagResource for a key that begins with tags."""
    context = LazyContext(
        lambda: {
            **conditions.of_new_key(request),
            **conditions.of_caller(call),
            **conditions.of_request(request),
        }
    )
    asked = [Permission("kms:CreateKey", "*", context)]
    if request.get("Tags"):
        asked.append(Permission("kms:TagResource", call.arn("key/*"), context))
    return asked


def replicate_key(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """ReplicateKey on the primary, and CreateKey in the replica's region."""
    there = replace(call, region=request["ReplicaRegion"])
    return [
        _own(call, "ReplicateKey", reference(call, request["KeyId"]), request),
        *create_key(there, {"MultiRegion": True, **request}),
    ]


def update_primary_region(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """UpdatePrimaryRegion, on the primary and on the replica that takes its place."""
    of = reference(call, request["KeyId"])
    there = KeyReference(of.account, request["PrimaryRegion"], of.key_id)
    return [_own(call, "UpdatePrimaryRegion", each, request) for each in (of, there)]


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
    of = of_ciphertext(call, ciphertext_blob(request), request.get("KeyId"))
    return [key_permission(call, "Decrypt", of, request, request.get("KeyId"))]


def re_encrypt(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """ReEncryptFrom with the key that has encrypted, ReEncryptTo with the one that is to."""
    source = of_ciphertext(call, ciphertext_blob(request), request.get("SourceKeyId"))
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


def retire_grant(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """RetireGrant, on the key of the grant that the request names or whose token it has."""
    of, grant_id = retired(call, request)
    return [key_permission(call, RETIRE_GRANT, of, {**request, "GrantId": grant_id})]


def retired(call: Call, request: Mapping[str, Any]) -> tuple[KeyReference, str]:
    """The key and the id of the grant that RetireGrant is about. Raises ValidationException."""
    if "GrantToken" in request:
        found = read_token(call, request["GrantToken"])
        return KeyReference(found.account, found.region, found.key_id), found.grant_id
    if "KeyId" not in request or "GrantId" not in request:
        raise ValidationException("Either a grant token, or a key ID and a grant ID, must be specified.")
    return reference(call, request["KeyId"]), request["GrantId"]


def key_permission(
    call: Call,
    action: str,
    of: KeyReference,
    request: Mapping[str, Any],
    identifier: str | None = None,
    more: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Permission:
    """The permission for an action on a key; one that is not there is judged by the caller's own policies."""
    check_tokens(call, request.get("GrantTokens") or ())
    key = find_key(call, of)
    if key is None:
        return Permission(f"kms:{action}", of.arn, resource_account=of.account)
    named = identifier or request.get("KeyId") or ""
    return Permission(
        f"kms:{action}",
        of.arn,
        LazyContext(
            lambda: {
                **conditions.of_caller(call),
                **conditions.of_key(call, key),
                **conditions.of_request(request),
                **conditions.of_encryption_context(request.get("EncryptionContext") or {}),
                **({"kms:RequestAlias": (alias,)} if (alias := alias_name(named)) else {}),
                **more,
            }
        ),
        resource_policy=PolicyDocument("key policy", policy_with_grants(call, key, action, request)),
        resource_account=of.account,
        resource_policy_decides=True,
    )


def create_grant(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """CreateGrant, whose conditions tell what is granted to whom, and whether a service asks for it."""
    constraints = request.get("Constraints") or {}
    contexts = {
        name: value
        for context in constraints.values()
        if isinstance(context, dict)
        for name, value in context.items()
    }
    more = {
        "kms:GrantConstraintType": tuple(constraints),
        "kms:GrantIsForAWSResource": (conditions.text(bool(call.via)),),
        "kms:GrantOperations": tuple(request["Operations"]),
        **conditions.of_encryption_context(contexts),
    }
    return [key_permission(call, "CreateGrant", reference(call, request["KeyId"]), request, more=more)]


def _own(call: Call, action: str, of: KeyReference, request: Mapping[str, Any]) -> Permission:
    if of.account != call.account:
        # AWS gives these to no other account, so no policy is shown that could allow it.
        return Permission(f"kms:{action}", of.arn, resource_account=of.account)
    return key_permission(call, action, of, request)


def _on_alias(call: Call, action: str, request: Mapping[str, Any]) -> Permission:
    arn = alias_arn(call.account, call.region, request["AliasName"])
    return Permission(f"kms:{action}", arn, LazyContext(lambda: conditions.of_caller(call)))


def _half(request: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    """ReEncrypt's request as that of one of the two things it does."""
    members = ("KeyId", "EncryptionContext", "EncryptionAlgorithm")
    return {member: request[side + member] for member in members if side + member in request}
