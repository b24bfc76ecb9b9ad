"""IAM: users, groups, roles, policies and keys.

The manifest; what is judged by all of it is decided in cloudlet.access.
"""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.iam.operations import access_keys, groups, policies, roles, users

SERVICE: Final = Service(
    name="iam",
    operations=operations_in(users, groups, roles, policies, access_keys),
)
