"""Shared secrets: what a key pair and somebody else's have in common."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cloudlet.core.operation import operation
from cloudlet.services.kms.addressing import key_or_alias
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.material import made_key_pair
from cloudlet.services.kms.permissions import on_key_pair_or_alias
from cloudlet.services.kms.refusals import refuse_dry_run, refuse_recipient
from cloudlet.services.kms.specs import KeyUsage

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kms.model import Key


@operation("DeriveSharedSecret", permissions=on_key_pair_or_alias("DeriveSharedSecret"))
async def derive_shared_secret(call: Call, request: Request) -> dict[str, Any]:
    """The raw secret of the key's private half and a peer's public one."""
    refuse_recipient(request)
    key = await call.transact(partial(_agreeing, request=request), read_only=True)
    material = await made_key_pair(call, key)
    hsm = call.cloud.component(HardwareSecurityModule)
    return {
        "KeyId": key.arn,
        "SharedSecret": hsm.shared_secret(key, material, request["PublicKey"]),
        "KeyAgreementAlgorithm": request["KeyAgreementAlgorithm"],
        "KeyOrigin": key.origin.value,
    }


def _agreeing(call: Call, request: Request) -> Key:
    key = key_or_alias(call, request["KeyId"])
    key.check_usable()
    key.check_usage(KeyUsage.KEY_AGREEMENT, "DeriveSharedSecret")
    key.check_algorithm(request["KeyAgreementAlgorithm"])
    refuse_dry_run(request)
    return key
