"""Policy documents on their way in and out: grammar, quotas of size, percent-encoding.

The grammar itself is judged by the policy engine.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from cloudlet.core.access import MalformedPolicyDocument, PolicyKind
from cloudlet.core.arn import find_arn
from cloudlet.services.iam import state
from cloudlet.services.iam.errors import LimitExceeded
from cloudlet.services.iam.model import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call

_WHITE_SPACE: Final = re.compile(r"\s+")
_MANAGED_SIZE: Final = 6144
_TRUST_SIZE: Final = 2048


def encoded(document: str) -> str:
    """A document as IAM answers it: percent-encoded by RFC 3986."""
    return quote(document, safe="-_.~")


def size(document: str) -> int:
    """How much of a quota a document takes: IAM does not count white space."""
    return len(_WHITE_SPACE.sub("", document))


def check_managed(call: Call, document: str) -> None:
    """Raises MalformedPolicyDocument or LimitExceeded for what cannot be a managed policy."""
    call.cloud.access.validate(document, PolicyKind.IDENTITY)
    if size(document) > _MANAGED_SIZE:
        raise LimitExceeded(f"Cannot exceed quota for PolicySize: {_MANAGED_SIZE}")


def check_trust(call: Call, document: str) -> None:
    """Raises MalformedPolicyDocument or LimitExceeded for what cannot be a role's trust policy."""
    try:
        decoded = msgspec.json.decode(document)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise MalformedPolicyDocument("This policy contains invalid Json") from None
    call.cloud.access.validate(document, PolicyKind.TRUST)
    if size(document) > _TRUST_SIZE:
        raise LimitExceeded(f"Cannot exceed quota for ACLSizePerRole: {_TRUST_SIZE}")
    for arn in _trusted_arns(decoded):
        if not _is_there(call, arn):
            raise MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{arn}"')


def _trusted_arns(document: Any) -> Iterator[str]:
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        yield from [named] if isinstance(named, str) else named


def _is_there(call: Call, principal_arn: str) -> bool:
    """Whether a user or role exists; those of other accounts are believed to."""
    arn = find_arn(principal_arn)
    if arn is None or arn.service != "iam" or arn.account != call.account:
        return True
    kind, _, path = arn.resource.partition("/")
    name = key_of(path.rpartition("/")[2])
    if kind == "user":
        user = state.USERS.find(call, arn.account, name)
        return user is not None and user.arn == principal_arn
    if kind == "role":
        role = state.ROLES.find(call, arn.account, name)
        return role is not None and role.arn == principal_arn
    return True
