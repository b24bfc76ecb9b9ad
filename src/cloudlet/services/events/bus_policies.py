"""Event bus policies: statements by their ids. Data here; what they permit is judged in cloudlet.access.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import PolicyKind
from cloudlet.services.events.errors import (
    PolicyLengthExceededException,
    ResourceNotFoundException,
    ValidationException,
)
from cloudlet.services.events.model import compact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.access import Access
    from cloudlet.services.events.model import EventBus

_VERSION: Final = "2012-10-17"
_LONGEST: Final = 10 * 1024
_NEEDED: Final = ("Action", "Principal", "StatementId")


def whole(access: Access, policy: str) -> str:
    """A policy that takes the place of all statements. Raises what AWS says to a bad one."""
    access.validate(policy, PolicyKind.RESOURCE)
    return _checked(policy)


def with_statement(bus: EventBus, request: Mapping[str, Any]) -> str:
    """The policy of a bus with the statement of a PutPermission; one of the same id goes."""
    missing = [name for name in _NEEDED if request.get(name) is None]
    if missing:
        raise ValidationException(f"Parameter(s) {', '.join(missing)} must be specified.")
    principal = request["Principal"]
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": request["Action"],
        "Resource": bus.address.arn,
    }
    if (condition := request.get("Condition")) is not None:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    kept = [each for each in _statements(bus) if each.get("Sid") != request["StatementId"]]
    return _checked(compact({"Version": _VERSION, "Statement": [*kept, statement]}))


def without_statement(bus: EventBus, statement_id: str) -> str:
    """The policy of a bus without a statement. Raises ResourceNotFoundException."""
    statements = _statements(bus)
    kept = [each for each in statements if each.get("Sid") != statement_id]
    if len(kept) == len(statements):
        raise ResourceNotFoundException("Statement with the provided id does not exist.")
    return compact({"Version": _VERSION, "Statement": kept}) if kept else ""


def _statements(bus: EventBus) -> list[dict[str, Any]]:
    found = json.loads(bus.policy).get("Statement", []) if bus.policy else []
    return list(found) if isinstance(found, list) else [found]


def _checked(policy: str) -> str:
    if len(policy.encode()) > _LONGEST:
        raise PolicyLengthExceededException("The event bus policy is too long.")
    return policy
