"""IAM's operations, a file for each noun.

Whatever is marked as an operation in the modules named here is served.
"""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import operations_in
from cloudlet.services.iam.operations import (
    access_keys,
    account,
    groups,
    instance_profiles,
    passwords,
    policies,
    roles,
    service_linked_roles,
    simulation,
    tags,
    users,
)

OPERATIONS: Final = operations_in(
    users,
    groups,
    roles,
    service_linked_roles,
    policies,
    instance_profiles,
    access_keys,
    passwords,
    tags,
    account,
    simulation,
)
