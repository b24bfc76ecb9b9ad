"""CloudFormation's own resource types.

The others stand in the services that make them.
"""

from __future__ import annotations

from cloudlet.services.cloudformation.resources.custom_resource import CustomResource
from cloudlet.services.cloudformation.resources.markers import CdkMetadata, WaitConditionHandle
from cloudlet.services.cloudformation.resources.nested_stack import NestedStack

RESOURCES = (NestedStack(), CustomResource(), WaitConditionHandle(), CdkMetadata())
