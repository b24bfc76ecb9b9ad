"""What callers were seen to need while nothing is refused, and the policies that would just do.

Remembers in bounds; what is beyond them is said, not forgotten silently.
"""

from __future__ import annotations

from typing import Final

from cloudlet.access.least_privilege import least_privilege
from cloudlet.core.access import Permission, Principal, PrincipalKind

_PRINCIPALS: Final = 1_000
_PERMISSIONS: Final = 5_000
_KINDS: Final = frozenset({PrincipalKind.USER, PrincipalKind.ASSUMED_ROLE, PrincipalKind.FEDERATED_USER})


class Audit:
    """The permissions of users and roles, by the ARN of what policies are attached to."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[tuple[str, str], Permission]] = {}
        self.complete = True
        """Whether everything seen is still known."""

    def record(self, principal: Principal, permission: Permission) -> None:
        """Remembers that a user or role asked for something."""
        if principal.kind not in _KINDS:
            return
        owner = principal.role_arn or principal.arn
        if owner not in self._seen and len(self._seen) >= _PRINCIPALS:
            self.complete = False
            return
        seen = self._seen.setdefault(owner, {})
        key = (permission.action, permission.resource)
        if key not in seen and len(seen) >= _PERMISSIONS:
            self.complete = False
            return
        seen[key] = Permission(*key)

    def policies(self) -> dict[str, str]:
        """For each user and role seen the policy document that allows what it did, and nothing else."""
        return {owner: least_privilege(seen.values()) for owner, seen in sorted(self._seen.items())}
