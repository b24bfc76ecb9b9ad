"""The material of keys: made with the key, or for a key pair when it is first needed.

An RSA pair takes up to a second, and CreateKey is one transaction that must not wait.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.multi_region import save_shared_material
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.kms.key_pairs import KeyPair
    from cloudlet.services.kms.model import Key, KeyMaterial, RotationType


def save_new_material(call: Call, key: Key) -> Key:
    """Gives a key that is no pair new material; the key that encrypts with it."""
    return save_shared_material(
        call, key, call.cloud.component(HardwareSecurityModule).new_material(call, key)
    )


def rotate(call: Call, key: Key, rotation_type: RotationType) -> Key:
    """Renews a key's material; what the older has encrypted can still be read."""
    material = call.cloud.component(HardwareSecurityModule).new_material(call, key)
    return save_shared_material(call, key, replace(material, rotation_type=rotation_type))


async def made_key_pair(call: Call, key: Key) -> KeyMaterial:
    """The pair of a key, made now if it has none yet. Needs no open transaction."""
    if not key.material_id:
        pair = await asyncio.to_thread(call.cloud.component(HardwareSecurityModule).new_pair, key.spec_name)
        return await call.transact(partial(_pair_of, key=key, pair=pair))
    return await call.transact(partial(state.material, key=key), read_only=True)


def key_pair(call: Call, key: Key) -> KeyMaterial:
    """The same inside a transaction: the first use of an RSA pair to encrypt may hold up the loop once."""
    if key.material_id:
        return state.material(call, key)
    pair = call.cloud.component(HardwareSecurityModule).new_pair(key.spec_name)
    return _pair_of(call, key, pair)


def _pair_of(call: Call, key: Key, pair: KeyPair) -> KeyMaterial:
    """The pair that a key has; the given one if nobody was quicker."""
    now = state.find_key(call, key.account, key.region, key.id) or key
    if not now.material_id:
        hsm = call.cloud.component(HardwareSecurityModule)
        now = save_shared_material(call, now, hsm.wrapped(call, now, pair.private_key, pair.public_key))
    return state.material(call, now)
