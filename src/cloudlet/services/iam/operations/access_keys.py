"""Long-term access keys.

Secrets are shown once, by CreateAccessKey.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.access import PrincipalKind
from cloudlet.core.operation import operation
from cloudlet.services.iam import state, tokens
from cloudlet.services.iam.entities import named_user
from cloudlet.services.iam.errors import LimitExceeded, NoSuchEntity
from cloudlet.services.iam.model import AccessKey, key_of
from cloudlet.services.iam.pages import page
from cloudlet.services.iam.permissions import on_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call

_KEYS_PER_USER: Final = 2


@operation("CreateAccessKey", permissions=on_user("CreateAccessKey"))
def create_access_key(call: Call, request: api.CreateAccessKeyRequestTypeDef) -> dict[str, Any]:
    """Makes a key for a user, or for whoever asks."""
    name, owner = _owner(call, request)
    if len(state.access_keys_of(call, call.account, owner)) >= _KEYS_PER_USER:
        raise LimitExceeded(f"Cannot exceed quota for AccessKeysPerUser: {_KEYS_PER_USER}")
    key = AccessKey(
        id=tokens.access_key_id("AKIA", call.account, call.ids.random),
        secret=call.ids.mixed(40),
        account=call.account,
        user=owner,
        created_at=call.time(),
    )
    state.save_access_key(call, key)
    return {"AccessKey": {**_describe(name, key), "SecretAccessKey": key.secret}}


@operation("ListAccessKeys", permissions=on_user("ListAccessKeys"), read_only=True)
def list_access_keys(call: Call, request: api.ListAccessKeysRequestTypeDef) -> dict[str, Any]:
    """A user's keys, without their secrets."""
    name, owner = _owner(call, request)
    keys = state.access_keys_of(call, call.account, owner)
    return page(request, "AccessKeyMetadata", keys, lambda key: _describe(name, key))


@operation("UpdateAccessKey", permissions=on_user("UpdateAccessKey"))
def update_access_key(call: Call, request: api.UpdateAccessKeyRequestTypeDef) -> None:
    """Switches a key on or off."""
    key = _key(call, request)
    state.save_access_key(call, replace(key, active=request["Status"] == "Active"))


@operation("DeleteAccessKey", permissions=on_user("DeleteAccessKey"))
def delete_access_key(call: Call, request: api.DeleteAccessKeyRequestTypeDef) -> None:
    """Removes a key for good."""
    state.delete_access_key(call, _key(call, request))


def _owner(call: Call, request: Mapping[str, Any]) -> tuple[str, str | None]:
    """The user's name and key; for the root user itself neither is there."""
    if "UserName" not in request and call.principal.kind is PrincipalKind.ROOT:
        return "", None
    user = named_user(call, request)
    return user.name, key_of(user.name)


def _key(call: Call, request: Mapping[str, Any]) -> AccessKey:
    _, owner = _owner(call, request)
    key_id = request["AccessKeyId"]
    key = state.find_access_key(call, key_id)
    if key is None or key.account != call.account or key.user != owner:
        raise NoSuchEntity(f"The Access Key with id {key_id} cannot be found.")
    return key


def _describe(name: str, key: AccessKey) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "AccessKeyId": key.id,
        "Status": key.status,
        "CreateDate": key.created,
    }
    return {"UserName": name, **shown} if name else shown
