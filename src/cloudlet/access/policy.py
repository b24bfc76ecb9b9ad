"""Policy documents as values: JSON text in, statements out.

Only the shape is judged here; what IAM demands of the values is grammar.py's, what they mean statement.py's.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from cloudlet.core.access import MalformedPolicyDocument

CURRENT: Final = "2012-10-17"
LEGACY: Final = "2008-10-17"
SYNTAX: Final = "Syntax errors in policy."

_DOCUMENT_ELEMENTS: Final = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS: Final = frozenset(
    {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource",
        "Condition",
    }
)  # fmt: skip
_PRINCIPAL_TYPES: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})


class Principals(Struct, frozen=True):
    """A Principal or NotPrincipal element; `"*"` is kept as AWS:*, which means the same."""

    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical_user: tuple[str, ...] = ()


class Condition(Struct, frozen=True):
    """One operator with one key and its values; a statement's conditions must all hold."""

    operator: str
    key: str
    values: tuple[str, ...]


class Statement(Struct, frozen=True):
    """One statement as written. An element that is absent is None."""

    sid: str | None
    effect: str
    principal: Principals | None
    not_principal: Principals | None
    action: tuple[str, ...] | None
    not_action: tuple[str, ...] | None
    resource: tuple[str, ...] | None
    not_resource: tuple[str, ...] | None
    conditions: tuple[Condition, ...]


class Policy(Struct, frozen=True):
    """A whole document."""

    version: str | None
    statements: tuple[Statement, ...]

    @property
    def has_variables(self) -> bool:
        """Whether ${...} means anything in it."""
        return self.version == CURRENT


def parse(text: str) -> Policy:
    """Takes a document apart. Raises MalformedPolicyDocument."""
    document = _object(_json(text), _DOCUMENT_ELEMENTS)
    version = document.get("Version")
    if version not in (None, CURRENT, LEGACY) or not isinstance(document.get("Id", ""), str):
        raise MalformedPolicyDocument(SYNTAX)
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicyDocument(SYNTAX)
    return Policy(version, tuple(_statement(each) for each in statements))


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as cause:
        raise MalformedPolicyDocument(SYNTAX) from cause


def _statement(value: Any) -> Statement:
    body = _object(value, _STATEMENT_ELEMENTS)
    sid = body.get("Sid")
    if body.get("Effect") not in ("Allow", "Deny") or not (sid is None or isinstance(sid, str)):
        raise MalformedPolicyDocument(SYNTAX)
    for pair in ("Action", "Resource", "Principal"):
        if pair in body and f"Not{pair}" in body:
            raise MalformedPolicyDocument(SYNTAX)
    return Statement(
        sid=sid,
        effect=body["Effect"],
        principal=_principals(body, "Principal"),
        not_principal=_principals(body, "NotPrincipal"),
        action=_texts(body, "Action"),
        not_action=_texts(body, "NotAction"),
        resource=_texts(body, "Resource"),
        not_resource=_texts(body, "NotResource"),
        conditions=_conditions(body.get("Condition", {})),
    )


def _object(value: Any, elements: frozenset[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or not elements.issuperset(value):
        raise MalformedPolicyDocument(SYNTAX)
    return value


def _texts(body: dict[str, Any], element: str) -> tuple[str, ...] | None:
    return _one_or_many(body[element]) if element in body else None


def _one_or_many(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in values):
        raise MalformedPolicyDocument(SYNTAX)
    return tuple(values)


def _principals(body: dict[str, Any], element: str) -> Principals | None:
    if element not in body:
        return None
    value = body[element]
    if value == "*":
        return Principals(aws=("*",))
    if isinstance(value, str):
        raise MalformedPolicyDocument(f'Invalid principal in policy: "STAR":"{value}"')
    forms = _object(value, _PRINCIPAL_TYPES)
    return Principals(
        aws=_one_or_many(forms.get("AWS", [])),
        service=_one_or_many(forms.get("Service", [])),
        federated=_one_or_many(forms.get("Federated", [])),
        canonical_user=_one_or_many(forms.get("CanonicalUser", [])),
    )


def _conditions(value: Any) -> tuple[Condition, ...]:
    if not isinstance(value, dict):
        raise MalformedPolicyDocument(SYNTAX)
    found: list[Condition] = []
    for operator, keys in value.items():
        if not isinstance(keys, dict):
            raise MalformedPolicyDocument(SYNTAX)
        found += (Condition(operator, key, _condition_values(values)) for key, values in keys.items())
    return tuple(found)


def _condition_values(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(_condition_value(each) for each in values)


def _condition_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise MalformedPolicyDocument(SYNTAX)
