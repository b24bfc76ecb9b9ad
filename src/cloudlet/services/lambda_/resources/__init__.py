"""Lambda's CloudFormation types.

They call Lambda's own API and know nothing of templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.lambda_.resources.code_signing import CodeSigningConfigType
from cloudlet.services.lambda_.resources.event_invoke_configs import EventInvokeConfigType
from cloudlet.services.lambda_.resources.event_source_mappings import EventSourceMappingType
from cloudlet.services.lambda_.resources.functions import FunctionType
from cloudlet.services.lambda_.resources.layers import LayerVersionPermissionType, LayerVersionType
from cloudlet.services.lambda_.resources.permissions import PermissionType
from cloudlet.services.lambda_.resources.urls import UrlType
from cloudlet.services.lambda_.resources.versions import AliasType, VersionType

if TYPE_CHECKING:
    from cloudlet.core.resource import ResourceType

RESOURCES: Final[tuple[ResourceType, ...]] = (
    FunctionType(),
    PermissionType(),
    VersionType(),
    AliasType(),
    EventInvokeConfigType(),
    EventSourceMappingType(),
    LayerVersionType(),
    LayerVersionPermissionType(),
    UrlType(),
    CodeSigningConfigType(),
)
