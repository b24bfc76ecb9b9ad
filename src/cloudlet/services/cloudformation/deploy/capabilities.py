"""What a caller must acknowledge before a template may do it.

Looks at types and at names that a template gives, nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from cloudlet.services.cloudformation.deploy.template import Template
from cloudlet.services.cloudformation.errors import InsufficientCapabilitiesException

_NAMES: Final[Mapping[str, str | None]] = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": None,
}
"""The types that need an acknowledgement, and the property by which a template names one itself."""


def required_capabilities(template: Template) -> tuple[list[str], str | None]:
    """The capabilities that a template needs, and why."""
    types = [name for name in template.resource_types if name in _NAMES]
    if not types:
        return [], None
    named = any(
        (name := _NAMES.get(resource.type)) is not None and name in resource.properties
        for resource in template.resources.values()
    )
    reason = f"The following resource(s) require capabilities: [{', '.join(types)}]"
    return ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"], reason


def check_capabilities(template: Template, given: Collection[str]) -> None:
    """Raises InsufficientCapabilitiesException for what was not acknowledged."""
    for needed in required_capabilities(template)[0]:
        enough = {needed, "CAPABILITY_NAMED_IAM"}
        if enough.isdisjoint(given):
            raise InsufficientCapabilitiesException(f"Requires capabilities : [{needed}]")
