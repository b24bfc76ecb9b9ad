"""CloudFormation types of EventBridge. Handlers call EventBridge's own API and know nothing of templates.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.events.resources.buses import EventBusType
from cloudlet.services.events.resources.policies import EventBusPolicyType
from cloudlet.services.events.resources.rules import RuleType

if TYPE_CHECKING:
    from cloudlet.core.resource import ResourceType

RESOURCES: Final[tuple[ResourceType, ...]] = (EventBusType(), EventBusPolicyType(), RuleType())
