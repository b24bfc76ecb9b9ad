"""The resource types of every service, by name, and what they say of properties.

Runs no handler.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloudlet.core.call import Cloud
from cloudlet.core.resource import ResourceType
from cloudlet.services.cloudformation.deploy.template import Template
from cloudlet.services.cloudformation.errors import ValidationError


@dataclass(frozen=True, slots=True)
class OwnedType:
    """A type and the service that makes it."""

    service: str
    type: ResourceType


def types_of(cloud: Cloud) -> dict[str, OwnedType]:
    """Every type that this cloud makes."""
    return {
        each.type_name: OwnedType(service.name, each)
        for service in cloud.services.values()
        for each in service.resources
    }


def check_types(template: Template, types: Mapping[str, OwnedType]) -> None:
    """Raises ValidationError for types that are not there."""
    unknown = [name for name in template.resource_types if name not in types]
    if unknown:
        raise ValidationError(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")


def complaint(kind: ResourceType, logical_id: str, properties: Mapping[str, Any]) -> str | None:
    """What CloudFormation has against a resource's properties, or None."""
    for name in properties:
        if name not in kind.properties:
            return f"Encountered unsupported property {name}"
    missing = sorted(kind.required - set(properties))
    if missing:
        lines = "\n".join(f"#: required key [{name}] not found" for name in missing)
        return f"Properties validation failed for resource {logical_id} with message:\n{lines}"
    return None
