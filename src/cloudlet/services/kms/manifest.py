"""The manifest of KMS; it holds no logic."""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.operations import (
    aliases,
    data_keys,
    deletion,
    encryption,
    keys,
    policies,
    tags,
)
from cloudlet.services.kms.workers import Deadlines

SERVICE: Final = Service(
    name="kms",
    operations=operations_in(keys, deletion, aliases, policies, tags, encryption, data_keys),
    components=(HardwareSecurityModule,),
    workers=(Deadlines,),
)
