"""CloudFormation types of SNS. Handlers call SNS's own API and know nothing of templates.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SNS.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.sns.resources.policies import TopicInlinePolicyType, TopicPolicyType
from cloudlet.services.sns.resources.subscriptions import SubscriptionType
from cloudlet.services.sns.resources.topics import TopicType

if TYPE_CHECKING:
    from cloudlet.core.resource import ResourceType

RESOURCES: Final[tuple[ResourceType, ...]] = (
    TopicType(),
    SubscriptionType(),
    TopicPolicyType(),
    TopicInlinePolicyType(),
)
