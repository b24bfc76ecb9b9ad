"""Message authentication codes by HMAC keys."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from cloudlet.core.operation import operation
from cloudlet.services.kms.addressing import key_or_alias
from cloudlet.services.kms.errors import KMSInvalidMacException
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.permissions import on_key_or_alias
from cloudlet.services.kms.refusals import refuse_dry_run
from cloudlet.services.kms.specs import KeyUsage
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kms.model import Key


@operation("GenerateMac", permissions=on_key_or_alias("GenerateMac"))
def generate_mac(call: Call, request: Request) -> dict[str, Any]:
    """The code of a message."""
    key = key_or_alias(call, request["KeyId"])
    mac = _mac(call, request, key, "GenerateMac")
    return {"Mac": mac, "MacAlgorithm": request["MacAlgorithm"], "KeyId": key.arn}


@operation("VerifyMac", permissions=on_key_or_alias("VerifyMac"))
def verify_mac(call: Call, request: Request) -> dict[str, Any]:
    """Whether a code is the message's. Raises KMSInvalidMacException."""
    key = key_or_alias(call, request["KeyId"])
    if not hmac.compare_digest(_mac(call, request, key, "VerifyMac"), request["Mac"]):
        raise KMSInvalidMacException("")
    return {"KeyId": key.arn, "MacValid": True, "MacAlgorithm": request["MacAlgorithm"]}


def _mac(call: Call, request: Request, key: Key, operation_name: str) -> bytes:
    key.check_usable()
    key.check_usage(KeyUsage.GENERATE_VERIFY_MAC, operation_name)
    key.check_algorithm(request["MacAlgorithm"])
    refuse_dry_run(request)
    hsm = call.cloud.component(HardwareSecurityModule)
    return hsm.mac(key, state.material(call, key), request["MacAlgorithm"], request["Message"])
