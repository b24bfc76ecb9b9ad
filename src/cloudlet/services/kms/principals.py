"""Who is named in key policies and grants: whether they are there.

Only IAM knows its users and roles; it is asked as the account itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError

if TYPE_CHECKING:
    from cloudlet.core.call import Call

_IDENTITY: Final = re.compile(r"arn:aws:iam::(\d{12}):(user|role)/(?:[^/]+/)*([^/]+)")


def may_be_there(call: Call, principal: str) -> bool:
    """False for a user or a role of the call's account that IAM does not know; of others nothing is known."""
    found = _IDENTITY.fullmatch(principal)
    if found is None or found[1] != call.account:
        return True
    operation, member = ("GetRole", "RoleName") if found[2] == "role" else ("GetUser", "UserName")
    root = call.as_principal(Principal.root(call.account))
    try:
        root.ask_within("iam", operation, {member: found[3]})
    except ServiceError:
        return False
    return True
