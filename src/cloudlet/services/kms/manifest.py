"""The manifest of KMS; it holds no logic."""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.operations import (
    agreement,
    aliases,
    data_key_pairs,
    data_keys,
    deletion,
    encryption,
    grants,
    importing,
    keys,
    macs,
    multi_region,
    policies,
    rotation,
    signing,
    tags,
)
from cloudlet.services.kms.resources import AliasType, KeyType, ReplicaKeyType
from cloudlet.services.kms.workers import Deadlines

SERVICE: Final = Service(
    name="kms",
    operations=operations_in(
        *(keys, deletion, rotation, multi_region, importing, aliases, policies, tags, grants),
        *(encryption, data_keys, data_key_pairs, signing, macs, agreement),
    ),
    resources=(KeyType(), ReplicaKeyType(), AliasType()),
    components=(HardwareSecurityModule,),
    workers=(Deadlines,),
)
