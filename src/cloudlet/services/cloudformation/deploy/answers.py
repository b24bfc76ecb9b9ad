"""What a stack's resources answer to Ref and Fn::GetAtt.

Reads rows only.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from cloudlet.services.cloudformation.deploy.intrinsics import UNKNOWN
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.model import StackResource


class UnsupportedAttribute(ValidationError):
    """Raised for an attribute that a resource does not have."""

    code = "ValidationError"

    def __init__(self, logical_id: str, resource_type: str, attribute: str) -> None:
        super().__init__(
            f"Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
        )
        self.resource_type = resource_type
        self.attribute = attribute


class StackAnswers:
    """The answers of the resources that are there; the others, and those in `unknown`, are UNKNOWN."""

    def __init__(self, resources: Mapping[str, StackResource], unknown: Set[str] = frozenset()) -> None:
        self._resources = resources
        self._unknown = unknown

    def ref(self, logical_id: str) -> Any:
        """What Ref answers, or UNKNOWN."""
        row = self._find(logical_id)
        if row is None:
            return UNKNOWN
        return row.physical_id if row.ref is None else row.ref

    def attribute(self, logical_id: str, name: str) -> Any:
        """What Fn::GetAtt answers, or UNKNOWN. Raises UnsupportedAttribute."""
        row = self._find(logical_id)
        if row is None:
            return UNKNOWN
        if name in row.attributes:
            return row.attributes[name]
        found: Any = row.attributes
        for part in name.split("."):
            if not isinstance(found, dict) or part not in found:
                raise UnsupportedAttribute(logical_id, row.type, name)
            found = found[part]
        return found

    def _find(self, logical_id: str) -> StackResource | None:
        row = self._resources.get(logical_id)
        return None if row is None or not row.exists or logical_id in self._unknown else row
