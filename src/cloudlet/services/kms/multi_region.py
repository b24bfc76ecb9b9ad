"""Multi-Region keys: a primary and its replicas, which share id and material and little else.

All regions are in one store, so what AWS copies between them is copied in one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cloudlet.services.kms.model import KeyState, Origin
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.call import Call
    from cloudlet.services.kms.model import Key, KeyMaterial


def related_keys(call: Call, key: Key) -> list[Key]:
    """The key and, where it is a multi-Region key, all others of its kind; the key as it is given."""
    others = [state.find_key(call, key.account, region, key.id) for region in key.other_regions]
    return [key, *(each for each in others if each is not None)]


def primary_key(call: Call, key: Key) -> Key:
    """The key whose rotation counts for it: its primary, or itself."""
    if not key.is_replica:
        return key
    return state.find_key(call, key.account, key.primary_region, key.id) or key


def replicate(call: Call, primary: Key, replica: Key) -> Key:
    """Adds a replica with the primary's material, or without any if that is imported; as it is stored."""
    regions = tuple(sorted((*primary.replica_regions, replica.region)))
    replica = replace(replica, replica_regions=regions)
    if primary.origin is Origin.EXTERNAL:
        replica = replica.without_material()
    for each in related_keys(call, primary):
        state.save_key(call, replace(each, replica_regions=regions))
    state.save_key(call, replica)
    if primary.origin is Origin.AWS_KMS:
        for material in state.list_material(call, primary):
            state.save_material(call, replica, material)
    return replica


def make_primary(call: Call, replica: Key, primary: Key) -> None:
    """Swaps the two; what the primary alone rules goes with it."""
    regions = tuple(sorted({*primary.replica_regions, primary.region} - {replica.region}))

    def swapped(each: Key) -> Key:
        ruled = primary if each.region == replica.region else None
        return replace(
            each,
            primary_region=replica.region,
            replica_regions=regions,
            rotation_period_days=None if ruled is None else ruled.rotation_period_days,
            next_rotation_at=None if ruled is None else ruled.next_rotation_at,
        )

    _change(call, primary, swapped)


def save_shared_material(call: Call, key: Key, material: KeyMaterial) -> Key:
    """Gives a key, and all that share its material, new material; the key with it."""
    for each in related_keys(call, key):
        state.save_key(call, replace(each, material_id=material.id))
        state.save_material(call, each, material)
    return replace(key, material_id=material.id)


def delete_key(call: Call, key: Key) -> None:
    """Removes a key; a primary that waited for its last replica's end begins to wait for its own."""
    state.delete_key(call, key)
    left = tuple(region for region in key.replica_regions if region != key.region)

    def without(each: Key) -> Key:
        now = replace(each, replica_regions=left)
        if left or now.state is not KeyState.PENDING_REPLICA_DELETION:
            return now
        return now.ending(call.time(), now.pending_days)

    _change(call, key, without)


def _change(call: Call, key: Key, change: Callable[[Key], Key]) -> None:
    for region in (key.region, *key.other_regions):
        found = state.find_key(call, key.account, region, key.id)
        if found is not None:
            state.save_key(call, change(found))
