"""Grants as part of a key's policy: a grant is judged as one more statement of it.

So denials anywhere still outweigh it. Decides nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import PrincipalKind
from cloudlet.services.kms.state import grants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudlet.core.access import Principal
    from cloudlet.core.call import Call
    from cloudlet.services.kms.grant_model import Grant
    from cloudlet.services.kms.model import Key

RETIRE_GRANT: Final = "RetireGrant"


def policy_with_grants(call: Call, key: Key, operation: str, request: Mapping[str, Any]) -> str:
    """The key's policy, and as statements of it the grants that let the caller do this."""
    covering = [grant for grant in _grants_to(call, key) if grant.covers(operation, request)]
    statements = [_statement(grant.id, grant.grantee_principal, operation) for grant in covering]
    if operation == RETIRE_GRANT:
        statements += (
            _statement(grant.id, grant.retiring_principal, operation)
            for grant in grants.list_grants(call, key)
            if grant.retiring_principal and grant.id == request.get("GrantId")
        )
    if not statements:
        return key.policy
    document = json.loads(key.policy)
    own = document["Statement"]
    document["Statement"] = [*(own if isinstance(own, list) else [own]), *statements]
    return json.dumps(document)


def _grants_to(call: Call, key: Key) -> Iterator[Grant]:
    """The grants of a key whose grantee the caller is."""
    for name in _names(call.principal):
        yield from grants.list_grants_to(call, key, name)


def _names(principal: Principal) -> list[str]:
    """The ARNs by which a grant may mean a principal."""
    names = [principal.arn]
    if principal.kind is PrincipalKind.ASSUMED_ROLE and principal.role_arn:
        names.append(principal.role_arn)
    if principal.account and principal.kind is not PrincipalKind.ROOT:
        names.append(f"arn:aws:iam::{principal.account}:root")
    return names


def _statement(grant_id: str, principal: str, operation: str) -> dict[str, Any]:
    kind = "AWS" if principal.startswith("arn:") else "Service"
    return {
        "Sid": f"grant {grant_id}",
        "Effect": "Allow",
        "Principal": {kind: principal},
        "Action": f"kms:{operation}",
        "Resource": "*",
    }
