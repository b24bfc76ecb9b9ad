"""Key policies: read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.kms.addressing import named_key
from cloudlet.services.kms.errors import NotFoundException
from cloudlet.services.kms.permissions import on_key
from cloudlet.services.kms.policies import POLICY_NAME, accepted, check_lockout
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request


@operation("GetKeyPolicy", permissions=on_key("GetKeyPolicy"), read_only=True)
def get_key_policy(call: Call, request: Request) -> dict[str, Any]:
    """Tells a key's policy."""
    key = named_key(call, request["KeyId"])
    _check_name(request)
    return {"Policy": key.policy, "PolicyName": POLICY_NAME}


@operation("PutKeyPolicy", permissions=on_key("PutKeyPolicy"))
def put_key_policy(call: Call, request: Request) -> None:
    """Writes a key's policy."""
    key = named_key(call, request["KeyId"])
    _check_name(request)
    key.check_not_pending_deletion()
    policy = accepted(call, request["Policy"])
    if not request.get("BypassPolicyLockoutSafetyCheck"):
        check_lockout(call, key, policy)
    state.save_key(call, replace(key, policy=policy))


@operation("ListKeyPolicies", permissions=on_key("ListKeyPolicies"), read_only=True)
def list_key_policies(call: Call, request: Request) -> dict[str, Any]:
    """Lists the names of a key's policies: there is one."""
    named_key(call, request["KeyId"])
    return {"PolicyNames": [POLICY_NAME], "Truncated": False}


def _check_name(request: Request) -> None:
    if request.get("PolicyName", POLICY_NAME) != POLICY_NAME:
        raise NotFoundException("No such policy exists")
