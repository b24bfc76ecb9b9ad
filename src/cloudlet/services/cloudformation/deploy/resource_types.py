"""The resource types of every service, by name, and what they say of properties.

Runs no handler.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from cloudlet.core.call import Cloud
from cloudlet.core.resource import ANY_PROPERTY, ResourceType
from cloudlet.services.cloudformation.deploy.template import Template
from cloudlet.services.cloudformation.errors import ValidationError

_CUSTOM: Final = "AWS::CloudFormation::CustomResource"


class OwnedType(Struct, frozen=True):
    """A type and the service that makes it."""

    service: str
    type: ResourceType


class ResourceTypes:
    """Every type that a cloud makes."""

    def __init__(self, cloud: Cloud) -> None:
        self._services = cloud.services

    def find(self, name: str) -> OwnedType | None:
        """The type of that name, or None; all of Custom:: are one."""
        type_name = _CUSTOM if name.startswith("Custom::") else name
        service = self._services.of_type(type_name)
        if service is None:
            return None
        found = (OwnedType(service.name, each) for each in service.resources if each.type_name == type_name)
        return next(found, None)

    def kind(self, name: str) -> ResourceType:
        """The same without its service. Raises ValidationError for a type that is not there."""
        found = self.find(name)
        if found is None:
            raise _unrecognized([name])
        return found.type


def check_types(template: Template, types: ResourceTypes) -> None:
    """Raises ValidationError for types that are not there."""
    unknown = [name for name in template.resource_types if types.find(name) is None]
    if unknown:
        raise _unrecognized(unknown)


def _unrecognized(names: list[str]) -> ValidationError:
    return ValidationError(f"Template format error: Unrecognized resource types: [{', '.join(names)}]")


def complaint(kind: ResourceType, logical_id: str, properties: Mapping[str, Any]) -> str | None:
    """What CloudFormation has against a resource's properties, or None."""
    for name in properties:
        if name not in kind.properties and ANY_PROPERTY not in kind.properties:
            return f"Encountered unsupported property {name}"
    missing = sorted(kind.required - set(properties))
    if missing:
        lines = "\n".join(f"#: required key [{name}] not found" for name in missing)
        return f"Properties validation failed for resource {logical_id} with message:\n{lines}"
    return None
