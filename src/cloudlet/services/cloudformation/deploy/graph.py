"""Which resource must be there before which.

Pure; knows nothing of what a resource is.
"""

from __future__ import annotations

from collections.abc import Mapping

from cloudlet.services.cloudformation.deploy.references import references
from cloudlet.services.cloudformation.deploy.template import Template
from cloudlet.services.cloudformation.errors import ValidationError


def dependencies(template: Template, conditions: Mapping[str, bool]) -> dict[str, frozenset[str]]:
    """For each resource that takes part: the others it needs. Raises ValidationError for a circle."""
    taking_part = {
        logical_id
        for logical_id, resource in template.resources.items()
        if resource.condition is None or conditions[resource.condition]
    }
    needed = {}
    for logical_id in template.resources:
        if logical_id in taking_part:
            resource = template.resources[logical_id]
            mentioned = {reference.name for reference in references(resource.properties, conditions)}
            needed[logical_id] = frozenset({*mentioned, *resource.depends_on} & taking_part)
    in_order(needed)
    return needed


def in_order(needed: Mapping[str, frozenset[str]]) -> list[str]:
    """Names so that each comes after those it needs. Raises ValidationError for a circle."""
    left = dict(needed)
    ordered: list[str] = []
    done: set[str] = set()
    while left:
        ready = [name for name, before in left.items() if before <= done]
        if not ready:
            raise ValidationError(f"Circular dependency between resources: [{', '.join(_in_circles(left))}]")
        ordered += ready
        done.update(ready)
        for name in ready:
            del left[name]
    return ordered


def _in_circles(left: Mapping[str, frozenset[str]]) -> list[str]:
    """Those that need themselves by some way, without those that only wait for a circle."""
    return [name for name in left if name in _reached(name, left)]


def _reached(start: str, needed: Mapping[str, frozenset[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(needed[start])
    while waiting:
        name = waiting.pop()
        if name not in found and name in needed:
            found.add(name)
            waiting += needed[name]
    return found
