"""Key policies: the one that a key has by itself, those of AWS's own keys, and what KMS takes of a caller's.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html. Who may do what is decided elsewhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import (
    MalformedPolicyDocument,
    Permission,
    PolicyDocument,
    PolicyKind,
)
from cloudlet.core.errors import AccessDenied
from cloudlet.services.kms.errors import LimitExceededException, MalformedPolicyDocumentException
from cloudlet.services.kms.principals import may_be_there

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.kms.model import Key

POLICY_NAME: Final = "default"
"""The only name that a key's policy has."""
_LONGEST_BYTES: Final = 32768
_INDENT: Final = "  "
_INVALID_PRINCIPALS: Final = "Policy contains a statement with one or more invalid principals."


def default_policy(account: str) -> str:
    """The policy of a key that is made without one: it hands all decisions over to the account's IAM."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return written({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})


def managed_policy(account: str, via_service: str, service: str, title: str) -> str:
    """The policy of a service's own key: all who may use the service may use the key, but only through it."""
    allowed = "for all principals in the account that are authorized to use"
    through = {
        "Sid": f"Allow access through {title} {allowed} {title}",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:CreateGrant",
            "kms:DescribeKey",
        ],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:CallerAccount": account, "kms:ViaService": via_service}},
    }
    metadata = {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Id": f"auto-{service}-1", "Statement": [through, metadata]}
    return written(document)


def accepted(call: Call, text: str) -> str:
    """A caller's policy as it is stored.

    Raises MalformedPolicyDocumentException or LimitExceededException.
    """
    if len(text.encode()) > _LONGEST_BYTES:
        raise LimitExceededException("The key policy document exceeds the maximum size of 32768 bytes.")
    try:
        call.cloud.access.validate(text, PolicyKind.RESOURCE)
    except MalformedPolicyDocument as error:
        wrong_principal = error.message.startswith("Invalid principal in policy")
        raise MalformedPolicyDocumentException(
            _INVALID_PRINCIPALS if wrong_principal else error.message
        ) from error
    document = json.loads(text)
    _check_principals(call, document)
    return written(document)


def check_lockout(call: Call, key: Key, policy: str) -> None:
    """Raises MalformedPolicyDocumentException where the caller could not change the policy again."""
    permission = Permission(
        "kms:PutKeyPolicy",
        key.arn,
        resource_policy=PolicyDocument("key policy", policy),
        resource_account=key.account,
        resource_policy_decides=True,
    )
    try:
        call.cloud.api.check_within(call, [permission])
    except AccessDenied as error:
        raise MalformedPolicyDocumentException(
            "The new key policy will not allow you to update the key policy in the future."
        ) from error


def _check_principals(call: Call, document: Any) -> None:
    """Raises MalformedPolicyDocumentException for a user or a role of the account that is not there."""
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal") or statement.get("NotPrincipal")
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        if not all(may_be_there(call, arn) for arn in ([named] if isinstance(named, str) else named)):
            raise MalformedPolicyDocumentException(_INVALID_PRINCIPALS)


def written(document: Any, indent: str = "") -> str:
    """JSON in the form in which KMS gives policies out: a space before each colon, lists on the line."""
    inner = indent + _INDENT
    if isinstance(document, dict) and document:
        members = (f"{inner}{json.dumps(key)} : {written(value, inner)}" for key, value in document.items())
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(document, dict):
        return "{ }"
    if isinstance(document, list):
        return f"[ {', '.join(written(each, indent) for each in document)} ]" if document else "[ ]"
    return json.dumps(document, ensure_ascii=False)
