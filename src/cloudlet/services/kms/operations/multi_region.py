"""Multi-Region keys: replicas of a primary in other regions, and which of them is the primary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.kms import multi_region, permissions
from cloudlet.services.kms.addressing import KeyReference, find_key, named_key
from cloudlet.services.kms.description import key_metadata
from cloudlet.services.kms.errors import (
    AlreadyExistsException,
    NotFoundException,
    UnsupportedOperationException,
    ValidationException,
)
from cloudlet.services.kms.policies import accepted, check_lockout, default_policy
from cloudlet.services.kms.tags import accepted_tags

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kms.model import Key

_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


@operation("ReplicateKey", permissions=permissions.replicate_key)
def replicate_key(call: Call, request: Request) -> dict[str, Any]:
    """Makes a replica of a primary in another region: the same id and material, and all else its own."""
    primary = _primary(call, request)
    region = request["ReplicaRegion"]
    if not _REGION.fullmatch(region):
        raise ValidationException(f"{region} is not a valid region.")
    if region in (primary.region, *primary.replica_regions):
        of = KeyReference(primary.account, region, primary.id)
        raise AlreadyExistsException(f"A key with the ARN {of.arn} already exists")
    replica = replace(
        primary,
        region=region,
        created_at=call.time(),
        policy=accepted(call, request["Policy"]) if "Policy" in request else default_policy(call.account),
        description=request.get("Description", ""),
        tags=accepted_tags(call, {}, request.get("Tags") or ()),
        rotation_period_days=None,
        next_rotation_at=None,
    )
    if "Policy" in request and not request.get("BypassPolicyLockoutSafetyCheck"):
        check_lockout(call, replica, replica.policy)
    replica = multi_region.replicate(call, primary, replica)
    # AWS answers while the replica is still being made; here it is there at once.
    metadata = {**key_metadata(replica), "KeyState": "Creating", "Enabled": False}
    tags = [{"TagKey": name, "TagValue": value} for name, value in replica.tags.items()]
    return {"ReplicaKeyMetadata": metadata, "ReplicaPolicy": replica.policy, "ReplicaTags": tags or None}


@operation("UpdatePrimaryRegion", permissions=permissions.update_primary_region)
def update_primary_region(call: Call, request: Request) -> None:
    """Makes a replica the primary, and the primary a replica."""
    primary = _primary(call, request)
    region = request["PrimaryRegion"]
    of = KeyReference(primary.account, region, primary.id)
    replica = find_key(call, of) if region in primary.replica_regions else None
    if replica is None:
        raise NotFoundException(f"Key '{of.arn}' does not exist")
    replica.check_usable()
    multi_region.make_primary(call, replica, primary)


def _primary(call: Call, request: Request) -> Key:
    key = named_key(call, request["KeyId"])
    if not key.is_multi_region:
        raise UnsupportedOperationException(f"{key.arn} is not a multi-Region key.")
    if key.is_replica:
        raise UnsupportedOperationException(f"{key.arn} is not a multi-Region primary key.")
    key.check_usable()
    return key
