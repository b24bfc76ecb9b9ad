"""Resource policies: how they are kept, with whole ARNs, and how AWS shows them, with every quote escaped.

Judges nothing.
"""

from __future__ import annotations

import json
from typing import Any

from cloudlet.services.apigateway.errors import BadRequestException

_ABBREVIATION = "execute-api:/"


def kept_policy(text: str, arn: str) -> str:
    """A policy with its abbreviated resources (execute-api:/stage/GET/path) below `arn`.

    Raises BadRequestException for what is no policy.
    """
    document = _parsed(text)
    statements = document.get("Statement")
    if not isinstance(statements, list | dict):
        raise BadRequestException(
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
        )
    for statement in statements if isinstance(statements, list) else [statements]:
        for name in ("Resource", "NotResource"):
            if isinstance(statement, dict) and name in statement:
                statement[name] = _whole(statement[name], arn)
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def shown_policy(text: str) -> str:
    """A policy as AWS's answers have it: the inside of a JSON string, slashes escaped as well."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/")


def _parsed(text: str) -> dict[str, Any]:
    for candidate in (text, f'"{text}"'):
        try:
            found = json.loads(candidate)
            # What AWS shows comes back the same way: it is escaped once more.
            found = json.loads(found) if isinstance(found, str) else found
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    raise BadRequestException(
        "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
    )


def _whole(resource: Any, arn: str) -> Any:
    if isinstance(resource, list):
        return [_whole(each, arn) for each in resource]
    if isinstance(resource, str) and resource.startswith(_ABBREVIATION):
        return f"{arn}/{resource.removeprefix(_ABBREVIATION)}"
    return resource
