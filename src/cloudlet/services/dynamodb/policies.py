"""Resource policies of tables and streams as values: the form in which DynamoDB keeps and compares them.

Pure; who may do what is decided by cloudlet.access.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from cloudlet.core.access import PolicyDocument
from cloudlet.services.dynamodb.errors import PolicyNotFoundException, ValidationException
from cloudlet.services.dynamodb.values import INVALID

MAX_POLICY_BYTES: Final = 20480
NO_POLICY: Final = "NO_POLICY"
NOT_FOUND: Final = "Resource-based policy not found for the provided ResourceArn: "
_UNBOUNDED: Final = (
    "Resource-based policy grants unbounded access in one or more elements. "
    "Please revise the policy to ensure least-privilege form of access"
)
_INVALID_DOCUMENT: Final = f"{INVALID}Invalid policy document: "
_MEMBERS: Final = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_LISTS: Final = ("Action", "NotAction", "Resource", "NotResource")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


class ResourcePolicy(Struct, frozen=True):
    """A resource's policy, or that there was one."""

    text: str
    """Empty after it was deleted."""
    revision: int
    """When it was changed, in milliseconds since 1970; grows with every change."""

    @property
    def document(self) -> PolicyDocument | None:
        """What IAM judges by."""
        return PolicyDocument("resource policy", self.text) if self.text else None


def next_revision(policy: ResourcePolicy | None, now: float) -> int:
    """The revision of a change that is made now."""
    return max(int(now * 1000), 0 if policy is None else policy.revision + 1)


def check_revision(policy: ResourcePolicy | None, expected: str | None, table_name: str) -> None:
    """Raises PolicyNotFoundException for a change that expects another policy than there is."""
    if expected is None:
        return
    there = policy is not None and bool(policy.text)
    if expected == NO_POLICY:
        if there and policy is not None:
            raise PolicyNotFoundException(
                f"{NOT_FOUND}Requested policy update expecting none to be present for table {table_name}, "
                f"but a policy exists with revision id {policy.revision}."
            )
        return
    if policy is None:
        raise PolicyNotFoundException(
            f"{NOT_FOUND}Requested update for policy with revision id {expected}, "
            f"but table {table_name} has no associated policy."
        )
    if not there or str(policy.revision) != expected:
        raise PolicyNotFoundException(
            f"{NOT_FOUND}Requested update for policy with revision id {expected}, "
            f"but the policy associated to target table {table_name} has revision id {policy.revision}."
        )


def check_size(text: str) -> None:
    """Raises ValidationException for a policy that is too long."""
    if len(text.encode()) > MAX_POLICY_BYTES:
        raise ValidationException(f"{INVALID}Maximum policy size of {MAX_POLICY_BYTES} bytes exceeded")


def invalid_document(reason: str) -> ValidationException:
    """The refusal of a policy that breaks IAM's grammar."""
    return ValidationException(f"{_INVALID_DOCUMENT}{reason}")


def canonical(text: str) -> str:
    """A policy as GetResourcePolicy tells it: short, members in a fixed order, lists of one without list."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise invalid_document("This policy contains invalid Json") from error
    if not isinstance(document, dict):
        raise invalid_document("This policy contains invalid Json")
    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    if not statements:
        raise invalid_document("Could not parse the policy: Statement is empty!")
    written = {"Version": document.get("Version", "2008-10-17")}
    written.update({name: value for name, value in document.items() if name not in ("Version", "Statement")})
    written["Statement"] = [_statement(each) for each in statements]
    return json.dumps(written, separators=(",", ":"))


def check_sids(text: str) -> None:
    """Raises ValidationException for two statements of one name."""
    sids = [each["Sid"] for each in _statements(text) if "Sid" in each]
    if any(sid in sids[:position] for position, sid in enumerate(sids)):
        raise invalid_document("The Statement Ids in the policy are not unique")


def check_bounded(text: str) -> None:
    """Raises ValidationException for a policy that allows everybody something without condition."""
    if any(map(_is_unbounded, _statements(text))):
        raise ValidationException(_UNBOUNDED)


def _statements(text: str) -> list[Mapping[str, Any]]:
    return [each for each in json.loads(text)["Statement"] if isinstance(each, Mapping)]


def _is_unbounded(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    anybody = named == "*" or (isinstance(named, list) and "*" in named)
    return anybody and statement.get("Effect") == "Allow" and not statement.get("Condition")


def _statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    ordered = {name: statement[name] for name in _MEMBERS if name in statement}
    ordered.update({name: value for name, value in statement.items() if name not in ordered})
    for name in _LISTS:
        if name in ordered:
            ordered[name] = _alone(ordered[name])
    for name in ("Principal", "NotPrincipal"):
        if isinstance(ordered.get(name), dict):
            ordered[name] = {kind: _principals(value) for kind, value in ordered[name].items()}
    return ordered


def _principals(value: Any) -> Any:
    if isinstance(value, list):
        return _alone(list(dict.fromkeys(_principal(each) for each in value if isinstance(each, str))))
    return _principal(value)


def _principal(value: Any) -> Any:
    if isinstance(value, str) and _ACCOUNT.fullmatch(value):
        return f"arn:aws:iam::{value}:root"
    return value


def _alone(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
