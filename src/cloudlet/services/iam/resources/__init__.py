"""The CloudFormation types of IAM.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
They call IAM's own API and keep nothing themselves.
"""

from __future__ import annotations

from typing import Final

from cloudlet.services.iam.resources.access_key import AccessKeyResource
from cloudlet.services.iam.resources.group import GroupResource, UserToGroupAdditionResource
from cloudlet.services.iam.resources.inline_policy import (
    GROUP_POLICY,
    ROLE_POLICY,
    USER_POLICY,
    PolicyResource,
)
from cloudlet.services.iam.resources.instance_profile import InstanceProfileResource
from cloudlet.services.iam.resources.managed_policy import ManagedPolicyResource
from cloudlet.services.iam.resources.role import RoleResource
from cloudlet.services.iam.resources.service_linked_role import ServiceLinkedRoleResource
from cloudlet.services.iam.resources.user import UserResource

RESOURCES: Final = (
    RoleResource(),
    UserResource(),
    GroupResource(),
    UserToGroupAdditionResource(),
    PolicyResource(),
    ROLE_POLICY,
    USER_POLICY,
    GROUP_POLICY,
    ManagedPolicyResource(),
    InstanceProfileResource(),
    AccessKeyResource(),
    ServiceLinkedRoleResource(),
)
