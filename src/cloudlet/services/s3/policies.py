"""Bucket policies: what S3 demands of their text, and which of them are public. Pure rules.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from cloudlet.services.s3.errors import MalformedPolicy

Statement: TypeAlias = "Mapping[str, Any]"

_CLOSING_KEYS: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalserviceidentifier",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)
"""A condition on one of these, with fixed values, makes a statement for everybody one for some."""


def read_policy(text: str, bucket: str) -> list[Statement]:
    """The statements of a policy for a bucket. Raises MalformedPolicy."""
    try:
        document = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise MalformedPolicy("Policies must be valid JSON and the first byte must be '{'")
    statements = _listed(document.get("Statement"))
    for statement in statements:
        if not isinstance(statement, dict):
            raise MalformedPolicy("Invalid policy syntax.")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise MalformedPolicy("Missing required field Principal")
        _check_resources(statement, bucket)
    return statements


def _check_resources(statement: Statement, bucket: str) -> None:
    for name in ("Resource", "NotResource"):
        for resource in _listed(statement.get(name)):
            arn, _, _ = str(resource).removeprefix("arn:aws:s3:::").partition("/")
            if not str(resource).startswith("arn:aws:s3:::") or not (arn == bucket or _leaves_room(arn)):
                raise MalformedPolicy("Policy has invalid resource")


def _leaves_room(name: str) -> bool:
    """Whether a bucket's name in an ARN leaves room for others."""
    return "*" in name or "?" in name or "${" in name


def is_public(statements: list[Statement]) -> bool:
    """Whether a policy lets in everybody."""
    return any(
        statement.get("Effect") == "Allow" and _means_everybody(statement) and not _is_closed(statement)
        for statement in statements
    )


def _means_everybody(statement: Statement) -> bool:
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        return "*" in _listed(principal.get("AWS"))
    return principal == "*"


def _is_closed(statement: Statement) -> bool:
    return any(
        key.lower() in _CLOSING_KEYS and all(map(_is_fixed, values))
        for operator, key, values in _conditions(statement)
        if not operator.lower().startswith("null") and "not" not in operator.lower()
    )


def _conditions(statement: Statement) -> Iterator[tuple[str, str, list[Any]]]:
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield operator, key, _listed(values)


def _is_fixed(value: Any) -> bool:
    text = str(value)
    return "*" not in text and "?" not in text and "${" not in text and text not in ("0.0.0.0/0", "::/0")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
