"""The policy that would just do: what a principal was seen to need, as a policy document.

It invents no wildcard: what was not seen is not allowed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.core.access import Permission


def least_privilege(observed: Iterable[Permission]) -> str:
    """A policy document that allows what was observed and nothing else.

    Resources on which the same actions were seen share a statement.
    """
    actions_on: dict[str, set[str]] = {}
    for permission in observed:
        actions_on.setdefault(permission.resource or "*", set()).add(permission.action)
    resources_of: dict[tuple[str, ...], list[str]] = {}
    for resource, actions in sorted(actions_on.items()):
        resources_of.setdefault(tuple(sorted(actions)), []).append(resource)
    statements = [_statement(actions, resources) for actions, resources in sorted(resources_of.items())]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _statement(actions: tuple[str, ...], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": [_escaped(each) for each in resources]}


def _escaped(resource: str) -> str:
    """The resource as a literal: wildcards in an object's key must not widen the policy."""
    if resource == "*":
        return resource
    return resource.replace("$", "${$}").replace("*", "${*}").replace("?", "${?}")
