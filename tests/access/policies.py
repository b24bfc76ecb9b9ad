"""Short ways to write policies and callers in the tests of cloudlet.access."""

from __future__ import annotations

import json
from typing import Any

from cloudlet.access.context import request_context
from cloudlet.access.evaluate import Evaluator
from cloudlet.core.access import (
    Decision,
    Permission,
    PolicyDocument,
    Principal,
    PrincipalKind,
    PrincipalPolicies,
)

ACCOUNT = "111122223333"
OTHER = "444455556666"
USER = Principal(
    PrincipalKind.USER, f"arn:aws:iam::{ACCOUNT}:user/ann", ACCOUNT, "AIDAEXAMPLEEXAMPLE123", "ann"
)
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/examplerole"
SESSION = Principal(
    PrincipalKind.ASSUMED_ROLE,
    f"arn:aws:sts::{ACCOUNT}:assumed-role/examplerole/session",
    ACCOUNT,
    "AROAEXAMPLEEXAMPLE123:session",
    role_arn=ROLE_ARN,
)
ROOT = Principal(PrincipalKind.ROOT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, ACCOUNT)
SERVICE = Principal(PrincipalKind.SERVICE, "s3.amazonaws.com")
ANONYMOUS = Principal(PrincipalKind.ANONYMOUS, "anonymous")
NOW = 1_600_000_000.0


def document(
    *statements: dict[str, Any], version: str = "2012-10-17", name: str = "policy"
) -> PolicyDocument:
    return PolicyDocument(name, json.dumps({"Version": version, "Statement": list(statements)}))


def allow(
    action: str | list[str] = "*", resource: str | list[str] | None = "*", **more: Any
) -> dict[str, Any]:
    return statement("Allow", action, resource, **more)


def deny(
    action: str | list[str] = "*", resource: str | list[str] | None = "*", **more: Any
) -> dict[str, Any]:
    return statement("Deny", action, resource, **more)


def statement(effect: str, action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    found = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {name: value for name, value in found.items() if value is not None}


def decide(
    principal: Principal = USER,
    identity: tuple[PolicyDocument, ...] = (),
    boundary: PolicyDocument | None = None,
    action: str = "sqs:SendMessage",
    resource: str = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue",
    context: Any = None,
    call: Any = None,
    **permission: Any,
) -> Decision:
    return Evaluator().decide(
        principal,
        PrincipalPolicies(identity, boundary),
        Permission(action, resource, context or {}, **permission),
        call or request_context(principal, now=NOW, source_ip="203.0.113.7", region="us-east-1"),
    )
